"""What is found between two populations, and what is refused."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import lenet4, mlp
from neurograph.errors import EditError, MissingError
from neurograph.insertion import find_pair


def pooled() -> NeuronGraph:
    """Maps that are pooled and read, and read by a skip connection besides."""
    graph = NeuronGraph()
    graph.add_population("image", 2, role="input", shape=(6, 6))
    graph.add_population("a", 3, shape=(6, 6), activation="relu", bias=0.1)
    graph.add_population("pool", 3, shape=(3, 3))
    graph.add_population("b", 2, shape=(3, 3), bias=0.0)
    graph.add_population("out", 2, is_output=True)
    rng = np.random.default_rng(0)
    graph.connect("image", "a", rng.standard_normal((2, 3, 3, 3)), padding=1)
    graph.add_edges_from_arrays(graph.population("a"), graph.population("pool"), op="max_pool", kernel_size=2, stride=2)
    graph.connect("pool", "b", rng.standard_normal((3, 2, 3, 3)), padding=1)
    graph.connect("b", "out", rng.standard_normal((2, 2, 3, 3)))
    return graph


def test_weights_between_scalars():
    graph = mlp([3, 4, 2], seed=1)
    pair = find_pair(graph, ("hidden1", "output"))
    assert pair.shape == () and pair.window == (1, 1) and pair.chain == () and not len(pair.relays)
    for i, u in enumerate(graph.population("hidden1")):
        for j, v in enumerate(graph.population("output")):
            assert pair.dense()[i, j, 0, 0] == graph[u][v]["weight"]
    assert not pair.through_origin.any()


def test_the_place_says_on_which_side_of_a_pool():
    graph = pooled()
    after, before = find_pair(graph, ("a", "b")), find_pair(graph, ("a", "b"), "before")
    assert graph.names_of(after.sources) == graph.population("pool") and after.shape == (3, 3) and after.chain == ()
    assert graph.names_of(before.sources) == graph.population("a") and before.shape == (6, 6)
    assert [step.population for step in before.chain] == ["pool"]
    assert graph.names_of(before.relays) == graph.population("pool")
    np.testing.assert_array_equal(after.weights, before.weights)
    assert find_pair(graph, ("pool", "b")).shape == (3, 3)


def test_relays_in_a_row_that_share_one():
    """A pool whose relays feed two identities each: every relay is named once, last ones first."""
    graph = pooled()
    graph.add_population("again", 6, shape=(3, 3))
    pool, again = graph.population("pool"), graph.population("again")
    graph.add_edges_from_arrays([*pool, *pool], again, op="identity")
    graph.remove_synapses([(u, v) for u in pool for v in graph.population("b")])
    graph.connect("again", "b", np.ones((6, 2, 3, 3)), padding=1)
    pair = find_pair(graph, ("a", "b"), "before")
    assert graph.names_of(pair.relays) == again + pool
    assert pair.origin.tolist() == [0, 1, 2, 0, 1, 2]
    assert [step.population for step in pair.chain] == ["pool", "again"]


def test_direct_weights_come_before_a_way_through_pools():
    graph = pooled()
    graph.connect("a", "b", np.zeros((3, 2, 2, 2)), stride=2)
    pair = find_pair(graph, ("a", "b"))
    assert pair.window == (2, 2) and graph.names_of(pair.readers) == graph.population("a")


def test_a_whole_map_is_a_window():
    graph = lenet4(size=16)
    pair = find_pair(graph, ("conv2", "hidden"))
    assert pair.window == pair.shape == graph.nodes[graph.population("pool2")[0]]["shape"]


def test_only_those_that_are_connected():
    graph = mlp([3, 4, 2])
    graph.remove_synapses([(3, 7), (3, 8), (4, 8)])
    pair = find_pair(graph, ("hidden1", "output"))
    assert graph.names_of(pair.sources) == [4, 5, 6]
    assert pair.dense()[0, 1] == 0.0
    assert graph.names_of(find_pair(graph, ([3, 4], [7])).sources) == [4]


def test_bad_pairs():
    graph = pooled()
    with pytest.raises(MissingError, match="nothing between 'image' and 'out'; 'image' is read by 'a'"):
        find_pair(graph, ("image", "out"))
    with pytest.raises(MissingError, match="no population 'nowhere'"):
        find_pair(graph, ("a", "nowhere"))
    with pytest.raises(EditError, match=r"'pool' reads 'a' by max_pool, which has no weights.*that reads it, 'b'"):
        find_pair(graph, ("a", "pool"))
    for name in graph.population("pool")[:1]:
        graph.nodes[name]["bias"] = 1.0
    with pytest.raises(EditError, match=r"do more than hand 'a' on.*place='after'"):
        find_pair(graph, ("a", "b"), "before")
    u, v = graph.population("pool")[0], graph.population("b")[0]
    graph.remove_edge(u, v)
    graph.add_edge(u, v, weight=np.zeros((1, 1)))
    with pytest.raises(EditError, match=r"are of several sorts \(.*\(3, 3\).*name the neurons of one sort"):
        find_pair(graph, ("a", "b"))
    graph.remove_edge(u, v)
    graph.add_edge(u, v)
    with pytest.raises(EditError, match="have no weight yet"):
        find_pair(graph, ("a", "b"))
    graph.nodes[v]["aggregation"] = "max"
    graph[u][v].update(weight=np.zeros((3, 3)), padding=1)
    with pytest.raises(EditError, match="do not sum their inputs"):
        find_pair(graph, ("a", "b"))
