import numpy as np
import pytest

from neurograph.storage.sorting import LEAST, stable_order


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("count", [0, 1, LEAST - 1, LEAST, LEAST + 1, 3 * LEAST])
@pytest.mark.parametrize("limit", [1, 7, 200, LEAST, 4 * LEAST, 50 * LEAST])
def test_equal_numbers_stay_as_they_stand(dtype, count, limit):
    numbers = np.random.default_rng(count + limit).integers(0, min(limit, np.iinfo(dtype).max), count).astype(dtype)
    order = stable_order(numbers, limit)
    np.testing.assert_array_equal(order, np.argsort(numbers, kind="stable"))
    assert np.issubdtype(order.dtype, np.integer)
