"""Many graphs as the arrays of one: what each has by itself, under longer numbers, in topological order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.core.merging import OWN, SHIFT, joined, merge
from tests.compiler.graphs import build, recipes
from tests.compiler.map_graphs import build_maps, map_recipes


def graphs() -> st.SearchStrategy[list[NeuronGraph]]:
    one = st.one_of(recipes().map(build), map_recipes().map(build_maps))
    return st.lists(one, min_size=1, max_size=4)


@settings(max_examples=25)
@given(graphs=graphs())
def test_each_graph_is_in_there_as_it_is_by_itself(graphs):
    arrays, position = merge(graphs).numbered()
    assert sorted(position.tolist()) == list(range(len(arrays)))
    assert (arrays.source < arrays.target).all()
    ends = (arrays.target.astype(np.int64) << 32) | arrays.source
    assert (ends[1:] > ends[:-1]).all() and (np.diff(arrays.level) >= 0).all()
    for at, graph in enumerate(graphs):
        alone = graph.arrays()
        mine = np.flatnonzero(arrays.keys >> SHIFT == at)
        np.testing.assert_array_equal(arrays.keys[mine] & OWN, alone.keys)  # both by level, then by key
        np.testing.assert_array_equal(arrays.level[mine], alone.level)
        assert [arrays.kinds[k] for k in arrays.kind[mine]] == [alone.kinds[k] for k in alone.kind]
        assert [arrays.names[i] for i in mine.tolist()] == alone.names
        for name, column in alone.values.items():
            np.testing.assert_array_equal(arrays.values[name][mine], column)
        theirs = np.flatnonzero(arrays.ids >> SHIFT == at)
        order, alone_order = np.argsort(arrays.ids[theirs]), np.argsort(alone.ids)
        theirs = theirs[order]
        np.testing.assert_array_equal(arrays.ids[theirs], joined(at, alone.ids[alone_order]))
        place = np.full(len(arrays), -1)
        place[mine] = np.arange(len(mine))
        for column in ("source", "target"):
            np.testing.assert_array_equal(place[getattr(arrays, column)[theirs]], getattr(alone, column)[alone_order])
        for row, other in zip(theirs.tolist(), alone_order.tolist(), strict=True):
            assert arrays.forms[arrays.form[row]] == alone.forms[alone.form[other]]
            assert (arrays.pool[row] < 0) == (alone.pool[other] < 0)
            if alone.pool[other] >= 0:
                weight, wanted = (a.pools[a.pool[i]][a.row[i]] for a, i in ((arrays, row), (alone, other)))
                np.testing.assert_array_equal(weight, wanted)


def test_neurons_that_others_stand_for_are_left_out():
    def chain(weight: float) -> NeuronGraph:
        graph = NeuronGraph()
        graph.add_node("x", role="input")
        graph.add_node("h")
        graph.add_edge("x", "h", weight=weight)
        return graph

    merged = merge([chain(1.0), chain(2.0)])
    arrays, position = merged.numbered(np.array([0, 1, 0, 3]))
    assert len(arrays) == 3 and position[0] == position[2] == 0
    assert arrays.source.tolist() == [0, 0] and sorted(arrays.target.tolist()) == sorted(position[[1, 3]].tolist())
    assert sorted(arrays.pools[0][arrays.row].tolist()) == [1.0, 2.0]


@pytest.mark.parametrize("gap", [3, 10**6])
def test_keys_may_have_gaps(gap):
    """Few neurons of many that once were: their places are looked up, not kept in a table."""
    graph = NeuronGraph()
    graph.add_node("x", role="input")
    graph.table.reach(gap, 1)
    graph.neurons.reserve(gap, 1)
    graph.ranks.reserve(gap, 1)
    graph.add_node("y")
    graph.add_edge("x", "y", weight=0.5)
    arrays, _ = merge([graph, graph.copy()]).numbered()
    assert (arrays.keys & OWN).tolist() == [0, 0, *[graph.keys_of(["y"])[0]] * 2]
    assert arrays.source.tolist() == [0, 1] and arrays.target.tolist() == [2, 3]
