"""The parts of a file's content, each checked for its type as it is taken: nothing else reads arrays or text."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurograph.core.soundness import MOST_IDS
from neurograph.core.unpacked import refuse_claims
from neurograph.errors import FileError
from neurograph.files.container import Content


class Parts:
    """Arrays and text of a file, by name.

    Parameters
    ----------
    content
        What the file holds.

    Raises
    ------
    FileError
        A part that is missing or of another type; text that is nested too deeply, or whose arrays would take far more
        memory than the file has bytes, neurons and synapses for.
    """

    def __init__(self, content: Content) -> None:
        need(isinstance(content.text, dict), "its text is not a dictionary")
        self.arrays, self.text = content.arrays, content.text
        refuse_claims(content.text, content.text_bytes)

    def numbers(self, name: str, count: int | None = None, dtype: type | None = np.int64) -> np.ndarray:
        """(count,) whole numbers, int64 or, where `dtype` is None, of the type they were written in."""
        array = self._array(name)
        need(array.dtype.kind in "iu" and array.ndim == 1, f"{name} is not a column of whole numbers")
        need(not len(array) or int(array.max()) <= MOST_IDS, f"{name} holds numbers that are too large")
        need(count is None or len(array) == count, f"{name} and the columns beside it differ in length")
        return array if dtype is None else array.astype(dtype, copy=False)

    def values(self, name: str, count: int | None = None) -> np.ndarray:
        """(count, ...) float64; a column unless it is of weights."""
        array = self._array(name)
        need(array.dtype.kind == "f" and array.ndim, f"{name} does not hold real numbers")
        need(count is None or array.shape == (count,), f"{name} and the columns beside it differ in length")
        return array.astype(np.float64, copy=False)

    def _array(self, name: str) -> np.ndarray:
        need(name in self.arrays, f"it has no {name}")
        return self.arrays[name]

    def whole(self, name: str, most: int = MOST_IDS) -> int:
        """A whole number from 0 to `most`."""
        number = self._text(name, int)
        need(0 <= number <= most, f"{name} is {number}, not a whole number from 0 to {most}")
        return number

    def sequence(self, name: str) -> list:
        """A list."""
        return self._text(name, list)

    def pairs(self, name: str, below: int) -> list[tuple[int, Any]]:
        """[number, what it has] pairs, each number once and below `below`."""
        found: dict[int, Any] = {}
        for pair in self.sequence(name):
            need(isinstance(pair, list) and len(pair) == 2, f"{name} are not pairs")
            number, own = pair
            need(type(number) is int and 0 <= number < below, f"it has {name} of number {number!r}, which is not there")
            need(number not in found, f"it has {name} of number {number} twice")
            found[number] = own
        return list(found.items())

    def _text(self, name: str, kind: type) -> Any:
        need(name in self.text, f"it has no {name}")
        need(type(self.text[name]) is kind, f"{name} is no {kind.__name__}")
        return self.text[name]


def need(condition: Any, what: str) -> None:
    """Refuse a file in which something does not hold."""
    if not condition:
        raise FileError(what)


def need_attributes(own: Any, taken: Iterable[str], what: str) -> dict:
    """Attributes of the user's own: a dictionary without the names that a network keeps for itself."""
    need(isinstance(own, dict), f"the attributes of {what} are no dictionary")
    need(not own.keys() & set(taken), f"the attributes of {what} hold some that are not the user's own")
    return own


def within(numbers: np.ndarray, count: int) -> bool:
    """Whether all whole numbers are from 0 to below `count`."""
    return not len(numbers) or bool(numbers.min() >= 0 and numbers.max() < count)
