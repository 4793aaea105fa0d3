"""What plain data from a file must be: written down as a shape, checked piece by piece, refused by its place.

A shape is a `Kind`; a dictionary of shapes by name, for a table with these entries and no others; a list of one shape,
for any number of such items; a tuple of shapes, for so many items; `maybe` of a shape, for what may be None as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import torch

from neurograph.errors import FileError


class Misfit(FileError):
    """Content of a file that nobody has written: says the place in it; `restored_from` adds the file."""


@dataclass(frozen=True)
class Kind:
    """One sort of value.

    Parameters
    ----------
    words
        What it is, in words, with its article.
    test
        Whether a value is one.
    """

    words: str
    test: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


COUNT = Kind(
    "a whole number of at least 0", lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0
)
NUMBER = Kind("a finite number", lambda value: _is_number(value) and abs(value) < 2**1000 and isfinite(value))
SCORE = Kind("a number", lambda value: _is_number(value) and value == value)  # of what failed, infinite
TEXT = Kind("a text", lambda value: isinstance(value, str))
ANYTHING = Kind("anything", lambda value: True)
TABLE = Kind("a table", lambda value: isinstance(value, dict))


def maybe(shape: Any) -> Any:
    """The shape of what may be None as well."""
    return {None: shape}


def need(condition: Any, where: str, what: str) -> None:
    """Refuse a place in a file by `Misfit` unless a condition holds."""
    if not condition:
        raise Misfit(f"{where} {what}")


def check(value: Any, shape: Any, where: str) -> None:
    """Check a value against a shape.

    Parameters
    ----------
    value
        Plain data, as `unpack_state` returns it.
    shape
        See the top of this file.
    where
        The value's place, for the message.

    Raises
    ------
    Misfit
        Naming the first place that does not fit, what is there, and what would be.
    """
    if isinstance(shape, Kind):
        need(shape.test(value), where, f"is {_shown(value)}, which is not {shape.words}")
    elif isinstance(shape, dict) and None in shape:
        if value is not None:
            check(value, shape[None], where)
    elif isinstance(shape, dict):
        _check_entries(value, shape, where)
        for name, each in shape.items():
            check(value[name], each, f"{where}.{name}")
    else:
        need(isinstance(value, list | tuple), where, f"is {_shown(value)}, which is not a list")
        if isinstance(shape, tuple):
            need(len(value) == len(shape), where, f"has {len(value)} items, and not {len(shape)}")
        for at, item in enumerate(value):
            check(item, shape[at] if isinstance(shape, tuple) else shape[0], f"{where}[{at}]")


def check_alike(value: Any, own: Any, where: str) -> None:
    """Check a value against one of the same make: tables with the same entries, lists as long, tensors of the same type
    and shape with finite numbers, numbers of the same type.

    Raises
    ------
    Misfit
        Naming the first place that differs.
    """
    if isinstance(own, torch.Tensor | np.ndarray):
        need(isinstance(value, type(own)) or (torch.is_tensor(own) and torch.is_tensor(value)), where, "is no array")
        found, wanted = ((each.dtype, tuple(each.shape)) for each in (value, own))
        need(found == wanted, where, f"is of type and shape {found}, and not {wanted}")
        need(bool(torch.isfinite(torch.as_tensor(value)).all()), where, "holds numbers that are not finite")
    elif isinstance(own, Mapping):
        _check_entries(value, own, where)
        for name, each in own.items():
            check_alike(value[name], each, f"{where}.{name}")
    elif isinstance(own, list | tuple):
        need(isinstance(value, list | tuple) and len(value) == len(own), where, f"is no list of {len(own)}")
        for at, each in enumerate(own):
            check_alike(value[at], each, f"{where}[{at}]")
    else:
        need(type(value) is type(own), where, f"is {_shown(value)}, where there is {_shown(own)}")
        need(not isinstance(own, float) or isfinite(value), where, f"is {_shown(value)}")


def _check_entries(value: Any, wanted: Mapping[Any, Any], where: str) -> None:
    need(isinstance(value, Mapping), where, f"is {_shown(value)}, which is not a table")
    odd = [name for name in (*wanted, *value) if name not in wanted or name not in value]
    if odd:
        need(odd[0] in value, where, f"has no {odd[0]}")
        raise Misfit(f"{where} has an entry {_shown(odd[0])}, which is none of its")


def _shown(value: Any) -> str:
    if isinstance(value, torch.Tensor | np.ndarray):
        return f"an array of shape {tuple(value.shape)}"
    return f"{value!r:.60}" if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
