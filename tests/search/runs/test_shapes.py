"""Shapes of plain data: what fits, and what is said of what does not."""

import numpy as np
import pytest
import torch

from search.runs.shapes import COUNT, NUMBER, SCORE, TABLE, TEXT, Misfit, check, check_alike, maybe

SHAPE = {"number": COUNT, "parents": [COUNT], "pair": (NUMBER, TEXT), "note": maybe(TEXT), "more": TABLE}
FITS = {"number": 3, "parents": (0, 1), "pair": [0.5, "x"], "note": None, "more": {}}


def test_what_fits():
    check(FITS, SHAPE, "state")
    check([float("inf"), 2], [SCORE], "state")


@pytest.mark.parametrize(
    "change, match",
    [
        ({"number": -1}, "state.number is -1, which is not a whole number of at least 0"),
        ({"number": True}, "state.number is True"),
        ({"parents": [0, "x"]}, r"state.parents\[1\] is 'x'"),
        ({"parents": 3}, "state.parents is 3, which is not a list"),
        ({"pair": [1.0]}, "state.pair has 1 items, and not 2"),
        ({"pair": [float("nan"), "x"]}, r"state.pair\[0\] is nan, which is not a finite number"),
        ({"pair": [10**400, "x"]}, r"state.pair\[0\] is 1000"),
        ({"note": 3}, "state.note is 3, which is not a text"),
        ({"more": torch.zeros(2)}, r"state.more is an array of shape \(2,\), which is not a table"),
        ({"odd": 1}, "state has an entry 'odd'"),
    ],
)
def test_what_does_not(change, match):
    with pytest.raises(Misfit, match=match):
        check(FITS | change, SHAPE, "state")
    with pytest.raises(Misfit, match="state has no number"):
        check({name: value for name, value in FITS.items() if name != "number"}, SHAPE, "state")


OWN = {"w": torch.zeros(2), "a": np.zeros(3, np.float32), "n": 1, "x": [0.5, None]}


@pytest.mark.parametrize(
    "change, match",
    [
        ({"w": torch.zeros(3)}, "state.w is of type and shape"),
        ({"w": torch.zeros(2, dtype=torch.float64)}, "state.w is of type and shape"),
        ({"w": torch.tensor([0.0, float("nan")])}, "state.w holds numbers that are not finite"),
        ({"w": np.zeros(2, np.float32)}, "state.w is no array"),
        ({"a": None}, "state.a is no array"),
        ({"n": 1.0}, "state.n is 1.0, where there is 1"),
        ({"x": [float("inf"), None]}, r"state.x\[0\] is inf"),
        ({"x": [0.5]}, "state.x is no list of 2"),
        ({"y": 1}, "state has an entry 'y'"),
    ],
)
def test_what_is_not_alike(change, match):
    check_alike({"w": torch.ones(2), "a": np.ones(3, np.float32), "n": 7, "x": (2.5, None)}, OWN, "state")
    with pytest.raises(Misfit, match=match):
        check_alike(OWN | change, OWN, "state")
