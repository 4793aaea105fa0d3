"""Batch norm: statistics, scales and shifts go into the neurons."""

from typing import Any

import numpy as np

from .context import Context
from .drafts import NORM, Value
from .errors import refuse


def batch_norm(context: Context, node: Any) -> Value:
    """Batch norm by running statistics, in the neuron it follows or in a relay."""
    source = context.value(node, node.args[0])
    weight, bias, mean, variance = (
        context.argument(node, at, name) for at, name in enumerate(("weight", "bias", "running_mean", "running_var"), 1)
    )
    training, momentum, eps = (
        context.argument(node, at, name) for at, name in enumerate(("training", "momentum", "eps"), 5)
    )
    if momentum == 0 and getattr(context.owner(node), "momentum", 0) is None:
        refuse(
            node, "momentum=None averages over all batches so far, and a neuron's statistics have a momentum; set one"
        )
    if mean is None or training:
        refuse(node, "batch norm without running statistics; make it with track_running_stats=True")
    if source.is_flat and any(np.prod(ref.draft.shape) > 1 for ref in source.refs):
        refuse(node, "a map has one norm, and this one works on its pixels; put a BatchNorm2d before the flatten")
    values = {"running_mean": context.tensor(node, mean)[0], "running_var": context.tensor(node, variance)[0]}
    trainable = False  # without weight and bias: gamma 1 and beta 0 are there and stay
    if weight is not None:
        (values["gamma"], trainable), (values["beta"], other) = context.tensor(node, weight), context.tensor(node, bias)
        if trainable != other:
            refuse(node, "of its weight and bias one is trained and one is not; a neuron's norm is trained as a whole")
    source, drafts = context.opened(node, source, NORM, trainable)
    at = 0
    for draft in drafts:
        own = {name: numbers[at : at + draft.count] for name, numbers in values.items()}
        draft.take(NORM, trainable, norm="batch", eps=eps, momentum=momentum, **own)
        at += draft.count
    return source


HANDLERS = {"batch_norm": batch_norm}
