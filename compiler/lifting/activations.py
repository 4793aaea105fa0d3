"""Activations, as modules, functions or methods."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .context import Context
from .drafts import ACTIVATION, Value
from .errors import refuse

Handler = Callable[[Context, Any], Value]


def plain(name: str, **expected: float | str) -> Handler:
    """The handler of an operator that is one of the graph's activations while its options are those expected."""

    def handler(context: Context, node: Any) -> Value:
        for at, (option, number) in enumerate(expected.items(), 1):
            given = context.argument(node, at, option, number)
            if given != number:
                refuse(node, f"its {option} is {given}, and the activation {name!r} has {number}")
        return activated(context, node, name)

    return handler


def activated(context: Context, node: Any, name: str, source: Value | None = None) -> Value:
    """An activation without parameters, in the neuron it follows or in a relay."""
    source, drafts = context.opened(node, source or context.value(node, node.args[0]), ACTIVATION)
    for draft in drafts:
        draft.take(ACTIVATION, None, activation=name)
    return source


def leaky_relu(context: Context, node: Any) -> Value:
    """Leaky ReLU; with another slope than 0.01 a PReLU whose slope is not trained."""
    slope = context.argument(node, 1, "negative_slope", 0.01)
    if slope == 0.01:
        return activated(context, node, "leaky_relu")
    source = context.value(node, node.args[0])
    return _sloped(context, node, source, np.full(len(source.refs), float(slope)), trainable=False)


def prelu(context: Context, node: Any) -> Value:
    """PReLU with one slope a neuron."""
    source = context.value(node, node.args[0])
    slope, trainable = context.tensor(node, node.args[1])
    if len(slope) != len(source.refs):
        refuse(
            node,
            f"weight sharing: {len(slope)} slope(s) for {len(source.refs)} neurons, and each has its own; make it with "
            f"num_parameters={len(source.refs)}",
        )
    return _sloped(context, node, source, slope, trainable)


def _sloped(context: Context, node: Any, source: Value, slope: np.ndarray, trainable: bool) -> Value:
    source, drafts = context.opened(node, source, ACTIVATION, trainable)
    at = 0
    for draft in drafts:
        draft.take(ACTIVATION, trainable, activation="prelu", slope=slope[at : at + draft.count])
        at += draft.count
    return source


def clamp(context: Context, node: Any) -> Value:
    """The clamps that are activations: below 0, to [0, 6] or to [-1, 1]."""
    low, high = context.argument(node, 1, "min"), context.argument(node, 2, "max")
    name = {(0, None): "relu", (0, 6): "relu6", (-1, 1): "hard_tanh"}.get((low, high))
    if name is None:
        refuse(node, f"clamping to [{low}, {high}] is no activation of a neuron; there are relu, relu6 and hard_tanh")
    return activated(context, node, name)


def hardtanh(context: Context, node: Any) -> Value:
    """`clamp` by its other name."""
    low, high = context.argument(node, 1, "min_val", -1), context.argument(node, 2, "max_val", 1)
    name = {(0, 6): "relu6", (-1, 1): "hard_tanh"}.get((low, high))
    if name is None:
        refuse(node, f"clamping to [{low}, {high}] is no activation of a neuron; there are relu6 and hard_tanh")
    return activated(context, node, name)


def gelu(context: Context, node: Any) -> Value:
    """GELU, exact or by tanh."""
    approximate = node.kwargs.get("approximate", "none")
    return activated(context, node, "gelu" if approximate == "none" else "gelu_tanh")


def power(context: Context, node: Any) -> Value:
    """The square."""
    if node.args[1] != 2:
        refuse(node, f"a power of {node.args[1]} is no activation of a neuron; there is the square")
    return activated(context, node, "square")


HANDLERS: dict[str, Handler] = {
    "relu": plain("relu"),
    "relu6": plain("relu6"),
    "hardtanh": hardtanh,
    "clamp": clamp,
    "clamp_min": clamp,
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "elu": plain("elu", alpha=1.0, scale=1.0, input_scale=1.0),
    "selu": plain("selu"),
    "celu": plain("celu", alpha=1.0),
    "gelu": gelu,
    "silu": plain("silu"),
    "mish": plain("mish"),
    "softplus": plain("softplus", beta=1.0, threshold=20.0),
    "tanh": plain("tanh"),
    "sigmoid": plain("sigmoid"),
    "log_sigmoid": plain("log_sigmoid"),
    "hardsigmoid": plain("hard_sigmoid"),
    "hardswish": plain("hard_swish"),
    "hardshrink": plain("hard_shrink", lambd=0.5),
    "softshrink": plain("soft_shrink", lambd=0.5),
    "abs": plain("abs"),
    "square": plain("square"),
    "pow": power,
    "sin": plain("sin"),
}
