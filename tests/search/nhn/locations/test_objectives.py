import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import OptionError
from search.nhn.locations.objectives import checked_objectives, front, hypervolume, multiply_adds, points_of

points = st.integers(1, 3).flatmap(lambda k: st.lists(st.tuples(*[st.integers(0, 5)] * k), min_size=1, max_size=8))


@given(points)
def test_the_front_is_what_nobody_beats(some):
    def beats(one, other):
        return all(a <= b for a, b in zip(one, other, strict=True)) and one != other

    kept = front(some)
    assert [at for at in kept if any(beats(other, some[at]) for other in some)] == []
    assert {some[at] for at in kept} == {one for one in some if not any(beats(other, one) for other in some)}
    assert len({some[at] for at in kept}) == len(kept)


@given(points)
def test_the_hypervolume_counts_the_cells_that_are_beaten(some):
    """On a grid of whole numbers a cell is beaten where its lower corner is as good as no point is better than."""
    size = len(some[0])
    cells = np.stack(np.meshgrid(*[range(6)] * size, indexing="ij"), -1).reshape(-1, size)
    beaten = (np.array(some)[:, None] <= cells[None]).all(2).any(0)
    assert hypervolume(some, [6] * size) == beaten.sum()
    assert hypervolume([*some, some[0]], [6] * size) == beaten.sum()


def test_points_beyond_the_reference_count_for_nothing():
    assert hypervolume([(1.0, 9.0)], (3.0, 3.0)) == 0.0
    assert hypervolume([], (3.0, 3.0)) == 0.0


@pytest.mark.parametrize("names", [(), ("loss", "loss"), ("size",), ("loss", "flops")])
def test_objectives_are_known_and_different(names):
    with pytest.raises(
        OptionError, match="objectives must be different ones of loss, error, parameters, multiply_adds"
    ):
        checked_objectives(names)


def test_points_must_be_alike():
    with pytest.raises(OptionError, match=r"the same objectives, and these have \[1, 2\] of them"):
        points_of([(1.0,), (1.0, 2.0)])


def test_multiply_adds_are_weights_times_places():
    graph = NeuronGraph()
    graph.add_population("image", 2, role="input", shape=(6, 6))
    graph.add_population("a", 3, shape=(4, 4))
    graph.connect("image", "a", np.zeros((2, 3, 3, 3)))
    graph.add_population("pool", 3, shape=(2, 2))
    graph.add_edges_from_arrays(graph.population("a"), graph.population("pool"), op="max_pool", kernel_size=2, stride=2)
    graph.add_population("out", 1, is_output=True)
    graph.connect("pool", "out", np.zeros((3, 1, 2, 2)))
    assert multiply_adds(graph) == 6 * 9 * 16 + 3 * 4
    graph.remove_edge(graph.population("image")[0], graph.population("a")[0])
    assert multiply_adds(graph) == 5 * 9 * 16 + 3 * 4
    assert multiply_adds(mlp([5, 4, 2])) == 28
