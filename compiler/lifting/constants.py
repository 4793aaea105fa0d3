"""Constants, buffers and Parameters that scale or shift a tensor, by one number or one a channel."""

from typing import Any

import numpy as np

from .context import Context
from .drafts import BIAS, Bundle, Value
from .errors import refuse


def is_constant(context: Context, given: Any) -> bool:
    """Whether an argument is a number or belongs to the module, and does not come from an input."""
    return isinstance(given, int | float) or bool(context.name_of(given))


def numbers_for(context: Context, node: Any, given: Any, source: Value) -> tuple[np.ndarray, bool]:
    """A constant as one number for each neuron of a value, and whether it is trained."""
    count = len(source.refs)
    if isinstance(given, int | float):
        return np.full(count, float(given)), False
    numbers, trainable = context.tensor(node, given)
    axes = (1,) * (len(source.shape) - numbers.ndim) + numbers.shape
    pixels = source.is_flat and count != source.shape[1]
    if len(axes) > len(source.shape) or axes[0] != 1 or axes[1] not in (1, count) or set(axes[2:]) - {1} or pixels:
        refuse(
            node,
            f"{context.name_of(given)!r} of shape {numbers.shape} meets a tensor of shape {source.shape}; a neuron has "
            "one number, so it takes one for all or one a channel",
        )
    if trainable and numbers.size != count:
        refuse(
            node,
            f"weight sharing: {context.name_of(given)!r} is one number for {count} neurons, and each has its own; make "
            "it one a channel",
        )
    return np.broadcast_to(numbers.ravel(), count).copy(), trainable


def scaled(context: Context, node: Any, source: Value, factors: np.ndarray, trainable: bool = False) -> Value:
    """A relay that reads each neuron through one weight, its factor."""
    if (factors == 1).all() and not trainable:
        return source
    refs, at = [], 0
    for run in source.runs():
        made = context.draft(node, len(run), run[0].draft.shape)
        weight = factors[at : at + len(run)].reshape(len(run), *(1 for _ in made.shape))
        made.bundles.append(Bundle(run, np.arange(len(run)), weight, {"trainable": trainable}))
        refs += made.refs()
        at += len(run)
    return Value(refs, source.shape)


def shifted(context: Context, node: Any, source: Value, numbers: np.ndarray, trainable: bool = False) -> Value:
    """A bias."""
    if (numbers == 0).all() and not trainable:
        return source
    source, drafts = context.opened(node, source, BIAS, trainable)
    at = 0
    for draft in drafts:
        draft.take(BIAS, trainable, bias=numbers[at : at + draft.count])
        at += draft.count
    return source
