"""Whether a value is what a field may be, and that value as the field's type."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from math import isfinite
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from neurograph.errors import OptionError

from .fields import MOST_NUMBER, MOST_TEXT, MOST_WHOLE, choices_of, describe, kinds_of, number_in_words


@dataclass(frozen=True)
class Checked:
    """The base of options: numbers are converted to their field's type and impossible values refused.

    Raises
    ------
    OptionError
        Naming the option, what it may be and what it was.
    """

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, checked(f, getattr(self, f.name)))


_UNFIT = object()
_POINT = re.compile(r"[+-]?(\d+\.|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)  # numbers, though not to TOML


def checked(f: Field, value: Any) -> Any:
    """The value as the field's type; `OptionError` where it is none that the field may have."""
    fitted = _first_fit(kinds_of(f.type), value, f.metadata)
    if fitted is _UNFIT:
        about = f.metadata.get("help", "no help")
        raise OptionError(f"{f.name} must be {describe(f)}{_reach(f, value)}, not {_shortly(value)} ({about})")
    return fitted


def parsed(f: Field, value: Any) -> Any:
    """A text as the value that it is in TOML, where the field is no text."""
    if not isinstance(value, str) or kinds_of(f.type) == (str,):
        return value
    if NoneType in kinds_of(f.type) and value.lower() == "none":
        return None
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):  # no TOML, a number of thousands of digits, a thousand brackets
        numeric = float in kinds_of(f.type) and _POINT.fullmatch(value)
        return float(value) if numeric else value  # a text, or something that the check refuses by name


def _reach(f: Field, value: Any) -> str:
    """The reach of an option, where a value lies beyond it."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f", at most {MOST_TEXT:,} characters"
    values = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else (value,)
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    for each in numbers:
        reach = f.metadata.get("reach") or (MOST_WHOLE if isinstance(each, int) else MOST_NUMBER)
        if abs(each) > reach:
            return f", at most {number_in_words(reach)}" if each > 0 else f", at least {number_in_words(-reach)}"
    return ""


def _shortly(value: Any) -> str:
    """A value as text, its middle left out where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:100]}...{text[-50:]}"


def _first_fit(kinds: tuple[Any, ...], value: Any, about: Mapping[str, Any]) -> Any:
    """The value as the first of several kinds that it fits; a whole number is none of `float` where there is `int`."""
    whole = isinstance(value, int) and not isinstance(value, bool) and int in kinds
    fits = (_fitted(kind, value, about) for kind in kinds if not (whole and kind is float))
    return next((fitted for fitted in fits if fitted is not _UNFIT), _UNFIT)


def _fitted(kind: Any, value: Any, about: Mapping[str, Any]) -> Any:
    """The value as that kind, or `_UNFIT`."""
    if isinstance(kind, UnionType):
        return _first_fit(get_args(kind), value, about)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        items = tuple(_fitted(get_args(kind)[0], item, about) for item in value)
        return _UNFIT if any(item is _UNFIT for item in items) else items
    if get_origin(kind) is dict and isinstance(value, Mapping):
        table = {key: _fitted(get_args(kind)[1], item, about) for key, item in value.items()}
        return _UNFIT if any(item is _UNFIT for item in table.values()) else table
    if kind is NoneType:
        return None if value is None else _UNFIT
    if kind is str:
        fits = isinstance(value, str) and len(value) <= MOST_TEXT and value in (choices_of(about) or (value,))
        return value if fits else _UNFIT
    if kind is bool:
        return value if isinstance(value, bool) else _UNFIT
    if kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool):
        whole = isinstance(value, int) or kind is float
        return kind(value) if whole and _within(value, kind, about) else _UNFIT
    return _UNFIT


def _within(value: float, kind: type, about: Mapping[str, Any]) -> bool:
    least, above, most, below = (about.get(name) for name in ("least", "above", "most", "below"))
    reach = about.get("reach") or (MOST_WHOLE if kind is int else MOST_NUMBER)
    return (
        _finite(value)
        and abs(value) <= reach
        and (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and (below is None or value < below)
    )


def _finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a whole number that no float comes near
        return False
