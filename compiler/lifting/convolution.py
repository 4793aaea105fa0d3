"""Convolutions: one or two dimensions, strided, dilated, grouped, depthwise."""

from typing import Any

import numpy as np

from .context import Context, with_bias
from .drafts import Bundle, Value
from .errors import refuse


def convolution(context: Context, node: Any) -> Value:
    """A population of channels, each of which reads the sources of its group through kernels."""
    source = context.distinct(node, context.value(node, node.args[0]))
    if len(source.shape) != node.args[1].meta["val"].dim():
        refuse(node, f"it reads a tensor of shape {source.shape}; give the example input a batch axis")
    weight, trainable = context.tensor(node, node.args[1])
    stride, padding, dilation = (
        _pair(context.argument(node, at, name, default), default)
        for at, name, default in ((3, "stride", 1), (4, "padding", 0), (5, "dilation", 1))
    )
    if isinstance(padding, str):
        padding = _same(node, weight.shape[2:], dilation) if padding == "same" else (0, 0)
    if weight.ndim == 3:  # a sequence is a map of one row
        weight = weight[:, :, None, :]
    groups = context.argument(node, 6, "groups", 1)
    form = {"stride": stride, "padding": padding, "dilation": dilation, "trainable": trainable}
    shape = tuple(node.meta["val"].shape)
    made = context.draft(node, weight.shape[0], (1, *shape[2:])[-2:])
    made.bundles = _bundles(source, weight, groups, form)
    if context.argument(node, 2, "bias") is not None:
        with_bias(made, *context.tensor(node, context.argument(node, 2, "bias")))
    return Value(made.refs(), shape)


def _pair(given: Any, default: int) -> Any:
    if isinstance(given, str):
        return given
    numbers = [given] * 2 if isinstance(given, int) else list(given)
    return tuple(numbers) if len(numbers) == 2 else (default, numbers[0])


def _same(node: Any, kernel: tuple[int, ...], dilation: tuple[int, int]) -> tuple[int, int]:
    sides = (1, *kernel)[-2:]
    total = [d * (k - 1) for d, k in zip(dilation, sides, strict=True)]
    if any(n % 2 for n in total):
        refuse(
            node,
            f"padding='same' of an even kernel {tuple(kernel)} pads one side more than the other, and synapses pad "
            "both alike; take an odd kernel or say the padding in numbers",
        )
    return total[0] // 2, total[1] // 2


def _bundles(source: Value, weight: np.ndarray, groups: int, form: dict[str, Any]) -> list[Bundle]:
    """One bundle a group; one of pairs where every group reads a single channel (depthwise)."""
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    if inputs == 1 and groups > 1:
        refs = [source.refs[target // outputs] for target in range(weight.shape[0])]
        return [Bundle(refs, np.arange(weight.shape[0]), weight[:, 0], form)]
    found = []
    for group in range(groups):
        targets = np.arange(group * outputs, (group + 1) * outputs)
        refs = source.refs[group * inputs : (group + 1) * inputs]
        found.append(Bundle(refs, targets, weight[targets].swapaxes(0, 1), form, paired=False))
    return found


HANDLERS = {"conv1d": convolution, "conv2d": convolution}
