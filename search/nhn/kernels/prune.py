"""`prune_network`: train a network while its flat kernels go."""

from pathlib import Path
from typing import Any

from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.method import Grown, Method, grow
from search.nhn.kernels.events import KernelPruning, has_kernels
from search.nhn.kernels.options import PruneNetworkOptions

PRUNE_NETWORK = Method("prune-network", PruneNetworkOptions, has_kernels, KernelPruning)


def prune_network(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: PruneNetworkOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Grown:
    """Train a convolutional network while its flat kernels go ("Neuron hierarchical networks", 2.2).

    After each epoch the kernels of the smallest standard deviation are masked, more of them each time; masked ones
    learn on, and those that are no longer among the flattest come back. In the end the flattest are removed, with
    neurons that are left without inputs or readers, in one edit; the optimizer's state follows, and the network
    settles. The paper prunes 85% of the 3 x 3 and 5 x 5 kernels of a trained network.

    Parameters
    ----------
    graph
        What to start from, trained; it is changed in place.
    data
        The name of a data set, or one that was loaded.
    options
        See `PruneNetworkOptions`; `settings` win over it.
    run
        A directory to keep config, metrics, journal, graphs, checkpoints and pictures in; `search.resume` goes on from
        it.
    force
        Whether a run that lies there is thrown away.
    progress
        Whether to show the epochs as they come.
    settings
        Single options by name.

    Returns
    -------
    Grown

    Raises
    ------
    OptionError
        An impossible option; a network without kernels to prune; a run directory that is taken.
    EditError
        Ratios for populations that read no such kernels; an output would be cut off.
    CompileError, DataError, DivergenceError
        From compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import enas_macro
    >>> g = enas_macro([["conv3"]], channels=4, segments=1, inputs=1, size=8)
    >>> result = prune_network(g, "digits", epochs=3, settle=1, ratio=0.5, batch_size=256)
    >>> [row["edit"] for row in result.rows]
    ['9 of 20 kernels masked', '-10 of 20 kernels, and 2 neurons left without', None]
    """
    return grow(PRUNE_NETWORK, graph, data, options, run=run, force=force, progress=progress, settings=settings)
