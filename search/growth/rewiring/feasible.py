"""What rewiring could not do, known before the network is trained."""

from neurograph.analysis.layers import require_layers, synapse_layers
from neurograph.edits.sparsify import wanted_of
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ...options import of_option
from .options import RewireOptions
from .rules import moments, share_moved


def check_rewirable(graph: NeuronGraph, options: RewireOptions) -> None:
    """Refuse, before anything is made, a network in which nothing could move.

    Parameters
    ----------
    graph
        The network.
    options
        See `RewireOptions`.

    Raises
    ------
    MissingError
        No trained synapse that might move.
    OptionError
        A population that is not there; a density that leaves neurons without inputs; every pair of neurons is joined;
        so few move that it is none.
    """
    with of_option("into"):
        layers = synapse_layers(graph, options.into)
    require_layers(layers, options.into)
    left = [len(layer.ids) for layer in layers]
    if options.density is not None:
        left = [
            min(had, n) for had, n in zip(left, wanted_of(layers, options.density, options.distribution), strict=True)
        ]
    free = [layer.pairs - len(layer.taken) + len(layer.ids) - n for layer, n in zip(layers, left, strict=True)]
    if not any(free):
        raise OptionError(
            f"density={options.density} leaves every two neurons joined that could be, so no synapse has anywhere to "
            "go: a smaller density, such as 0.1, leaves room"
        )
    most = max((share_moved(options, epoch) for epoch in moments(options)), default=1.0)
    if options.epochs and not any(round(most * n) for n, room in zip(left, free, strict=True) if room):
        raise OptionError(
            f"fraction={options.fraction:g} of {max(left):,} synapses, the most in a layer, comes to none: move more"
        )
