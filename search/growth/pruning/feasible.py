"""What pruning could not do, known before the network is trained."""

import numpy as np

from neurograph.edits.support.paths import fewest
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph
from neurograph.storage.sets import each_once

from ..expansion.scores import allowed, layers, scorable
from .options import PruneOptions
from .rules import moments, still_left


def check_prunable(graph: NeuronGraph, options: PruneOptions) -> None:
    """Refuse, before anything is made, what could not be pruned later.

    Parameters
    ----------
    graph
        The network.
    options
        See `PruneOptions`.

    Raises
    ------
    OptionError, MissingError
        As `scorable`; fewer synapses are to be left than any path from the inputs to an output has.
    """
    scorable(graph, options)
    if not len(moments(options)):
        return
    arrays = graph.arrays()
    places = allowed(arrays, options.metric, options.into, options.skip_frozen)
    left = most = still_left(len(places), options.left, 1, 1)
    if options.scope == "layer":  # each layer rounds its share, upwards by a half at most
        most += len(each_once(layers(arrays, places))) / 2
    needed = fewest(graph, arrays.ids[places])
    if most < needed < np.inf:
        raise OptionError(
            f"left={options.left} leaves {left:,} of {len(places):,} synapses, and the shortest path from an input to "
            f"an output takes {needed:g} besides those that outputs keep: leave more"
        )
