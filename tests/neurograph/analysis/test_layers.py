"""Layers of synapses: who is in them, and that every pair they number can be joined, all of them at once."""

from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.analysis.layers import synapse_layers
from neurograph.builders import lenet5, mlp, random_field
from neurograph.errors import MissingError
from tests.neurograph.map_networks import random_maps
from tests.neurograph.networks import random_network


def movable(g):
    """Ids of the synapses that have a trained weight and lead into a neuron that adds up."""
    return sorted(
        g.table.id[g.table.find(g.table.index[u], g.table.index[v])]
        for u, v, d in g.edges(data=True)
        if d.get("weight") is not None and d.get("trainable", True) and g.nodes[v]["aggregation"] == "sum"
    )


def check(g):
    layers = synapse_layers(g)
    assert sorted(np.concatenate([np.empty(0, np.int64), *(layer.ids for layer in layers)]).tolist()) == movable(g)
    free, joined = [], {(g.table.index[u], g.table.index[v]) for u, v in g.edges}
    for layer in layers:
        codes = np.arange(layer.pairs)
        sources, targets = layer.ends(codes)
        np.testing.assert_array_equal(layer.codes(sources, targets), codes)
        ends = list(zip(sources.tolist(), targets.tolist(), strict=True))
        assert len(set(ends)) == len(ends)
        assert {ends[code] for code in layer.taken.tolist()} == joined & set(ends)
        rows = g.table.rows_of(layer.ids)
        assert np.isin(layer.codes(g.table.src[rows], g.table.dst[rows]), layer.taken).all()
        assert {g.nodes[n]["population"] for n in g.names_of(sources)} <= {layer.source}
        assert {g.nodes[n]["population"] for n in g.names_of(targets)} <= {layer.target}
        free += [pair for pair in ends if pair not in joined]
    everything = nx.DiGraph([*joined, *free])
    assert nx.is_directed_acyclic_graph(everything)
    return layers


@given(st.integers(0, 2**16), st.booleans())
def test_of_any_network_of_scalars(seed, other):
    check(random_network(seed, hidden=8, other_aggregations=other))


@given(st.integers(0, 2**16))
def test_of_any_network_of_maps(seed):
    g = random_maps(seed)
    for layer in check(g):
        shapes = [{g.nodes[n]["shape"] for n in g.names_of(keys)} for keys in (layer.sources, layer.targets)]
        assert all(len(found) <= 1 for found in shapes)


@given(st.integers(0, 2**16))
def test_of_fields_without_layers(seed):
    check(random_field(40, 3, 5, seed, inputs=6))


def test_all_pairs_of_layers_that_do_not_lead_back():
    g = mlp([5, 4, 3], density=0.4, seed=1)
    layers = synapse_layers(g)
    assert [(layer.name, layer.pairs, layer.shape) for layer in layers] == [
        ("input -> hidden1", 20, (5, 4)),
        ("hidden1 -> output", 12, (4, 3)),
    ]
    assert [layer.name for layer in synapse_layers(g, ("output",))] == ["hidden1 -> output"]
    with pytest.raises(MissingError, match="nobody"):
        synapse_layers(g, ("nobody",))


def test_a_population_that_reads_itself_reads_forwards():
    g = NeuronGraph()
    g.add_population("in", 2, role="input")
    g.add_population("h", 4, is_output=True)
    for edge in [(0, 2), (2, 3), (3, 4), (0, 5)]:
        g.add_edge(*edge, weight=1.0)
    (field,) = [layer for layer in synapse_layers(g) if layer.name == "h -> h"]
    ends = set(zip(*(part.tolist() for part in field.ends(np.arange(field.pairs))), strict=True))
    rank = g.ranks.rank
    assert ends == {(u, v) for u, v in product(range(2, 6), repeat=2) if rank[u] < rank[v]}


def test_kernels_of_two_sizes_are_two_layers_that_share_their_pairs():
    g = NeuronGraph()
    g.add_population("image", 2, role="input", shape=(6, 6))
    maps = g.add_population("maps", 3, shape=(6, 6), is_output=True)
    g.connect([0], maps, np.ones((1, 3, 3, 3)), padding=1)
    g.connect([1], maps[:2], np.ones((1, 2, 1, 1)))
    small, large = sorted(synapse_layers(g), key=lambda layer: layer.window)
    assert (small.window, large.window, small.pairs) == ((1, 1), (3, 3), 6)
    assert small.taken is large.taken
    assert len(small.taken) == 5


def test_lenet_is_made_of_layers():
    assert sum(len(layer.ids) for layer in check(lenet5(seed=0))) == len(movable(lenet5(seed=0)))
