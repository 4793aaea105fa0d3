import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.regions.blocks import find_blocks
from compiler.regions.bundles import find_bundles
from compiler.regions.groups import bundle_groups, find_groups
from neurograph import NeuronGraph
from tests.compiler.graphs import mlp


def wiring(many: int, targets: int, sources: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Disjoint blocks among neurons in any order, some of which take no part; sorted by (row, column)."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(many * targets + 3)[: many * targets].reshape(many, targets)
    columns = rng.permutation(many * sources + 2)[: many * sources].reshape(many, sources)
    row = np.repeat(rows, sources, axis=1).ravel()
    column = np.tile(columns, (1, targets)).ravel()
    order = np.lexsort((column, row))
    return row[order], column[order]


sizes = st.tuples(st.integers(2, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))


@given(size=sizes)
def test_blocks_are_found_whatever_the_order_of_neurons(size):
    many, targets, sources, _ = size
    row, column = wiring(*size)
    found = find_groups(row, column)
    assert found.rows.shape == (many, targets) and found.columns.shape == (many, sources)
    assert sorted(found.order.tolist()) == list(range(len(row)))
    wanted = [(r, c) for rows, columns in zip(found.rows, found.columns, strict=True) for r in rows for c in columns]
    assert list(zip(row[found.order], column[found.order], strict=True)) == wanted


@given(size=sizes, where=st.integers(0, 10**6))
def test_one_synapse_less_and_they_are_no_blocks(size, where):
    row, column = wiring(*size)
    keep = np.arange(len(row)) != where % len(row)
    single = size[1] == size[2] == 1 and size[0] > 2  # blocks of one synapse: the others are blocks still
    assert (find_groups(row[keep], column[keep]) is not None) == single


@given(size=sizes)
def test_blocks_that_share_a_source_are_no_blocks(size):
    row, column = wiring(*size)
    found = find_groups(row, column)
    column = np.where(column == found.columns[0, -1], found.columns[1, -1], column)
    order = np.lexsort((column, row))
    assert find_groups(row[order], column[order]) is None


@pytest.mark.parametrize(
    "row, column",
    [
        ([], []),
        ([0, 0, 1, 1], [0, 1, 0, 1]),
        ([0, 0, 1, 2], [0, 1, 2, 3]),
        ([0, 0, 1, 1, 2, 2, 3, 3], [0, 2, 0, 3, 1, 3, 1, 2]),  # as many as two blocks have, and paired by first source
    ],
)
def test_nothing_one_block_and_unequal_blocks_are_none(row, column):
    assert find_groups(np.array(row, int), np.array(column, int)) is None


def test_only_bundles_that_are_blocks_count_as_such():
    graph = mlp((4, 6, 6, 4))
    last, hidden = graph.population("y"), graph.population("h2")
    graph.remove_synapses([(u, v) for i, u in enumerate(hidden) for j, v in enumerate(last) if i // 3 != j % 2])
    arrays = graph.arrays()
    blocks = find_blocks(arrays)
    assert bundle_groups(find_bundles(arrays, blocks)).tolist() == [1, 1, 2]


def test_a_bundle_whose_numbers_would_fit_is_looked_at():
    graph = NeuronGraph()
    x, y = graph.add_population("x", 4, role="input"), graph.add_population("y", 4, is_output=True)
    ring = [(i, j % 4) for i in range(4) for j in (i, i + 1)]  # 8 synapses, as two blocks of 2 x 2 would have
    graph.add_edges_from_arrays([x[i] for i, _ in ring], [y[j] for _, j in ring], weight=np.ones(8))
    arrays = graph.arrays()
    assert bundle_groups(find_bundles(arrays, find_blocks(arrays))).tolist() == [1]
