"""What a synapse may carry, and what fits between two neurons.

| op | from -> to | weight |
|---|---|---|
| weight | scalar -> scalar | a number |
| weight | map -> map | a k x k kernel (2-D cross-correlation) |
| weight | map -> scalar | a height x width array: reads the whole map into one value |
| identity | same shape | none |
| max_pool, avg_pool | map -> map, map -> scalar | none |

A synapse with `delay=1` reads its source's value of the step before, 0 at the first: it closes no cycle, whatever it
joins, a neuron with itself too. A network with such synapses has a state and runs step by step.

A synapse's attributes other than its weight are its *form*: structure, interned. An attribute that was not given has
the default below and does not show in `graph[u][v]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from numbers import Integral, Real
from typing import Any

import numpy as np

from neurograph.errors import SynapseError
from neurograph.schema.spelling import near_miss

OPS = ("weight", "identity", "max_pool", "avg_pool")
POOLS = ("max_pool", "avg_pool")
WEIGHT = "weight"


@dataclass(frozen=True)
class SynapseForm:
    """What synapses share: everything but end points, weight and the user's own attributes.

    Parameters
    ----------
    op
        "weight", "identity", "max_pool" or "avg_pool".
    stride, padding, dilation
        Pairs (rows, columns); one number means both. Kernels and pools between maps.
    trainable
        Whether the weight is trained.
    kernel_size
        The window of a pool, a pair.
    count_include_pad, ceil_mode
        As in `torch.nn.AvgPool2d` and `MaxPool2d`.
    delay
        How many steps old the source's value is that it reads, 0 or 1.
    """

    op: str = "weight"
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    trainable: bool = True
    kernel_size: tuple[int, int] | None = None
    count_include_pad: bool = True
    ceil_mode: bool = False
    delay: int = 0


DELAY = "delay"
FORM_FIELDS = tuple(f.name for f in fields(SynapseForm))
SCHEMA = frozenset((*FORM_FIELDS, WEIGHT))


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, Integral) and not isinstance(value, bool) else value
    try:
        rows, columns = (int(n) for n in pair)
    except (TypeError, ValueError):
        raise SynapseError(f"{name} must be a whole number or a pair of them, not {value!r}") from None
    if min(rows, columns) < least:
        raise SynapseError(f"{name} must be at least {least}, not {value!r}")
    return rows, columns


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise SynapseError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def _delay(value: Any) -> int:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral) or value not in (0, 1):
        raise SynapseError(
            f"delay must be 0 or 1 steps, not {value!r}; for more steps chain relays, neurons of the activation "
            '"identity" that are joined by op="identity", delay=1'
        )
    return int(value)


def _op(value: Any) -> str:
    if not isinstance(value, str) or value not in OPS:
        raise SynapseError(f"op must be one of {', '.join(OPS)}, not {value!r}")
    return str(value)  # a text of numpy's is another type, and would be another form


_CHECKS = {
    "op": _op,
    "stride": lambda v: _pair("stride", v, 1),
    "padding": lambda v: _pair("padding", v, 0),
    "dilation": lambda v: _pair("dilation", v, 1),
    "trainable": lambda v: _flag("trainable", v),
    "kernel_size": lambda v: _pair("kernel_size", v, 1),
    "count_include_pad": lambda v: _flag("count_include_pad", v),
    "ceil_mode": lambda v: _flag("ceil_mode", v),
    DELAY: _delay,
}


def form_value(name: str, value: Any) -> Any:
    """One attribute of a form, checked and in its canonical type."""
    if name not in _CHECKS:
        meant = near_miss(name, SCHEMA)
        known = f"did you mean {meant!r}?" if meant else f"there are {', '.join(FORM_FIELDS)}"
        raise SynapseError(f"{name!r} is not something that synapses share; {known}")
    return _CHECKS[name](value)


def canonical_form(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a form, checked; one without delay does not show that."""
    form = {name: form_value(name, value) for name, value in attributes.items()}
    if not form.get(DELAY, True):
        del form[DELAY]
    return form


def form_of(attributes: Mapping[str, Any]) -> SynapseForm:
    """The whole form of a synapse that was given these (checked) attributes."""
    return SynapseForm(**attributes)


def weight_value(value: Any) -> float | np.ndarray:
    """A weight in its canonical type: a float, or a float64 array of two dimensions; finite, or `SynapseError`."""
    if isinstance(value, Real) and not isinstance(value, bool):
        value = float(value)
        if value - value == 0.0:
            return value
        raise SynapseError(f"a weight must be finite, not {value}")
    array = np.asarray(value, np.float64) if isinstance(value, np.ndarray | list | tuple) else None
    if array is None or array.ndim not in (0, 2) or array.size == 0:
        raise SynapseError(f"a weight is a number or a kernel of two dimensions, not {value!r}")
    if not np.isfinite(array).all():
        raise SynapseError("a weight must be finite, and this kernel holds NaN or infinity")
    return float(array) if array.ndim == 0 else array


def weight_array(values: Any) -> np.ndarray:
    """Many weights as a float64 array; `SynapseError` where they are not numbers, or rows differ in length."""
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as err:
        raise SynapseError(f"weights must be an array of numbers: {err}") from None


def _window(form: SynapseForm, kernel: tuple[int, int], source: tuple[int, ...]) -> tuple[int, int]:
    """The shape that a sliding window makes of a map."""
    sides = []
    for size, k, s, p, d in zip(source, kernel, form.stride, form.padding, form.dilation, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        sides.append((-(-room // s) if form.ceil_mode else room // s) + 1)
        if form.ceil_mode and (sides[-1] - 1) * s >= size + p:
            sides[-1] -= 1  # as torch: the last window must start inside the map or its left padding
    return sides[0], sides[1]


def _advice(form: SynapseForm, kernel: tuple[int, int], source: tuple[int, ...], target: tuple[int, ...]) -> str:
    """The padding, the stride, or both that would have fitted, in words; empty where nothing would."""
    paddings = [range(k // 2 + 1 if form.op in POOLS else k) for k in kernel]
    for strides, pads in (
        ([(s,) for s in form.stride], paddings),
        ([range(1, 9)] * 2, [(p,) for p in form.padding]),
        ([range(1, 9)] * 2, paddings),
    ):
        found = []
        for axis in range(2):
            for s, p in product(strides[axis], pads[axis]):
                trial = replace(form, stride=(s, s), padding=(p, p))
                if _window(trial, kernel, source)[axis] == target[axis]:
                    found.append((s, p))
                    break
        if len(found) == 2:
            (rows, down), (columns, right) = found
            words = [("stride", (rows, columns), form.stride), ("padding", (down, right), form.padding)]
            fitting = [f"{name}={a if a == b else (a, b)}" for name, (a, b), now in words if (a, b) != now]
            return f"; {' and '.join(fitting)} would fit"
    return ""


def check_fit(
    form: SynapseForm, weight: tuple[int, ...] | None, source: tuple[int, ...], target: tuple[int, ...]
) -> None:
    """Refuse what cannot be computed between neurons of these shapes.

    Parameters
    ----------
    form
        The synapse's form.
    weight
        The shape of its weight, () for a number, or None where it has none (yet).
    source, target
        Shapes of the two neurons.

    Raises
    ------
    SynapseError
        With both shapes and, where there is one, the padding or stride that would fit.
    """
    if form.op != "weight" and weight is not None:
        raise SynapseError(f"a synapse with op {form.op!r} has no weight")
    if form.op == "identity":
        if source != target:
            raise SynapseError(f"an identity synapse joins equal shapes, not {source} and {target}")
    elif form.op in POOLS:
        _check_pool(form, source, target)
    elif weight is not None:
        _check_weight(form, weight, source, target)


def _check_pool(form: SynapseForm, source: tuple[int, ...], target: tuple[int, ...]) -> None:
    if source == ():
        raise SynapseError(f"{form.op} reads a feature map, and its source is a scalar")
    if form.kernel_size is None:
        raise SynapseError(f"{form.op} needs kernel_size=")
    if any(2 * p > k for p, k in zip(form.padding, form.kernel_size, strict=True)):
        raise SynapseError(f"{form.op}: padding {form.padding} is more than half of kernel_size {form.kernel_size}")
    made = _window(form, form.kernel_size, source)
    if made != (target or (1, 1)):
        raise SynapseError(
            f"{form.op} {form.kernel_size} makes {made} of {source}, and the target's shape is {target}"
            + _advice(form, form.kernel_size, source, target or (1, 1))
        )


def _check_weight(form: SynapseForm, weight: tuple[int, ...], source: tuple[int, ...], target: tuple[int, ...]) -> None:
    if source == () and target == ():
        if weight != ():
            raise SynapseError(f"between scalar neurons a weight is one number, not a kernel of shape {weight}")
    elif source == ():
        raise SynapseError(f"a scalar cannot feed a feature map of shape {target}")
    elif target == ():
        if weight != source:
            raise SynapseError(f"from a map of shape {source} to a scalar the weight has that shape, not {weight}")
    elif weight == ():
        raise SynapseError(
            f"between feature maps a weight is a kernel (height, width), not a number; {source} -> {target}"
        )
    else:
        made = _window(form, (weight[0], weight[1]), source)
        if made != target:
            raise SynapseError(
                f"a {weight[0]} x {weight[1]} kernel makes {made} of {source}, and the target's shape is {target}"
                + _advice(form, (weight[0], weight[1]), source, target)
            )
