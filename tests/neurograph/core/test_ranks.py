"""Ranks: a synapse that would close a cycle is refused, by name, and every other is admitted."""

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.core.levels import levels
from neurograph.errors import CycleError


def test_levels_are_longest_paths():
    rng = np.random.default_rng(0)
    for size, density in ((2, 0.3), (10, 0.3), (60, 0.3), (400, 0.01), (400, 0.1)):  # wide and thin levels in turn
        u, v = np.triu_indices(size, 1)
        keep = (rng.random(len(u)) < density) | (v == u + 1) & (u % 100 > 50)
        relabel = rng.permutation(size)
        u, v = relabel[u[keep]], relabel[v[keep]]
        H = nx.DiGraph()
        H.add_nodes_from(range(size))
        H.add_edges_from(zip(u.tolist(), v.tolist(), strict=True))
        expected = {n: k for k, level in enumerate(nx.topological_generations(H)) for n in level}
        assert levels(size, u, v).tolist() == [expected[n] for n in range(size)]
    assert levels(3, np.array([0, 1]), np.array([1, 0])).tolist() == [-1, -1, 0]


def test_the_error_spells_the_cycle_out():
    g = NeuronGraph([("a", "b"), ("b", "c"), ("c", "d"), ("a", "z")])
    with pytest.raises(CycleError, match="'d' -> 'b' would close a cycle: 'b' -> 'c' -> 'd' -> 'b'"):
        g.add_edge("d", "b")
    with pytest.raises(CycleError, match="'a' to itself"):
        g.add_edge("a", "a")
    g.add_edge("z", "b")  # harmless, though z was ranked behind b


def test_a_batch_names_a_synapse_of_its_own():
    g = NeuronGraph()
    a, b = g.add_population("a", 2), g.add_population("b", 2)
    g.connect("a", "b", np.ones((2, 2)))
    with pytest.raises(CycleError, match=f"synapse ({b[0]}|{b[1]}) -> ({a[0]}|{a[1]}) would close a cycle"):
        g.connect("b", "a", np.ones((2, 2)))
    c = g.add_population("c", 2)
    with pytest.raises(CycleError):  # none of these is in the graph yet
        g.add_edges_from_arrays([*a, *c, *b], [*c, *b, *a])
    assert g.number_of_edges() == 4


def test_ranks_survive_a_used_up_gap():
    g = NeuronGraph([(0, 1)])
    last = 1
    for k in range(2, 400):  # always split the synapse that leaves 0: each gap is half of the one before
        g.remove_edge(0, last)
        g.add_node(k)
        g.add_edge(0, k)
        g.add_edge(k, last)
        last = k
    assert nx.dag_longest_path_length(g) == 399
    with pytest.raises(CycleError):
        g.add_edge(1, 0)
    g.add_edge(0, 1)
