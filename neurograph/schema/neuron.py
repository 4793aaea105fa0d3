"""What a neuron may carry, and what it must not.

    y = dropout(activation(norm(sum of what its synapses bring + bias)))

A neuron's attributes are of two sorts. Its *kind* is what it shares with others (role, shape, activation, ...):
structure, interned, one small object for a whole layer. Its *values* are the numbers training moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from math import isfinite
from numbers import Integral, Real
from typing import Any

from neurograph.errors import NeuronError, listed
from neurograph.schema.activations import activation

ROLES = ("input", "hidden")
NORMS = ("none", "batch")
AGGREGATIONS = ("sum", "product", "max", "min", "mean")
DROPOUT_KINDS = ("element", "channel")

NORM_VALUES = {"gamma": 1.0, "beta": 0.0, "running_mean": 0.0, "running_var": 1.0}
VALUES = ("bias", "slope", *NORM_VALUES)  # float64 columns; NaN where the neuron has none


@dataclass(frozen=True)
class NeuronKind:
    """What a neuron shares with others: everything structural but its wiring.

    Parameters
    ----------
    role
        "input" (its value is the data) or "hidden".
    is_output
        Whether its value is part of the network's output; an input may be one too.
    shape
        () for a scalar, (height, width) for a feature map.
    activation
        A name from `neurograph.schema.activations`.
    trainable
        Whether its bias, norm and slope are trained.
    norm, eps, momentum
        "none" or "batch", with the constants of `torch.nn.BatchNorm`.
    dropout, dropout_kind
        A rate in [0, 1), and whether single elements or the whole channel are dropped.
    aggregation
        How what its synapses bring is put together: "sum", or "product", "max", "min", "mean" (NEAT genomes).
    population
        The layer it belongs to: a handle for growth, never a constraint on wiring.
    """

    role: str = "hidden"
    is_output: bool = False
    shape: tuple[int, ...] = ()
    activation: str = "identity"
    trainable: bool = True
    norm: str = "none"
    eps: float = 1e-5
    momentum: float = 0.1
    dropout: float = 0.0
    dropout_kind: str = "element"
    aggregation: str = "sum"
    population: str = "hidden"


KIND_FIELDS = tuple(f.name for f in fields(NeuronKind))
SCHEMA = frozenset((*KIND_FIELDS, *VALUES))


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise NeuronError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return str(value)


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) < high:
        raise NeuronError(f"{name} must be a number in [{low:g}, {high:g}), not {value!r}")
    return float(value)


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool) or (isinstance(value, Integral) and value in (0, 1)) or type(value).__name__ == "bool":
        return bool(value)
    raise NeuronError(f"{name} must be True or False, not {value!r}")


def _shape(value: Any) -> tuple[int, ...]:
    try:
        shape = tuple(int(side) for side in value)
    except (TypeError, ValueError):
        shape = None
    if shape is None or len(shape) not in (0, 2) or any(side < 1 for side in shape):
        raise NeuronError(f"shape must be () for a scalar or (height, width) for a feature map, not {value!r}")
    return shape


def _population(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise NeuronError(f"population must be a name, not {value!r}")
    return str(value)


_CHECKS = {
    "role": lambda v: _choice("role", v, ROLES),
    "is_output": lambda v: _flag("is_output", v),
    "shape": _shape,
    "activation": lambda v: activation(v).name,
    "trainable": lambda v: _flag("trainable", v),
    "norm": lambda v: _choice("norm", v, NORMS),
    "eps": lambda v: _number("eps", v, 0.0, float("inf")),
    "momentum": lambda v: _number("momentum", v, 0.0, 1.0 + 1e-12),
    "dropout": lambda v: _number("dropout", v, 0.0, 1.0),
    "dropout_kind": lambda v: _choice("dropout_kind", v, DROPOUT_KINDS),
    "aggregation": lambda v: _choice("aggregation", v, AGGREGATIONS),
    "population": _population,
}

_PLAIN_INPUT = ("activation", "norm", "dropout", "aggregation")


def change_kind(kind: NeuronKind, changes: Mapping[str, Any]) -> NeuronKind:
    """The kind with some attributes changed; raises `NeuronError` where one is not what a neuron can be."""
    key = tuple((name, type(value), value) for name, value in changes.items())
    try:
        hash(key)
    except TypeError:
        return _changed(kind, changes)
    return _remembered(kind, key)


@lru_cache(maxsize=1024)
def _remembered(kind: NeuronKind, changes: tuple[tuple[str, type, Any], ...]) -> NeuronKind:
    """The same neuron comes again and again when a whole network is built of plain attributes."""
    return _changed(kind, {name: value for name, _, value in changes})


def _changed(kind: NeuronKind, changes: Mapping[str, Any]) -> NeuronKind:
    checked = {name: _CHECKS[name](value) for name, value in changes.items()}
    new = replace(kind, **checked)
    if new.role == "input":
        default = NeuronKind()
        odd = [name for name in _PLAIN_INPUT if getattr(new, name) != getattr(default, name)]
        if odd:
            raise NeuronError(
                f"an input neuron carries its data as it is, so it cannot have {listed(odd)}; "
                "connect a hidden population to it by identity synapses and put them there"
            )
    if new.dropout_kind == "channel" and new.shape == ():
        raise NeuronError("dropout_kind 'channel' is for feature maps; a scalar neuron takes 'element'")
    return new


def value(name: str, given: Any) -> float:
    """A neuron's number as a finite float; raises `NeuronError` otherwise."""
    if isinstance(given, bool) or not isinstance(given, Real) or not isfinite(given):
        raise NeuronError(f"{name} must be a finite number, not {given!r}")
    if name == "running_var" and given < 0:
        raise NeuronError(f"running_var must not be negative, and {given!r} is")
    return float(given)


def default_values(kind: NeuronKind) -> dict[str, float]:
    """The values a neuron of this kind must have, at their initial settings (a bias is not among them)."""
    slope = activation(kind.activation).slope
    found = {} if slope is None else {"slope": slope}
    return found | (NORM_VALUES if kind.norm == "batch" else {})


def may_have(kind: NeuronKind, name: str) -> bool:
    """Whether a neuron of this kind can have that value."""
    if name == "bias":
        return kind.role != "input"
    return name in default_values(kind)
