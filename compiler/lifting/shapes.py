"""What moves numbers without computing: flattening, slicing, concatenating, splitting, padding with channels."""

from dataclasses import replace
from typing import Any

from .context import Context
from .drafts import SUM, Bundle, Draft, Ref, Value
from .errors import refuse
from .pools import pooled


def same(context: Context, node: Any) -> Value:
    """What changes nothing: copies, memory formats."""
    source = context.value(node, node.args[0])
    if node.meta["val"].dtype != node.args[0].meta["val"].dtype:
        refuse(node, f"it turns {node.args[0].meta['val'].dtype} into {node.meta['val'].dtype}; a graph has one dtype")
    return source


def reshape(context: Context, node: Any) -> Value:
    """A flatten of all but the batch, in C order, and whatever only adds or drops axes of length one."""
    source, shape = context.value(node, node.args[0]), tuple(node.meta["val"].shape)
    if shape == source.shape:
        return source
    if len(shape) == 2 and shape[0] == source.shape[0]:
        return _flattened(context, node, source, shape)
    trial = replace(source, shape=shape)
    channels = shape[:2] == (source.shape[0], len(source.refs)) and 3 <= len(shape) <= 4
    if channels and all(ref.draft.shape == trial.map_shape for ref in source.refs):
        return trial
    return refuse(
        node,
        f"{source.shape} to {shape} is no flatten of everything but the batch axis; neurons keep their shapes, so use "
        "flatten(1) before linear layers",
    )


def _flattened(context: Context, node: Any, source: Value, shape: tuple[int, ...]) -> Value:
    """The same neurons; but maps of one pixel become scalars."""
    if any(ref.draft.shape != (1, 1) for ref in source.refs):
        return replace(source, shape=shape)
    drafts = source.drafts() if source.sole else None
    if not drafts or not all(_reads_all(bundle) for draft in drafts for bundle in draft.bundles):
        return pooled(context, node, source, "avg_pool", shape, kernel_size=(1, 1))
    for draft in drafts:
        draft.shape = ()
        if draft.attributes.get("dropout_kind") == "channel":
            draft.attributes["dropout_kind"] = "element"
        for bundle in draft.bundles:
            if bundle.weight is not None:
                bundle.form = {"trainable": bundle.form["trainable"]}
    return replace(source, shape=shape)


def _reads_all(bundle: Bundle) -> bool:
    """Whether synapses could lead to scalars as well: pools, and kernels as large as the maps they read."""
    if bundle.weight is None:
        return bundle.form["op"] != "identity"
    padded = tuple(bundle.form.get("padding", (0, 0))) != (0, 0)
    return not padded and all(ref.draft.shape == bundle.kernel for ref in bundle.sources)


def concatenate(context: Context, node: Any) -> Value:
    """Neurons one after another, along channels or features."""
    nodes = list(node.args[0])
    parts = [context.value(node, part) for part in nodes]
    axis = context.argument(node, 1, "dim", 0) % len(parts[0].shape)
    if axis != 1:
        refuse(node, f"along axis {axis}; neurons stand along axis 1, the channels or features")
    refs = [ref for part in parts for ref in part.refs]
    sole = all(part.sole for part in parts) and len(set(nodes)) == len(nodes)
    return Value(refs, tuple(node.meta["val"].shape), sole)


def cut(context: Context, node: Any) -> Value:
    """A slice: of channels, or every n-th row or column."""
    source = context.value(node, node.args[0])
    axis = context.argument(node, 1, "dim", 0) % len(source.shape)
    length = source.shape[axis]
    start, stop, step = slice(
        context.argument(node, 2, "start"), context.argument(node, 3, "end"), context.argument(node, 4, "step", 1)
    ).indices(length)
    if (start, stop, step) == (0, length, 1):
        return source
    shape = tuple(node.meta["val"].shape)
    if axis == 1:
        return Value(_part(node, source, range(start, stop, step)), shape, sole=False)
    if axis == 0 or start or stop < length:
        refuse(node, f"a slice {start}:{stop}:{step} of axis {axis}; channels can be sliced, or every n-th pixel taken")
    return _strided(context, node, source, shape, (step, 1) if axis == len(source.shape) - 2 else (1, step))


def _strided(context: Context, node: Any, source: Value, shape: tuple[int, ...], stride: tuple[int, int]) -> Value:
    """Every n-th pixel: an average over windows of one pixel. Rows, then columns, become one."""
    if len(shape) == 3:
        stride = (1, max(stride))
    draft = context.summing(source)
    before = draft.bundles[0].form if draft and len(draft.bundles) == 1 else {}
    if draft and draft.stage == SUM and before.get("op") == "avg_pool" and before.get("kernel_size") == (1, 1):
        before["stride"] = (before["stride"][0] * stride[0], before["stride"][1] * stride[1])
        draft.shape = Value([], shape).map_shape
        return Value(draft.refs(), shape)
    return pooled(context, node, source, "avg_pool", shape, kernel_size=(1, 1), stride=stride)


def _part(node: Any, source: Value, places: range) -> list[Ref]:
    """The neurons at some places of axis 1."""
    if len(source.refs) != source.shape[1]:
        refuse(node, "it cuts maps that were flattened; cut the channels before the flatten")
    return [source.refs[place] for place in places]


def split(context: Context, node: Any) -> list[Value]:
    """Channels in parts."""
    source, found, at = context.value(node, node.args[0]), [], 0
    for part in node.meta["val"]:
        shape = tuple(part.shape)
        if len(shape) != len(source.shape) or shape[:1] + shape[2:] != source.shape[:1] + source.shape[2:]:
            refuse(node, f"it splits {source.shape} along another axis than 1, where the channels or features stand")
        found.append(Value(_part(node, source, range(at, at + shape[1])), shape, sole=False))
        at += shape[1]
    return found


def item(context: Context, node: Any) -> Value:
    """One of several results."""
    found = context.values[node.args[0]]
    if isinstance(found, list):
        return found[node.args[1]]
    if node.args[1] != 0:
        refuse(node.args[0], "the places of maxima are no values of neurons; a graph has the maxima alone")
    return found


def pad(context: Context, node: Any) -> Value:
    """Channels of zeros before and after; pixels are padded by the synapses that read them."""
    source, sides = context.value(node, node.args[0]), list(node.args[1])
    if not any(sides):
        return source
    mode, number = context.argument(node, 2, "mode", "constant"), context.argument(node, 3, "value", None)
    sides += [0] * (2 * len(source.shape) - len(sides))
    *pixels, before, after, first, last = sides
    if mode != "constant" or number or any(pixels) or first or last or min(before, after) < 0:
        refuse(node, "padding of pixels; say it in the convolution or pool that follows (padding=), zeros, both alike")
    source, (draft, *others) = context.opened(node, source, SUM + 1)
    if others or draft.stage != SUM:
        refuse(node, "padding of a concatenation; pad its parts")
    _widen(draft, before, after)
    return Value(draft.refs(), tuple(node.meta["val"].shape))


def _widen(draft: Draft, before: int, after: int) -> None:
    draft.count += before + after
    for bundle in draft.bundles:
        bundle.targets = bundle.targets + before


HANDLERS = {
    "contiguous": same,
    "clone": same,
    "alias": same,
    "to": same,
    "_to_copy": same,
    "view": reshape,
    "reshape": reshape,
    "flatten": reshape,
    "squeeze": reshape,
    "unsqueeze": reshape,
    "_unsafe_view": reshape,
    "cat": concatenate,
    "concat": concatenate,
    "slice": cut,
    "split": split,
    "split_with_sizes": split,
    "chunk": split,
    "pad": pad,
    "constant_pad_nd": pad,
}
