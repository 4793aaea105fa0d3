"""Pools: windows, adaptive ones of exact ratio, means and maxima over all of a map."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .context import Context
from .drafts import Bundle, Value
from .errors import refuse

Handler = Callable[[Context, Any], Value]


def pooled(context: Context, node: Any, source: Value, op: str, shape: tuple[int, ...], **form: Any) -> Value:
    """A relay that reads each channel through a pooling synapse; shape is that of the traced tensor."""
    made = context.draft(node, len(source.refs), Value([], shape).map_shape)
    made.bundles.append(Bundle(source.refs, np.arange(made.count), form={"op": op, **form}))
    return Value(made.refs(), shape)


def _maps(context: Context, node: Any) -> Value:
    source = context.value(node, node.args[0])
    if source.is_flat:
        refuse(node, f"it reads a tensor of shape {source.shape}; give the example input a batch axis")
    return source


def _pair(given: Any, first: int) -> tuple[int, int]:
    numbers = [given] if isinstance(given, int) else list(given)
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    return first, numbers[0]


def window(op: str, dimensions: int) -> Handler:
    """The handler of a pool with a sliding window."""

    def handler(context: Context, node: Any) -> Value:
        source = _maps(context, node)

        def option(at: int, name: str, neutral: int, default: Any) -> tuple[int, int]:
            given = context.argument(node, at, name, default)
            given = default if given in ([], None) else given
            return _pair([given] * dimensions if isinstance(given, int) else list(given), neutral)

        kernel = node.args[1]
        form: dict[str, Any] = {
            "kernel_size": option(1, "kernel_size", 1, 1),
            "stride": option(2, "stride", 1, kernel),
            "padding": option(3, "padding", 0, 0),
        }
        if op == "max_pool":
            form["dilation"] = option(4, "dilation", 1, 1)
            form["ceil_mode"] = bool(context.argument(node, 5, "ceil_mode", False))
        else:
            form["ceil_mode"] = bool(context.argument(node, 4, "ceil_mode", False))
            form["count_include_pad"] = bool(context.argument(node, 5, "count_include_pad", True))
            if context.argument(node, 6, "divisor_override") is not None:
                refuse(node, "divisor_override; an average divides by the size of its window")
        return pooled(context, node, source, op, _shape(node), **form)

    return handler


def adaptive(op: str) -> Handler:
    """The handler of a pool to a given size, where that divides the map's."""

    def handler(context: Context, node: Any) -> Value:
        source, shape = _maps(context, node), _shape(node)
        have, want = source.map_shape, Value([], shape).map_shape
        if any(a % b for a, b in zip(have, want, strict=True)):
            refuse(
                node,
                f"adaptive pooling of {have} to {want} has windows of different sizes; take a size that divides both "
                "sides, or a pool with kernel_size and stride",
            )
        if have == want:
            return source
        size = tuple(a // b for a, b in zip(have, want, strict=True))
        return pooled(context, node, source, op, shape, kernel_size=size, stride=size)

    return handler


def over_maps(op: str) -> Handler:
    """The handler of a mean or maximum over height and width."""

    def handler(context: Context, node: Any) -> Value:
        source = _maps(context, node)
        rank = len(source.shape)
        axes = context.argument(node, 1, "dim")
        axes = sorted(axis % rank for axis in ([axes] if isinstance(axes, int) else axes or range(rank)))
        if axes != list(range(2, rank)):
            refuse(
                node, f"over axes {axes} of {source.shape}; over all of a map, {tuple(range(2, rank))}, it is a pool"
            )
        size = source.map_shape
        return pooled(context, node, source, op, _shape(node), kernel_size=size, stride=size)

    return handler


def _shape(node: Any) -> tuple[int, ...]:
    """The shape of the result, or of the first where there are indices beside it."""
    found = node.meta["val"]
    return tuple((found[0] if isinstance(found, tuple | list) else found).shape)


HANDLERS: dict[str, Handler] = {
    "max_pool1d": window("max_pool", 1),
    "max_pool2d": window("max_pool", 2),
    "max_pool1d_with_indices": window("max_pool", 1),
    "max_pool2d_with_indices": window("max_pool", 2),
    "avg_pool1d": window("avg_pool", 1),
    "avg_pool2d": window("avg_pool", 2),
    "adaptive_avg_pool1d": adaptive("avg_pool"),
    "adaptive_avg_pool2d": adaptive("avg_pool"),
    "adaptive_max_pool1d": adaptive("max_pool"),
    "adaptive_max_pool2d": adaptive("max_pool"),
    "mean": over_maps("avg_pool"),
    "amax": over_maps("max_pool"),
}
