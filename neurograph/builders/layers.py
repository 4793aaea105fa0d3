"""The layers that builders of convolutional networks put on one another."""

from collections.abc import Hashable, Sequence

import numpy as np

from neurograph.errors import OptionError
from neurograph.initializers import Weights, from_name
from neurograph.network import NeuronGraph

Names = list[Hashable]


def weights_of(initializer: str | Weights, seed: int) -> Weights:
    """An initializer by name, or the callable that was given."""
    return from_name(initializer, seed) if isinstance(initializer, str) else initializer


def whole(name: str, value: object, least: int = 1) -> int:
    """A whole number of at least `least`, or `OptionError`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptionError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def wholes(**numbers: object) -> None:
    """Refuse what is no whole number of at least 1, by its name."""
    for name, value in numbers.items():
        whole(name, value)


def shape_of(graph: NeuronGraph, names: Sequence[Hashable]) -> tuple[int, ...]:
    """The shape of the first of some neurons."""
    return graph.nodes[names[0]]["shape"]


def convolution(
    graph: NeuronGraph,
    name: str,
    sources: Sequence[Hashable],
    channels: int,
    kernel: int,
    weights: Weights,
    *,
    stride: int = 1,
    padding: int = 0,
    **attributes,
) -> Names:
    """A population of channels, each of which reads every source through a kernel of its own.

    Sources of several populations (a concatenation) are drawn as one layer, so that the fan-in is that of them all.
    """
    shape = _shrunk(name, shape_of(graph, sources), kernel, stride, padding)
    made = graph.add_population(name, channels, shape=shape, **attributes)
    drawn = weights((len(sources), channels, kernel, kernel), graph.nodes[made[0]]["activation"])
    graph.connect(sources, made, weight=drawn, stride=stride, padding=padding)
    return made


def depthwise(
    graph: NeuronGraph, name: str, sources: Sequence[Hashable], kernel: int, weights: Weights, **attributes
) -> Names:
    """A population with one channel a source, each reading its own through a kernel that keeps the shape."""
    made = graph.add_population(name, len(sources), shape=shape_of(graph, sources), **attributes)
    drawn = weights((1, len(sources), kernel, kernel), graph.nodes[made[0]]["activation"])
    graph.add_edges_from_arrays(sources, made, weight=drawn[0], padding=kernel // 2)
    return made


def pool(
    graph: NeuronGraph,
    name: str,
    sources: Sequence[Hashable],
    op: str = "max_pool",
    kernel: int = 2,
    *,
    stride: int = 2,
    padding: int = 0,
    **form,
) -> Names:
    """A relay population: one channel a source, fed by one pooling synapse each."""
    shape = _shrunk(name, shape_of(graph, sources), kernel, stride, padding)
    made = graph.add_population(name, len(sources), shape=shape)
    graph.add_edges_from_arrays(sources, made, op=op, kernel_size=kernel, stride=stride, padding=padding, **form)
    return made


def linear(
    graph: NeuronGraph, name: str, sources: Sequence[Hashable], neurons: int, weights: Weights, **attributes
) -> Names:
    """A population of scalars that read every source, whole maps through weights of their shape."""
    made = graph.add_population(name, neurons, **{"bias": 0.0, **attributes})
    window = shape_of(graph, sources)
    drawn = weights((len(sources), neurons, *window), graph.nodes[made[0]]["activation"])
    graph.connect(sources, made, weight=drawn)
    return made


def _shrunk(name: str, shape: tuple[int, ...], kernel: int, stride: int, padding: int) -> tuple[int, int]:
    height, width = ((side + 2 * padding - kernel) // stride + 1 for side in shape)
    if min(height, width) < 1:
        raise OptionError(
            f"{name}: a {kernel} x {kernel} window does not fit into {' x '.join(map(str, shape))}; "
            "give the network larger inputs"
        )
    return height, width
