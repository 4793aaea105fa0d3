"""A data set of one's own arrays: what their targets are, classes or numbers, is read from their type."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import DataError

from .dataset import Dataset


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
    x, y = _numbers(x, "x", name), _plain(y, "y", name)
    names: np.ndarray | None = None
    if isinstance(y, np.ndarray) and y.dtype.kind not in "biuf":
        names = np.unique(y.astype(str))
    y = _targets(y, names, "y", name)
    if (test_x is None) != (test_y is None):
        raise DataError(f"data set {name!r}: a test part has examples and targets, and one of them is missing")
    test_x = x[:0] if test_x is None else _numbers(test_x, "test_x", name)
    test_y = y[:0] if test_y is None else _targets(_plain(test_y, "test_y", name), names, "test_y", name)
    shape = tuple(x.shape[1:]) or (1,)
    x, test_x = x.reshape(len(x), *shape), test_x.reshape(len(test_x), *shape)
    return Dataset(name, x, y, test_x, test_y, shape, _width(y, test_y, name))


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
    if found.dtype.kind not in "biufc":
        _refuse_missing(found, what, name)
    return found if found.flags.writeable else found.copy()  # torch warns of others


def _refuse_missing(values: np.ndarray, what: str, name: str) -> None:
    """Refuse None, NaN, and what else stands for a value that is not there, which would become a class as a text."""
    for at, value in np.ndenumerate(values):
        if is_missing(value):
            place = ", ".join(map(str, at))
            raise DataError(f"data set {name!r}: {what}[{place}] is {value!r}: it has no value there")


def is_missing(value: Any) -> bool:
    """Whether it stands for a value that is not there: None, NaN, NaT, pandas.NA, an empty text."""
    if value is None or value == "":
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # as pandas.NA answers
        return True


def _numbers(values: Any, what: str, name: str) -> Any:
    found = _plain(values, what, name)
    if isinstance(found, np.ndarray) and found.dtype.kind == "O":  # of a frame with columns of several types
        try:
            found = found.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(f"data set {name!r}: {what} must hold numbers: encode its texts as numbers first") from None
    if not getattr(found, "ndim", 0):
        raise DataError(f"data set {name!r}: {what} must have a row for each example, not {values!r}")
    return found


def _targets(y: Any, names: np.ndarray | None, what: str, name: str) -> Any:
    """Texts as their places among the names; labels of 0 and 1, several an example, as floating numbers."""
    if names is not None:
        places = np.searchsorted(names, y.astype(str))
        lost = np.flatnonzero(names[np.minimum(places, len(names) - 1)] != y.astype(str))
        if len(lost):
            raise DataError(f"data set {name!r}: {what}[{lost[0]}] is {y[lost[0]]!r}, which no training example is")
        return places
    if y.ndim == 2 and y.shape[1] > 1:
        return y.float() if isinstance(y, Tensor) else y.astype(np.float32)
    return y


def _width(y: Any, test_y: Any, name: str) -> int:
    """How many classes or targets there are."""
    y = torch.as_tensor(y)
    if y.is_floating_point():
        return int(np.prod(y.shape[1:], dtype=int)) or 1
    if not len(y):
        raise DataError(f"data set {name!r}: train_x has no examples")
    both = torch.cat((y.flatten(), torch.as_tensor(test_y).flatten().to(y.dtype)))
    return max(int(both.max()) + 1, 2)
