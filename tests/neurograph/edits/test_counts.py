from math import exp

import numpy as np
import pytest

from neurograph.edits.support.counts import DynamicCount, dynamic_count, error_variance
from neurograph.errors import OptionError


def test_eq_2_lies_between_the_constant_and_twice_it():
    counts = [dynamic_count(10, 1.0, variance) for variance in np.linspace(0, 20, 50)]
    assert counts[0] == 20
    assert counts[-1] == 10
    assert counts == sorted(counts, reverse=True)
    assert dynamic_count(1000, 1.0, 0.7) == round(1000 * (1 + exp(-0.7)))
    assert dynamic_count(1000, 0.5, 1.4) == dynamic_count(1000, 1.0, 0.7)


def test_a_steady_error_brings_more_newborns_than_a_falling_one():
    assert DynamicCount(16, [4.0, 4.1, 4.0])(100) == 32
    assert DynamicCount(16, [40.0, 20.0, 10.0])(100) == 16
    assert error_variance([1.0, 3.0]) == 1.0
    assert DynamicCount(16, [250.0, 250.0])(100) == 32  # a relative error, of a regression say


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"constant": 0}, "constant.*at least 1"),
        ({"errors": [3.0]}, "two epochs"),
        ({"errors": [3.0, -1.0]}, "errors must be a finite number of at least 0"),
        ({"errors": [3.0, float("nan")]}, "errors"),
        ({"rate": -1.0}, "rate"),
        ({"rate": float("inf")}, "rate"),
    ],
    ids=str,
)
def test_impossible_values_are_refused(options, match):
    with pytest.raises(OptionError, match=match):
        DynamicCount(**{"constant": 4, "errors": [3.0, 2.0]} | options)
