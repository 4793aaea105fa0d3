"""An edit's fields, checked and as plain values for the journal."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np

from neurograph.errors import OptionError, listed

SCOPES = ("network", "layer")  # what pruning compares: all of a network, or those of one layer
DATA = {"data": True}  # metadata of a field that holds what an edit looks at; the journal leaves it out


def as_plain(edit: Any) -> dict[str, Any]:
    """The fields of an edit as plain values: functions by their names, arrays by their shapes, options of options too.

    What an array held is in the journal already, as the births it led to.
    """
    return {f.name: _plain(getattr(edit, f.name)) for f in fields(edit) if not f.metadata.get("data")}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    if is_dataclass(value) and not isinstance(value, type):
        return {"name": type(value).__name__} | as_plain(value)
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return value


def whole(name: str, value: Any, least: int) -> int:
    """A whole number of at least `least`, or `OptionError`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise OptionError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def number(name: str, value: Any, least: float, most: float = float("inf")) -> float:
    """A finite number between bounds, or `OptionError`."""
    if not isinstance(value, bool) and isinstance(value, Real):
        given = float(value)
        if least <= given <= most and isfinite(given):
            return given
    bounds = f"of at least {least:g}" if most == float("inf") else f"between {least:g} and {most:g}"
    raise OptionError(f"{name} must be a finite number {bounds}, not {value!r}")


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """One of some words, or `OptionError`."""
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        raise OptionError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def named_or_called(name: str, value: Any, choices: Iterable[str]) -> Callable | str:
    """A registered name or a callable, or `OptionError`."""
    if callable(value):
        return value
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        raise OptionError(f"{name} must be one of {', '.join(choices)}, or a callable, not {value!r}")
    return value


def population_or_neurons(name: str, value: Any) -> str | tuple[Hashable, ...]:
    """The name of a population, or some neurons (or one) as a tuple, at least one; `OptionError` otherwise."""
    if isinstance(value, str):
        return value
    if value is None:
        raise OptionError(f"{name} must be the name of a population, or neurons, not None")
    if not isinstance(value, Iterable):
        return (value,)
    neurons = tuple(value.tolist() if isinstance(value, np.ndarray) else value)
    if not neurons:
        raise OptionError(f"{name} names no neuron")
    return neurons


def populations_or_all(name: str, value: Any) -> tuple[str, ...] | None:
    """Names of populations, at least one, as a tuple; None for all; `OptionError` otherwise."""
    if value is None:
        return None
    named = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else ()
    if not named:
        raise OptionError(f"{name} must name at least one, or be None for all")
    return named


def pairs_of_neurons(name: str, value: Any) -> tuple[tuple[Hashable, Hashable], ...]:
    """Pairs (source, target), at least one; `OptionError` otherwise."""
    given = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else None
    if not given:
        raise OptionError(f"{name} must be (source, target) pairs, at least one, not {value!r}")
    odd = [pair for pair in given if isinstance(pair, str) or not isinstance(pair, Iterable)]
    pairs = [] if odd else [tuple(pair) for pair in given]
    odd += [pair for pair in pairs if len(pair) != 2]
    if odd:
        raise OptionError(f"{name} must be (source, target) pairs; these are not: {listed(odd)}")
    return tuple(pairs)
