"""A data set of one's own arrays: what their targets are, classes or numbers, is read from their type."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import DataError

from .dataset import Dataset

_MANY = (list, tuple, dict, set, np.ndarray)  # which are no value


def dataset_of(x: Any, y: Any, test_x: Any = None, test_y: Any = None, *, name: str = "own") -> Dataset:
    """A data set of examples and targets.

    Parameters
    ----------
    x
        (n, ...) array, tensor, or anything `numpy.asarray` takes, such as a pandas frame.
    y
        (n,) whole numbers, or texts, which become classes in alphabetical order; (n,) floating numbers, to predict;
        (n, targets) numbers to predict, or labels of 0 and 1 for `loss="bce"`.
    test_x, test_y
        A test part, where there is one.
    name
        Of the data set, in errors and runs.

    Raises
    ------
    DataError
        As `Dataset`; for texts in the examples, for values that are missing (None, masked, an empty text), for sparse
        tensors, rows of several lengths, and for test classes that are not learned from.

    Examples
    --------
    >>> data = dataset_of([[0.0], [1.0], [2.0]], ["low", "high", "high"])
    >>> data.train_y.tolist(), data.classes, len(data.test_y)
    ([1, 0, 0], 2, 0)
    """
    x, y = _numbers(x, "x", name), _rows(_plain(y, "y", name), "y", name)
    if not len(x) or not len(y):
        raise DataError(f"data set {name!r}: train_x has no examples")
    names: np.ndarray | None = None
    if isinstance(y, np.ndarray) and y.dtype.kind not in "biuf":
        names = np.unique(y.astype(str))
    y = _targets(y, names, name)
    if (test_x is None) != (test_y is None):
        raise DataError(f"data set {name!r}: a test part has examples and targets, and one of them is missing")
    test_x = x[:0] if test_x is None else _numbers(test_x, "test_x", name)
    test_y = y[:0] if test_y is None else _targets(_rows(_plain(test_y, "test_y", name), "test_y", name), names, name)
    x, test_x = (part.reshape(len(part), *(tuple(part.shape[1:]) or (1,))) for part in (x, test_x))
    return Dataset(name, x, y, test_x, test_y, tuple(x.shape[1:]), _width(y, test_y))


def _plain(values: Any, what: str, name: str) -> Any:
    """A tensor, or a writeable array of which nothing is missing."""
    if isinstance(values, Tensor):
        if values.layout != torch.strided:
            raise DataError(f"data set {name!r}: {what} is a sparse tensor: hand its to_dense()")
        return values
    if np.ma.is_masked(values):
        raise DataError(f"data set {name!r}: {what} is a masked array, and values of it are missing: fill them in")
    try:
        found = np.asarray(values)
    except ValueError as error:  # rows of several lengths
        raise DataError(f"data set {name!r}: {what} is no table: {error}") from None
    if found.dtype.kind not in "biufOUSMm":
        raise DataError(f"data set {name!r}: {what} must hold numbers or texts, and is of {found.dtype}")
    if found.dtype.kind not in "biuf":
        _refuse_missing(found, what, name)
    found = found.astype(found.dtype.newbyteorder("="), copy=False)  # torch takes no other
    return found if found.flags.writeable else found.copy()  # torch warns of others


def _refuse_missing(values: np.ndarray, what: str, name: str) -> None:
    """Refuse None, NaN, and what else stands for a value that is not there, which would become a class as a text."""
    for at, value in np.ndenumerate(values):
        place = ", ".join(map(str, at))
        if isinstance(value, _MANY):
            raise DataError(f"data set {name!r}: {what}[{place}] is {value!r}, and must be a number or a text")
        if is_missing(value):
            raise DataError(f"data set {name!r}: {what}[{place}] is {value!r}: it has no value there")


def is_missing(value: Any) -> bool:
    """Whether it stands for a value that is not there: None, NaN, NaT, pandas.NA, an empty text."""
    if value is None or isinstance(value, _MANY):
        return value is None
    try:
        return bool(value != value or value == "")
    except (TypeError, ValueError):  # as pandas.NA answers
        return True


def _numbers(values: Any, what: str, name: str) -> Any:
    found = _plain(values, what, name)
    if isinstance(found, np.ndarray) and found.dtype.kind == "O":  # of a frame with columns of several types
        try:
            found = found.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(f"data set {name!r}: {what} must hold numbers: encode its texts as numbers first") from None
    return _rows(found, what, name)


def _rows(values: Any, what: str, name: str) -> Any:
    if not values.ndim:
        raise DataError(f"data set {name!r}: {what} must have a row for each example, not {values!r}")
    return values


def _targets(y: Any, names: np.ndarray | None, name: str) -> Any:
    """Texts as their places among the names; labels of 0 and 1, several an example, as floating numbers."""
    if names is not None:
        places = np.searchsorted(names, y.astype(str))
        lost = np.flatnonzero(names[np.minimum(places, len(names) - 1)] != y.astype(str))
        if len(lost):
            raise DataError(f"data set {name!r}: test_y[{lost[0]}] is {y[lost[0]]!r}, which no training example is")
        return places
    if isinstance(y, np.ndarray) and y.dtype.kind not in "biuf":
        raise DataError(f"data set {name!r}: test_y holds values of {y.dtype}, and y numbers")
    if y.ndim == 2 and y.shape[1] > 1:
        return y.float() if isinstance(y, Tensor) else y.astype(np.float32)
    return y


def _width(y: Any, test_y: Any) -> int:
    """How many classes or targets there are."""
    y = torch.as_tensor(y)
    if y.is_floating_point():
        return int(np.prod(y.shape[1:], dtype=int)) or 1
    both = torch.cat([labels.flatten().to(torch.int64) for labels in (y, torch.as_tensor(test_y))])
    return max(int(both.max()) + 1, 2)
