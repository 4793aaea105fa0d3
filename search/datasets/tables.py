"""Data sets from files of one's own: .npz of arrays, .csv and .parquet of columns."""

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.disk.regular import finite
from neurograph.errors import DataError, NeuroGraphError, OptionError, reason

from .arrays import dataset_of, is_missing
from .dataset import Dataset

ENDINGS = (".npz", ".csv", ".parquet")
_PARTS = (("x", "y"), ("X", "y"), ("train_x", "train_y"), ("X_train", "y_train"))
_TESTS = (("test_x", "test_y"), ("X_test", "y_test"))


def is_file_name(name: str) -> bool:
    """Whether a name of data is that of a file, with or without its target columns."""
    return _split(name)[0].suffix.lower() in ENDINGS


def read_file(name: str) -> Dataset:
    """A data set from a file.

    Parameters
    ----------
    name
        Of the file; for tables with the target's columns, `houses.csv:price` or `both.parquet:a,b`, the last column
        unless given. Texts in a target, and whole numbers that are 0 to k-1 with each of them there, are classes, all
        others numbers to predict. Arrays of a .npz file are called x and y (and test_x and test_y).

    Raises
    ------
    DataError
        For a file that cannot be read, holds other arrays, or misses a value, naming column and row.
    OptionError
        For a target column that is not there; a .parquet file where pyarrow is not installed.
    """
    path, targets = _split(name)
    try:
        if path.suffix.lower() == ".npz":
            if targets:
                raise OptionError(f"{name}: arrays of a .npz file are called x and y; it has no target columns")
            return _read_arrays(path, name)
        columns = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
    except NeuroGraphError:
        raise
    except (OSError, ValueError) as error:  # the second of names that no file has
        raise DataError(f"{path} cannot be read: {reason(error)}") from None
    return _from_columns(columns, targets, name)


def _split(name: str) -> tuple[Path, tuple[str, ...]]:
    """Path and target columns."""
    if Path(name).suffix.lower() in ENDINGS:
        return Path(name), ()
    front, _, targets = name.rpartition(":")
    return Path(front), tuple(targets.split(","))


def _read_arrays(path: Path, name: str) -> Dataset:
    try:
        with open(path, "rb", opener=finite) as file, np.load(file, allow_pickle=False) as held:
            arrays = dict(held)
    except OSError:
        raise
    except Exception as error:  # a reader's own troubles with a file are of any class, here and below
        raise DataError(f"{path} is no .npz file of arrays: {type(error).__name__}: {error}") from None
    train = next((pair for pair in _PARTS if pair[0] in arrays and pair[1] in arrays), None)
    test = next((pair for pair in _TESTS if pair[0] in arrays and pair[1] in arrays), None)
    if train is None:
        raise DataError(f"{path} holds {', '.join(arrays) or 'nothing'}: its arrays must be called x and y")
    return dataset_of(*(arrays[key] for key in (*train, *(test or ()))), name=name)


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    try:
        with open(path, encoding="utf-8-sig", newline="", opener=finite) as file:
            lines = [line for line in csv.reader(file) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table of text: {error}") from None
    if not lines:
        raise DataError(f"{path} is empty")
    width = len(lines[0])
    for number, line in enumerate(lines, 1):
        if len(line) != width:
            raise DataError(f"{path}: row {number} has {len(line)} values, and row 1 has {width}")
    headed = not any(_is_number(value) for value in lines[0])
    names = [value.strip() for value in lines[0]] if headed else [str(at) for at in range(width)]
    columns = zip(*lines[headed:], strict=True) if len(lines) > headed else ((),) * width
    return {name: _typed(values) for name, values in zip(names, columns, strict=True)}


def _typed(values: Any) -> np.ndarray:
    """Numbers where all values are numbers or missing."""
    texts = [value.strip() for value in values]
    if all(_is_number(text) or not text for text in texts):
        return np.array([float(text or "nan") for text in texts])
    return np.array(texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_parquet(path: Path) -> dict[str, np.ndarray]:
    if find_spec("pyarrow") is None:
        raise OptionError(f"{path}: .parquet files are read by pyarrow, which is not installed: pip install pyarrow")
    from pyarrow import parquet  # pyright: ignore[reportMissingImports]

    try:
        with open(path, "rb", opener=finite) as file:
            table = parquet.read_table(file)
        return {name: column.to_numpy() for name, column in zip(table.column_names, table.columns, strict=True)}
    except OSError:
        raise
    except Exception as error:
        raise DataError(f"{path} is no .parquet file of columns: {type(error).__name__}: {error}") from None


def _from_columns(columns: dict[str, np.ndarray], targets: tuple[str, ...], name: str) -> Dataset:
    targets = targets or tuple(columns)[-1:]
    for target in targets:
        if target not in columns:
            raise OptionError(f"{name} has no column {target!r}; it has {', '.join(columns)}")
    features = {key: values for key, values in columns.items() if key not in targets}
    if not features:
        raise DataError(f"{name} has no columns besides its target")
    if not len(next(iter(columns.values()))):
        raise DataError(f"{name} has no examples")
    for key, values in columns.items():
        numbers = values.dtype.kind in "biuf"
        if not numbers and (key in features or len(targets) > 1):
            raise DataError(f"{name}: column {key!r} holds texts, such as {values[0]!r}: encode them as numbers first")
        lost = np.flatnonzero(_missing(values))
        if len(lost):
            raise DataError(f"{name}: column {key!r} misses its value in row {lost[0] + 1} of {len(values)}")
    x = np.stack([values.astype(np.float64) for values in features.values()], 1)
    y = _classes_or_numbers([columns[target] for target in targets])
    return dataset_of(x, y, name=name)


def _missing(values: np.ndarray) -> np.ndarray:
    """Which values of a column are not there."""
    if values.dtype.kind in "biu":
        return np.zeros(len(values), bool)
    return np.isnan(values) if values.dtype.kind == "f" else np.array([is_missing(value) for value in values], bool)


def _classes_or_numbers(targets: list[np.ndarray]) -> np.ndarray:
    if len(targets) > 1:
        return np.stack([values.astype(np.float64) for values in targets], 1)
    values = targets[0]
    if values.dtype.kind not in "biuf":
        return values
    there = np.unique(values)
    classes = len(there) > 1 and np.array_equal(there, np.arange(len(there)))
    return values.astype(np.int64 if classes else np.float64)
