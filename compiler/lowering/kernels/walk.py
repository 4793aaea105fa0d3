"""A field in PyTorch's own operators, level by level: differentiable in every way that PyTorch knows."""

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from neurograph.schema.activations import ACTIVATIONS
from neurograph.storage.sets import each_once

from ...activations import SLOPED, activate

_NAMES = tuple(ACTIVATIONS)


def walk(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    slope: Tensor | None,
    start: np.ndarray,
    source: np.ndarray,
    activation: np.ndarray,
    outputs: np.ndarray,
) -> Tensor:
    """(batch, wanted); the parameters are those of `field.run_field` and, as arrays, a `FieldWiring`."""
    inputs = x.shape[1]
    place, values, made = np.arange(inputs + len(activation)), [x], inputs  # place -> column of what was made
    bounds = level_bounds(inputs, start, source)
    for low, high in pairwise(bounds.tolist()):
        first, last = int(start[low]), int(start[high])
        here = torch.cat(values, 1) if len(values) > 1 else values[0]
        contribution = here.index_select(1, _index(place[source[first:last]], x)) * weight[first:last]
        row = _index(np.repeat(np.arange(high - low), np.diff(start[low : high + 1])), x)
        total = bias[low:high].expand(x.shape[0], -1).index_add(1, row, contribution)
        codes = activation[low:high]
        values = [here]
        for code in each_once(codes):
            chosen = np.flatnonzero(codes == code)
            name = _NAMES[code]
            own = slope[_index(low + chosen, x)] if name in SLOPED and slope is not None else None
            values.append(activate(name, total.index_select(1, _index(chosen, x)), own))
        place[inputs + low + np.argsort(codes, kind="stable")] = made + np.arange(high - low)
        made += high - low
    return torch.cat(values, 1).index_select(1, _index(place[outputs], x))


def walk_backward(
    gradient: Tensor, tensors: tuple, arrays: tuple[np.ndarray, ...], needed: tuple[bool, ...], create_graph: bool
) -> list[Tensor | None]:
    """The gradients of x, weight, bias and slope, where needed; themselves differentiable if a graph is created."""
    found: list[Tensor | None] = [None] * 4
    wanted = [i for i, need in enumerate(needed) if need]
    with torch.enable_grad():
        if not create_graph:
            tensors = tuple(None if t is None else t.detach().requires_grad_() for t in tensors)
        y = walk(*tensors, *arrays)
        by = [tensors[i] for i in wanted]
        parts = torch.autograd.grad(y, by, gradient, create_graph=create_graph, allow_unused=True)
    for i, part in zip(wanted, parts, strict=True):
        found[i] = part
    return found


def level_bounds(inputs: int, start: np.ndarray, source: np.ndarray) -> np.ndarray:
    """(levels + 1,) where runs of neurons begin that read none of their own run, and where the last one ends."""
    neurons = len(start) - 1
    highest, reading = np.full(neurons, -1, np.int64), np.flatnonzero(np.diff(start))
    if len(reading):
        highest[reading] = np.maximum.reduceat(source, start[reading])
    bounds, begin = [0], inputs
    for neuron, place in enumerate(highest.tolist()):
        if place >= begin:
            bounds.append(neuron)
            begin = inputs + neuron
    return np.array([*bounds, neurons] if neurons else [0], np.int64)


def _index(places: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(places, np.int64)).to(like.device)
