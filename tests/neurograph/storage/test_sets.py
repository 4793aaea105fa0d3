"""Sets of whole numbers are what numpy finds them to be, of every dtype and wherever the numbers lie."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurograph.storage.sets import difference, distinct, each_once, first_of_each, in_sorted, numbered, union

numbers = (
    st.lists(st.integers(-5, 40), max_size=60)
    | st.sets(st.integers(0, 30), max_size=20).map(list)
    | st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20)
)
dtypes = st.sampled_from([np.int32, np.int64])


@given(numbers, dtypes)
def test_each_value_once_is_what_numpy_finds(values, dtype):
    array = np.array(values, dtype)
    found = each_once(array)
    np.testing.assert_array_equal(found, np.unique(array))
    assert found.dtype == dtype
    assert distinct(array) == (len(set(values)) == len(values))
    assert distinct(found)


@given(numbers, numbers, dtypes, dtypes)
def test_two_sets_are_put_together_and_taken_apart_as_by_numpy(first, second, dtype, other):
    a, b = np.array(first, dtype), np.array(second, other)
    for ours, theirs in ((union(a, b), np.union1d(a, b)), (difference(a, b), np.setdiff1d(a, b))):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(in_sorted(a, each_once(b)), np.isin(a, b))


@given(numbers)
def test_the_first_of_each_value(values):
    seen: set[int] = set()
    firsts = [not (value in seen or seen.add(value)) for value in values]
    assert first_of_each(np.array(values, np.int64)).tolist() == firsts


@given(numbers, dtypes)
def test_numbering_is_that_of_numpy(values, dtype):
    array = np.array(values, dtype)
    found, which = numbered(array)
    wanted, inverse = np.unique(array, return_inverse=True)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(which, inverse)
