"""What is done to millions at once gives what one by one gives, and leaves no passing memory behind."""

import platform
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.core.codec import LARGEST, decode, encode
from neurograph.errors import FileError
from neurograph.storage.columns import EdgeColumns
from neurograph.storage.sorting import LEAST, sorted_pairs
from neurograph.storage.sparse import SparseNames


@pytest.mark.parametrize("limit", [1, 50, 10**6])
@pytest.mark.parametrize("count", [0, 7, LEAST + 100])
def test_pairs_are_sorted_by_the_first_and_then_the_second(limit, count):
    random = np.random.default_rng(count)
    first, second = random.integers(0, limit, (2, count))
    np.testing.assert_array_equal(sorted_pairs(first, second, limit), np.lexsort((second, first)))


@pytest.mark.parametrize("names", [[], SparseNames({}, 0), SparseNames({3: "old"}, 10)])
def test_names_in_bulk_are_names_one_by_one(names):
    bulk, single = EdgeColumns(), EdgeColumns()
    for columns in (bulk, single):
        columns.names = names.copy()
        columns.index = {"old": 3} if len(names) else {}
    keys = bulk.new_keys(["a", 7, ("b", 1)])
    assert keys.tolist() == [single.new_key(name) for name in ("a", 7, ("b", 1))]
    assert bulk.index == single.index and list(bulk.names) == list(single.names)


@given(st.sets(st.integers(0, 30), max_size=12), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_free_names_are_the_lowest_that_nobody_has(taken, counts):
    graph, by_hand = NeuronGraph(), set(taken)
    graph.add_nodes_from(taken)
    at = len(taken)
    for number, count in enumerate(counts):
        expected = []
        while len(expected) < count:
            expected += [at] * (at not in by_hand)
            at += 1
        assert graph.add_population(f"p{number}", count) == expected


@pytest.mark.parametrize("names", [["a", "a"], [1, None], ["taken", 2], [2, "taken"]])
def test_names_that_cannot_be_had_are_refused(names):
    graph = NeuronGraph()
    graph.add_node("taken")
    with pytest.raises(ValueError, match="need 2 different new names"):
        graph.add_population("p", 2, names=names)
    assert list(graph) == ["taken"]


@given(st.lists(st.one_of(st.integers(), st.text(), st.booleans(), st.none(), st.floats(allow_nan=False), st.tuples())))
def test_lists_of_anything_are_written_item_by_item(values):
    assert encode(values) == [encode(value) for value in values]
    assert decode(encode(values)) == values
    assert list(map(type, decode(encode(values)))) == list(map(type, values))


@pytest.mark.parametrize("number", [LARGEST, -LARGEST])
def test_a_number_that_is_too_long_is_found_among_others(number):
    with pytest.raises(FileError, match="bits"):
        encode([1, number, 2])


RESIDENT = """
import numpy as np
from neurograph import NeuronGraph
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def joined(width):
    graph = NeuronGraph()
    for name in "abc":
        graph.add_population(name, width)
    for pair in ("ab", "bc"):
        graph.connect(*pair, weight=np.ones((width, width)))
    return graph
joined(50)
before = resident()
graph = joined(600)
print((resident() - before) / graph.number_of_edges())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators are not asked to give memory back")
def test_passing_columns_do_not_stay_resident():
    """Columns and a journal take 48 bytes a synapse; what it took to make them took as much again, and stayed."""
    printed = subprocess.run([sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True)
    assert float(printed.stdout) < 65
