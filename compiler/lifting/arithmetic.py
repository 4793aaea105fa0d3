"""Sums, differences, products and quotients of two tensors, or of one and a constant."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .activations import activated
from .constants import is_constant, numbers_for, scaled, shifted
from .context import Context
from .drafts import BIAS, Value
from .errors import operator, refuse
from .sums import identity, summed

Handler = Callable[[Context, Any], Value]


def add(context: Context, node: Any) -> Value:
    """A residual sum, or a shift."""
    return _sum(context, node, *node.args, factor=node.kwargs.get("alpha", 1))


def subtract(context: Context, node: Any) -> Value:
    """A difference."""
    return _sum(context, node, *node.args, factor=-node.kwargs.get("alpha", 1))


def reverse_subtract(context: Context, node: Any) -> Value:
    """A difference, the other way round."""
    return _sum(context, node, node.args[1], node.args[0], factor=-node.kwargs.get("alpha", 1))


def _sum(context: Context, node: Any, left: Any, right: Any, factor: float) -> Value:
    """Left and factor times right."""
    if is_constant(context, right):
        source = context.value(node, left)
        numbers, trainable = numbers_for(context, node, right, source)
        if trainable and factor != 1:
            refuse(node, f"{context.name_of(right)!r} is trained, and a bias is added as it is; add it")
        return shifted(context, node, source, factor * numbers, trainable)
    if is_constant(context, left):
        source = _times(context, node, context.value(node, right), factor)
        return shifted(context, node, source, *numbers_for(context, node, left, source))
    a, b = _equal(context, node, left, right)
    if left is right:
        a = b = Value(a.refs, a.shape, sole=False)
    return summed(context, node, [a, _times(context, node, b, factor)])


def _times(context: Context, node: Any, source: Value, factor: float) -> Value:
    return scaled(context, node, source, np.full(len(source.refs), float(factor)))


def negate(context: Context, node: Any) -> Value:
    """A change of sign."""
    return _times(context, node, context.value(node, node.args[0]), -1.0)


def multiply(context: Context, node: Any) -> Value:
    """A factor, or the product of two tensors of one shape."""
    left, right = node.args
    if is_constant(context, left) and not is_constant(context, right):
        left, right = right, left
    if is_constant(context, right):
        source = context.value(node, left)
        return scaled(context, node, source, *numbers_for(context, node, right, source))
    if left is right:
        return activated(context, node, "square")
    return _aggregated(context, node, "product")


def divide(context: Context, node: Any) -> Value:
    """A constant divisor; or what `torch.nn.functional.softsign` does."""
    left, right = node.args
    if is_constant(context, right) and not node.kwargs.get("rounding_mode"):
        source = context.value(node, left)
        numbers, trainable = numbers_for(context, node, right, source)
        if trainable or (numbers == 0).any():
            refuse(node, "a divisor that is trained or zero; multiply instead")
        return scaled(context, node, source, 1.0 / numbers)
    if _is_softsign(left, right):
        return activated(context, node, "softsign", context.value(node, left))
    return refuse(node, "neurons add and multiply what they read, and do not divide by it")


def _is_softsign(left: Any, right: Any) -> bool:
    if getattr(right, "op", "") != "call_function" or operator(right) != "add" or right.args[1] != 1:
        return False
    below = right.args[0]
    return getattr(below, "op", "") == "call_function" and operator(below) == "abs" and below.args[0] is left


def _aggregated(context: Context, node: Any, how: str) -> Value:
    """A relay that puts what it reads together in another way than by a sum."""
    a, b = _equal(context, node, *node.args)
    if node.args[0] is node.args[1]:
        return a
    shape = a.refs[0].draft.shape
    if shape:
        refuse(node, f"a {how} of feature maps, which can only be summed; scalars can be put together otherwise")
    made = context.draft(node, len(a.refs), shape)
    made.take(BIAS, None, aggregation=how)
    for part in (a, b):
        made.bundles.append(identity(context, node, made, part))
    return Value(made.refs(), a.shape)


def aggregated(how: str) -> Handler:
    """The handler of an elementwise maximum or minimum."""
    return lambda context, node: _aggregated(context, node, how)


def _equal(context: Context, node: Any, left: Any, right: Any) -> tuple[Value, Value]:
    a, b = context.value(node, left), context.value(node, right)
    shapes = [[ref.draft.shape for ref in part.refs] for part in (a, b)]
    if a.shape != b.shape or shapes[0] != shapes[1]:
        refuse(node, f"of tensors of shapes {a.shape} and {b.shape}; synapses join neurons of equal shapes")
    if len(set(shapes[0])) > 1:
        refuse(node, "of flattened maps of several shapes; combine them before they are concatenated")
    return a, b


HANDLERS: dict[str, Handler] = {
    "add": add,
    "sub": subtract,
    "rsub": reverse_subtract,
    "neg": negate,
    "mul": multiply,
    "div": divide,
    "maximum": aggregated("max"),
    "minimum": aggregated("min"),
}
