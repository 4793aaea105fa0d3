"""What a run directory holds is what runs write, whatever its checksums say: entries that are there, of types that fit.

A checksum tells what was damaged by accident. Who writes a file on purpose can give it a right one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neurograph.errors import FileError

from .shapes import Misfit

_MISFITS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError)


class Held(dict[str, Any]):
    """Entries of a file; one that is not there makes it a damaged file, whoever asks.

    Parameters
    ----------
    entries
        The entries; tables in them, and in lists of them, are held likewise.
    path
        The file.
    """

    def __init__(self, entries: Mapping[str, Any], path: Path) -> None:
        super().__init__({name: _held(value, path) for name, value in entries.items()})
        self.path = path

    def __missing__(self, name: str) -> Any:
        raise FileError(f"{self.path} is damaged: it has no {name}")


def _held(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return Held(value, path)
    return [_held(item, path) for item in value] if isinstance(value, list) else value


@contextmanager
def restored_from(path: Path) -> Iterator[None]:
    """Have whatever does not fit of a file's content in the block be its damage, by `FileError`."""
    try:
        yield
    except Misfit as error:
        raise FileError(f"{path} is damaged: {error}") from None
    except FileError:
        raise
    except _MISFITS as error:
        raise FileError(f"{path} is damaged: what it holds does not fit ({type(error).__name__}: {error})") from None


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_count, value.values()))


_NUMBERS = (
    "train_loss", "train_error", "validation_loss", "validation_error", "test_loss", "test_error", "learning_rate",
    "seconds", "error", "loss", "median_error",
)  # fmt: skip
_FITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_NUMBERS, _is_number),
    **dict.fromkeys(("epoch", "cycle", "parameters", "evaluated", "failed"), _is_count),
    "neurons": _is_counts,
    "edit": lambda value: value is None or isinstance(value, str),
    "event": lambda value: value is None or isinstance(value, dict),
    "search": lambda value: isinstance(value, dict),
    "best": lambda value: isinstance(value, list),
    "individuals": lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
}


def held_rows(rows: Sequence[Any], path: Path) -> list[dict[str, Any]]:
    """The rows of metrics that a file holds.

    Raises
    ------
    FileError
        Naming the row, where it is none, or one of its entries is not what that can be; later, where a row lacks an
        entry that somebody asks for.
    """
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise FileError(f"{path} is damaged: row {number} is no table")
        for name, value in row.items():
            if name in _FITS and not _FITS[name](value):
                raise FileError(f"{path} is damaged: {name} of row {number} is {value!r:.60}")
    return [Held(row, path) for row in rows]
