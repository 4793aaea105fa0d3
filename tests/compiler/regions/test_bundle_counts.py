"""How many neurons a bundle reads and feeds, counted without sorting, against sets of them."""

import numpy as np
import pytest
from neurograph.compiler.regions.blocks import find_blocks, sort_neurons
from neurograph.compiler.regions.bundles import find_bundles

from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field


def small_bundles_of_large_blocks() -> NeuronGraph:
    """Each of many populations reads one neuron of a population that is far larger than all that is read of it."""
    graph = NeuronGraph()
    inputs = graph.add_population("input", 3000, role="input")
    for at in range(20):
        (one,) = graph.add_population(f"p{at}", 1, is_output=True)
        graph.add_edges_from_arrays([inputs[at], inputs[7 * at + 30]], [one, one], weight=[1.0, 2.0])
    return graph


def no_synapses() -> NeuronGraph:
    graph = NeuronGraph()
    graph.add_population("input", 3, role="input")
    graph.add_population("output", 2, is_output=True)
    return graph


GRAPHS = {
    "layers": lambda: mlp([7, 9, 5, 3], density=0.5, seed=1),
    "field": lambda: random_field(300, 6, 12, seed=2),
    "small": small_bundles_of_large_blocks,
    "none": no_synapses,
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_bundle_counts_each_neuron_once(name):
    arrays = GRAPHS[name]().arrays()
    sorting = sort_neurons(arrays)
    blocks = find_blocks(arrays, sorting, np.full(len(sorting.kinds), -1))
    bundles = find_bundles(arrays, blocks)
    for at in range(len(bundles.count)):
        synapses = bundles.of(np.array([at]))
        assert bundles.count[at] == len(synapses)
        assert bundles.sources[at] == len(set(arrays.source[synapses].tolist()))
        assert bundles.targets[at] == len(set(arrays.target[synapses].tolist()))
    assert len(bundles.sources) == len(bundles.targets) == len(bundles.count)
