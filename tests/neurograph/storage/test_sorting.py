import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.storage import sorting
from neurograph.storage.sorting import LEAST, pairs_rise, stable_order


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("count", [0, 1, LEAST - 1, LEAST, LEAST + 1, 3 * LEAST])
@pytest.mark.parametrize("limit", [1, 7, 200, LEAST, 4 * LEAST, 50 * LEAST])
def test_equal_numbers_stay_as_they_stand(dtype, count, limit):
    numbers = np.random.default_rng(count + limit).integers(0, min(limit, np.iinfo(dtype).max), count).astype(dtype)
    order = stable_order(numbers, limit)
    np.testing.assert_array_equal(order, np.argsort(numbers, kind="stable"))
    assert np.issubdtype(order.dtype, np.integer)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12), st.booleans(), st.integers(1, 5))
def test_pairs_rise_where_sorting_leaves_them(pairs, ordered, piece):
    pairs = sorted(pairs) if ordered else pairs
    first, second = np.array(pairs, np.int32).reshape(-1, 2).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_PIECE", piece)
        assert pairs_rise(first, second) == (pairs == sorted(pairs))
