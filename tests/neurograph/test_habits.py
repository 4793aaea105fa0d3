"""What people who know networkx do without a thought: attributes are dicts, a graph is made of anything."""

import copy
import operator

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.errors import CycleError, NeuroGraphError, SynapseError
from neurograph.storage import ArrayDiGraph


def graph() -> NeuronGraph:
    g = NeuronGraph([("a", "b", {"weight": 0.5, "trainable": False, "note": "x"})])
    g.nodes["a"].update(bias=1.0, colour="red")
    return g


MAPPINGS = {
    "neuron": lambda g: g.nodes["a"],
    "neurons": lambda g: g._node,
    "synapse": lambda g: g["a"]["b"],
    "row": lambda g: g._adj["a"],
    "rows": lambda g: g._adj,
}
READS = {
    "items": lambda d: list(d.items()),
    "keys": lambda d: list(d),
    "reversed": lambda d: list(reversed(d)),
    "values": lambda d: list(d.values()),
    "len": len,
    "repr": repr,
    "copy": lambda d: d.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "or": lambda d: d | {"new": 1},
    "or on the right": lambda d: {"new": 1, "bias": 2.0} | d,
    "or with itself": lambda d: d | d,
    "unpacked": lambda d: {"new": 1, **d},
    "get": lambda d: (d.get("bias", 0), d.get("b", 0), d.get("nothing", 0)),
    "in": lambda d: ("bias" in d, "nothing" in d),
    "equal": lambda d: (d == dict(d), d == {}),
}


@pytest.mark.parametrize("what", MAPPINGS)
@pytest.mark.parametrize("how", READS)
def test_a_mapping_reads_as_a_dict(what, how):
    found = MAPPINGS[what](graph())
    assert READS[how](found) == READS[how](dict(found))


def test_the_other_operand_must_be_a_mapping():
    with pytest.raises(TypeError):
        operator.or_(graph().nodes["a"], 3)
    with pytest.raises(TypeError):
        operator.or_(3, graph()["a"]["b"])


def test_attributes_are_merged_in_place():
    g = graph()
    d, e = g.nodes["a"], g["a"]["b"]
    d |= {"bias": 2.0}
    e |= {"weight": 3.0}
    assert (g.nodes["a"]["bias"], g["a"]["b"]["weight"]) == (2.0, 3.0)
    with pytest.raises(NeuroGraphError):
        d |= {"activation": "nonsense"}


CYCLIC = {
    "list": lambda: [(0, 1), (1, 0), (1, 2)],
    "iterator": lambda: iter([(0, 1), (1, 0), (1, 2)]),
    "generator": lambda: (edge for edge in [(0, 1), (1, 0), (1, 2)]),
    "set": lambda: {(0, 1), (1, 0)},
    "edge view": lambda: nx.DiGraph([(0, 1), (1, 0)]).edges,
    "edge data view": lambda: nx.DiGraph([(0, 1), (1, 0)]).edges.data(),
    "DiGraph": lambda: nx.DiGraph([(0, 1), (1, 0)]),
    "ArrayDiGraph": lambda: ArrayDiGraph([(0, 1), (1, 0)]),
    "MultiDiGraph": lambda: nx.MultiDiGraph([(0, 1), (1, 0)]),
    "Graph": lambda: nx.Graph([(0, 1)]),
    "view": lambda: nx.DiGraph([(0, 1), (1, 0)]).subgraph([0, 1]),
    "dict of dicts": lambda: {0: {1: {}}, 1: {0: {}}},
    "dict of lists": lambda: {0: [1], 1: [0]},
    "array": lambda: np.ones((2, 2)),
}


@pytest.mark.parametrize("name", CYCLIC)
def test_a_cycle_is_refused_in_our_words(name):
    with pytest.raises(CycleError, match="cycle") as caught:
        NeuronGraph(CYCLIC[name]())
    assert caught.value.__cause__ is None
    if name == "Graph":
        assert "undirected" in str(caught.value)


@pytest.mark.parametrize(
    "data", [{0: {1: {"weight": np.nan}}}, nx.DiGraph([(0, 1, {"weight": np.nan})]), [(0, 1, {"weight": np.nan})]]
)
def test_no_other_format_is_tried_where_a_weight_is_refused(data):
    with pytest.raises(SynapseError, match="0 -> 1.*finite"):
        NeuronGraph(data)


@pytest.mark.parametrize("data", [[(1,)], [3], 5, "ab"])
def test_what_is_no_graph_is_refused_as_networkx_does(data):
    with pytest.raises(nx.NetworkXError):
        nx.DiGraph(data)
    with pytest.raises(nx.NetworkXError):
        NeuronGraph(data)


@pytest.mark.parametrize("of", [ArrayDiGraph, NeuronGraph])
def test_a_view_copied_by_copy_is_a_view(of):
    g = of([(0, 1), (1, 2)])
    for view in (g.subgraph([0, 1]), g.reverse(copy=False)):
        again = copy.copy(view)
        assert list(again.edges) == list(view.edges)
        assert again._graph is g


def test_a_whole_number_that_no_float64_holds_is_kept():
    big = 2**70 + 1
    g = ArrayDiGraph([(0, 1, {"weight": big}), (1, 2, {"weight": 3})])
    assert (g[0][1]["weight"], g[1][2]["weight"]) == (big, 3)
    g[0][1]["weight"] = 2.0
    assert dict(g[0][1]) == {"weight": 2.0}


def test_a_kernel_that_was_read_stays_what_it_was():
    g = NeuronGraph()
    g.add_nodes_from(["a", "b"], shape=(4, 4))
    g.add_edge("a", "b", weight=np.ones((3, 3)), padding=1)
    plain, kernel = nx.DiGraph(g), g["a"]["b"]["weight"]
    g["a"]["b"]["weight"] = np.zeros((3, 3))
    assert kernel.sum() == plain["a"]["b"]["weight"].sum() == 9


@pytest.mark.parametrize("kind", [nx.MultiDiGraph, nx.MultiGraph])
def test_no_weight_of_a_multigraph_is_lost(kind):
    data = kind([("a", "b", {"weight": 1.0}), ("a", "b", {"weight": 2.0})])
    with pytest.raises(SynapseError, match=r"'a' -> 'b'.*2 weighted edges.*add their weights up"):
        NeuronGraph(data)
    graph = NeuronGraph()
    with pytest.raises(SynapseError, match="2 weighted edges"):
        graph.update(data)
    assert not len(graph)
    single = nx.MultiDiGraph([("a", "b", {"weight": 1.0}), ("a", "b"), ("a", "c"), ("a", "c")])
    assert sorted(NeuronGraph(single).edges(data="weight")) == [("a", "b", 1.0), ("a", "c", None)]
