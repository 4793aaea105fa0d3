"""`prune_network`: train a network while its flat kernels go."""

from ...growth.method import Method
from .events import KernelPruning, has_kernels
from .options import PruneNetworkOptions

prune_network = Method(
    "prune-network",
    PruneNetworkOptions,
    has_kernels,
    KernelPruning,
    help="train a convolutional network while its flat kernels go",
    hidden=None,
    about="""Train a convolutional network while its flat kernels go ("Neuron hierarchical networks", 2.2).

After each epoch the kernels of the smallest standard deviation are masked, more of them each time; masked ones
learn on, and those that are no longer among the flattest come back. In the end the flattest are removed, with
neurons that are left without inputs or readers, in one edit; the optimizer's state follows, and the network
settles. The paper prunes 85% of the 3 x 3 and 5 x 5 kernels of a trained network.""",
    refused="An impossible option; a network without kernels to prune, ratios for populations "
    "that read no such kernels, an output that would be cut off; a run directory that is taken.",
    example=""">>> from neurograph.builders import enas_macro
>>> g = enas_macro([["conv3"]], channels=4, segments=1, inputs=1, size=8)
>>> result = prune_network(g, "digits", epochs=3, settle=1, ratio=0.5, batch_size=256)
>>> [row["edit"] for row in result.rows]
['9 of 20 kernels masked', '-10 of 20 kernels, and 2 neurons left without', None]""",
)

__test__ = {"prune_network": prune_network.example}
