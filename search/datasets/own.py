"""Whatever somebody has their data in, as a data set."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset
from torch.utils.data import Dataset as TorchDataset

from neurograph.errors import DataError

from .arrays import dataset_of
from .dataset import Dataset
from .sources import load


def as_dataset(data: Any, *, name: str = "own") -> Dataset:
    """Data in any of the forms that people have them in.

    Parameters
    ----------
    data
        A `Dataset`, which is returned as it is; a name or a file for `load`; arrays, tensors or frames `(x, y)` or
        `(x, y, test_x, test_y)`; a torch `Dataset` or `DataLoader` of pairs; a training and a test part of any of
        these, as a pair of pairs or as `{"train": ..., "test": ...}`. See `dataset_of` for what targets mean.
    name
        Of the data set, where it has none.

    Raises
    ------
    DataError
        For anything else; as `dataset_of`.
    OptionError
        As `load`.

    Examples
    --------
    >>> data = as_dataset(([[0.0], [1.0]], [0.5, 0.25]))
    >>> data.train_x.shape, data.classes, data.train_y.is_floating_point()
    (torch.Size([2, 1]), 1, True)
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | os.PathLike):
        return load(os.fspath(data))
    if isinstance(data, Mapping):
        if "train" not in data or not set(data) <= {"train", "test"}:
            raise DataError(f"parts of data are called train and test, not {', '.join(map(str, data))}")
        return dataset_of(*_pair(data["train"]), *(_pair(data["test"]) if "test" in data else ()), name=name)
    if isinstance(data, tuple | list) and len(data) == 2 and all(_is_part(part) for part in data):
        return dataset_of(*_pair(data[0]), *_pair(data[1]), name=name)
    if isinstance(data, tuple | list) and len(data) == 4:
        return dataset_of(*data, name=name)
    return dataset_of(*_pair(data), name=name)


def _is_part(part: Any) -> bool:
    """Whether it is examples with their targets; a list of two lists of numbers is not: it is two examples."""
    return isinstance(part, TorchDataset | DataLoader) or (isinstance(part, tuple) and len(part) == 2)


def _pair(part: Any) -> tuple[Any, Any]:
    """Examples and targets."""
    if isinstance(part, DataLoader) and not isinstance(part.dataset, IterableDataset):
        part = part.dataset  # each example once, in its own order, whatever the loader draws
    if isinstance(part, DataLoader):
        return _joined(part, "a batch of the loader", torch.cat)
    if isinstance(part, TorchDataset):
        items = part if isinstance(part, IterableDataset) else (part[at] for at in range(len(part)))  # type: ignore
        return _joined(items, "an item of the data set", torch.stack)
    if isinstance(part, tuple | list) and len(part) == 2:
        return part[0], part[1]
    raise DataError(
        f"data must be a name, a file, (x, y), or a torch Dataset or DataLoader of pairs, not {type(part).__name__}"
    )


def _joined(items: Iterable[Any], what: str, join: Any) -> tuple[Any, Any]:
    pairs = []
    for item in items:
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise DataError(f"{what} must be a pair of example and target, not {type(item).__name__}")
        pairs.append([torch.as_tensor(value) for value in item])
    if not pairs:
        raise DataError("there are no examples to learn from")
    try:
        return join([x for x, _ in pairs]), join([y for _, y in pairs])
    except RuntimeError as error:
        raise DataError(f"the examples do not have one shape: {error}") from None
