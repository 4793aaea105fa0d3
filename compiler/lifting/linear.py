"""Linear layers, over scalars and over maps that were flattened."""

from typing import Any

import numpy as np

from .context import Context, with_bias
from .drafts import Bundle, Value
from .errors import refuse


def linear(context: Context, node: Any) -> Value:
    """A population of scalars; a map is read through weights of its own shape."""
    source = context.distinct(node, context.value(node, node.args[0]))
    if not source.is_flat:
        refuse(node, f"it works on the last axis of a tensor of shape {source.shape}; flatten(1) it first")
    weight, trainable = context.tensor(node, node.args[1])
    made = context.draft(node, weight.shape[0], ())
    targets, at = np.arange(weight.shape[0]), 0
    for run in source.runs():
        shape = run[0].draft.shape
        size = len(run) * int(np.prod(shape))
        columns = weight[:, at : at + size].reshape(len(weight), len(run), *shape)
        made.bundles.append(Bundle(run, targets, columns.swapaxes(0, 1), {"trainable": trainable}, paired=False))
        at += size
    if context.argument(node, 2, "bias") is not None:
        with_bias(made, *context.tensor(node, context.argument(node, 2, "bias")))
    return Value(made.refs(), tuple(node.meta["val"].shape))


HANDLERS = {"linear": linear}
