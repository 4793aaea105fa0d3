"""Where each data set comes from: scikit-learn, the authors' files in a data directory, else OpenML."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from neurograph.errors import DataError, OptionError, did_you_mean
from neurograph.registry import Registry

from .dataset import Dataset, evenly, stratified
from .files import check_labels, read_cifar, read_idx
from .tables import is_file_name, read_file

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # train images, train labels, test images, test labels

_IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_CIFAR_FILES = (*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin")
_TEST = 10_000  # test examples of each of the others
_DIGITS_TEST = 0.25  # of each class; the split is fixed, so that errors from different runs can be compared


@dataclass(frozen=True)
class Source:
    """One data set of files: folders it may lie in, its files, who gives it away, and its name on OpenML."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    home: str
    openml: str
    training: int
    shape: tuple[int, int, int]


_SOURCES = {
    "mnist": Source(
        ("mnist", "MNIST/raw"),
        _IDX_FILES,
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "mnist_784",
        60_000,
        (1, 28, 28),
    ),
    "fashion-mnist": Source(
        ("fashion-mnist", "FashionMNIST/raw"),
        _IDX_FILES,
        "https://github.com/zalandoresearch/fashion-mnist",
        "Fashion-MNIST",
        60_000,
        (1, 28, 28),
    ),
    "cifar10": Source(
        ("cifar-10-batches-bin",),
        _CIFAR_FILES,
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "CIFAR_10",
        50_000,
        (3, 32, 32),
    ),
}


def data_directory(directory: str | Path | None = None) -> Path:
    """Where data sets lie: the argument, else $NEUROGRAPH_DATA, else ~/.cache/neurograph."""
    return Path(directory or os.environ.get("NEUROGRAPH_DATA") or Path.home() / ".cache" / "neurograph").expanduser()


def load(name: str, directory: str | Path | None = None, download: bool = True) -> Dataset:
    """Load a data set by name; everything about it is fixed, the split into training and test part included.

    Parameters
    ----------
    name
        One of `DATASETS`: "digits" (8 x 8, comes with scikit-learn), "mnist", "fashion-mnist", "cifar10";
        "cifar10:10000" is 10,000 of its training examples, the same share of every class and always the same ones, with
        the whole test part. Or a file of yours, .npz, .csv or .parquet, as `tables.read_file` takes it.
    directory
        The data directory; see `data_directory`. It holds one folder for each data set, `mnist`, `fashion-mnist`,
        `cifar-10-batches-bin`, with the files as their authors name them (IDX also gzipped). A directory given here
        may also be that folder itself; the shared ones may not: MNIST's and Fashion-MNIST's files bear the same names.
    download
        Whether to ask OpenML (through scikit-learn, kept in the data directory) where there are no files.

    Returns
    -------
    Dataset
        Images as (n, channels, height, width) float32 in [0, 1]; `.flat()` makes rows of them.

    Raises
    ------
    OptionError
        For a name that is not known, or more examples than there are.
    DataError
        Naming the damaged file; or, where nothing was found, the places searched and the files expected.

    Examples
    --------
    >>> digits = load("digits")
    >>> digits.input_shape, digits.classes, len(digits.train_y), len(digits.test_y)
    ((1, 8, 8), 10, 1346, 451)
    >>> some = load("digits:200")
    >>> len(some.train_y), len(some.test_y)
    (200, 451)
    """
    if is_file_name(name):
        return read_file(name)
    name, colon, count = name.partition(":")
    if name not in DATASETS:
        meant = did_you_mean(name, DATASETS)
        raise OptionError(f"there is no data set {name!r}{meant}; there are {', '.join(DATASETS)}")
    whole = DATASETS[name](directory, download)
    return _fewer(whole, count) if colon else whole


def _fewer(data: Dataset, count: str) -> Dataset:
    """That many of the training examples, a fixed choice."""
    have = len(data.train_y)
    if not count.isdecimal() or len(count) > 9 or not data.classes <= int(count) <= have:
        raise OptionError(
            f"{data.name}:{count} should say how many of {data.name}'s {have} training examples to take, "
            f"such as {data.name}:{have // 5}"
        )
    chosen = torch.from_numpy(evenly(data.train_y.numpy(), int(count), seed=0))
    return replace(data, name=f"{data.name}:{count}", train_x=data.train_x[chosen], train_y=data.train_y[chosen])


def _load_digits(directory: str | Path | None, download: bool) -> Dataset:
    return _dataset("digits", _digits(), scale=16.0)


def _load_files(name: str, directory: str | Path | None, download: bool) -> Dataset:
    source, base = _SOURCES[name], data_directory(directory)
    folders = [base / folder for folder in source.folders] + ([base] if directory else [])
    for folder in folders:
        found = [_present(folder, file) for file in source.files]
        if all(found):
            return _dataset(name, _READERS[name]([path for path in found if path]), scale=255.0)
    return _dataset(name, _from_openml(name, source, base, folders, download), scale=255.0)


def _dataset(name: str, arrays: Arrays, scale: float) -> Dataset:
    train_x, train_y, test_x, test_y = arrays
    return Dataset(
        name=name,
        train_x=torch.from_numpy(train_x.astype(np.float32)).div_(scale),
        train_y=torch.from_numpy(train_y.astype(np.int64)),
        test_x=torch.from_numpy(test_x.astype(np.float32)).div_(scale),
        test_y=torch.from_numpy(test_y.astype(np.int64)),
        input_shape=train_x.shape[1:],
        classes=10,
    )


def _digits() -> Arrays:
    from sklearn.datasets import load_digits  # a second to import, and only these need it

    bunch = load_digits()
    images, labels = bunch.images[:, None], bunch.target  # type: ignore[union-attr]
    train, test = stratified(labels, _DIGITS_TEST, seed=0)
    return images[train], labels[train], images[test], labels[test]


def _present(folder: Path, file: str) -> Path | None:
    return next((path for path in (folder / file, folder / f"{file}.gz") if os.path.isfile(path)), None)


def _read_idx_set(paths: list[Path]) -> Arrays:
    train_x, train_y, test_x, test_y = (read_idx(path) for path in paths)
    for images, labels, where in ((train_x, train_y, paths[1]), (test_x, test_y, paths[3])):
        check_labels(where, images, labels)
    return train_x[:, None], train_y, test_x[:, None], test_y


def _read_cifar_set(paths: list[Path]) -> Arrays:
    parts = [read_cifar(path) for path in paths]
    for path, (images, labels) in zip(paths, parts, strict=True):
        check_labels(path, images, labels)
    train = [np.concatenate(columns) for columns in zip(*parts[:-1], strict=True)]
    return train[0], train[1], *parts[-1]


_READERS: dict[str, Callable[[list[Path]], Arrays]] = {
    "mnist": _read_idx_set,
    "fashion-mnist": _read_idx_set,
    "cifar10": _read_cifar_set,
}


def _from_openml(name: str, source: Source, base: Path, folders: list[Path], download: bool) -> Arrays:
    """All rows of the data set's OpenML copy, which has the training examples first; `DataError` where it fails."""
    missing = [file for file in source.files if not any(_present(folder, file) for folder in folders)]
    lack = (
        f"{name} was not found: searched {', '.join(map(str, folders))} for {', '.join(missing or source.files)} "
        f"(or the same with .gz). Fetch them from {source.home} into {folders[0]}, or name the data directory by "
        "directory= or $NEUROGRAPH_DATA"
    )
    if not download:
        raise DataError(lack)
    from sklearn.datasets import fetch_openml

    try:
        bunch = fetch_openml(
            source.openml, version=1, data_home=str(base / "openml"), as_frame=False, parser="liac-arff", n_retries=1
        )
        images = np.asarray(bunch.data, np.float32).reshape(-1, *source.shape)  # type: ignore[union-attr]
        labels = np.asarray(bunch.target, np.int64)  # type: ignore[union-attr]
    except Exception as error:  # whatever the network, the cache or the parser came up with: the way out is the same
        raise DataError(f"{lack}. OpenML did not help: {type(error).__name__}: {error}") from error
    cut = source.training
    if len(labels) != len(images) or len(images) != cut + _TEST:
        raise DataError(f"OpenML's copy of {name} has {len(images)} examples, not {cut + _TEST}. {lack}")
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


Loader = Callable[[str | Path | None, bool], Dataset]  # called with the data directory and whether to download

DATASETS: Registry[Loader] = Registry(
    "neurograph.datasets",
    {"digits": _load_digits, **{name: partial(_load_files, name) for name in _SOURCES}},
    fits=callable,
)
