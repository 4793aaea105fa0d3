"""A field in PyTorch's own operators, level by level: differentiable in every way that PyTorch knows."""

import numpy as np
import torch
from torch import Tensor

from compiler.activations import SLOPED, activate
from neurograph.schema.activations import ACTIVATIONS

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
    reader = np.repeat(np.arange(len(activation)), np.diff(start))
    place, values, made = np.arange(inputs + len(activation)), [x], inputs  # place -> column of what was made
    for neurons, synapses in _levels(inputs, reader, source, len(activation)):
        here = torch.cat(values, 1) if len(values) > 1 else values[0]
        brought = here.index_select(1, _index(place[source[synapses]], x)) * weight[_index(synapses, x)]
        row = _index(np.searchsorted(neurons, reader[synapses]), x)
        total = bias[_index(neurons, x)].expand(x.shape[0], -1).index_add(1, row, brought)
        codes = activation[neurons]
        values = [here]
        for code in np.unique(codes):
            chosen = np.flatnonzero(codes == code)
            name = _NAMES[code]
            own = slope[_index(neurons[chosen], x)] if name in SLOPED and slope is not None else None
            values.append(activate(name, total.index_select(1, _index(chosen, x)), own))
        place[inputs + neurons[np.argsort(codes, kind="stable")]] = made + np.arange(len(neurons))
        made += len(neurons)
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


def _levels(inputs: int, reader: np.ndarray, source: np.ndarray, neurons: int):
    """(neurons, synapses) of each level, both rising: a neuron stands one above the highest that it reads."""
    level = np.zeros(inputs + neurons, np.int64)
    ends = np.searchsorted(reader, np.arange(neurons + 1))
    for neuron in range(neurons):
        reads = level[source[ends[neuron] : ends[neuron + 1]]]
        level[inputs + neuron] = 1 + (reads.max() if len(reads) else 0)
    own = level[inputs:]
    for height in range(1, int(own.max(initial=0)) + 1):
        yield np.flatnonzero(own == height), np.flatnonzero(own[reader] == height)


def _index(places: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(places, np.int64)).to(like.device)
