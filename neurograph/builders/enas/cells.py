"""What stands between the layers of a macro network: operations, factorised reduction, read-outs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurograph.builders.enas.genes import Gene
from neurograph.builders.layers import Names, convolution, depthwise, pool, shape_of
from neurograph.errors import OptionError
from neurograph.initializers import Weights
from neurograph.network import NeuronGraph

UNIT: dict[str, Any] = {
    "norm": "batch",
    "activation": "relu",
}  # what ends every convolution: batch norm, then ReLU; no bias


def operation(
    graph: NeuronGraph, name: str, end: str, gene: Gene, source: Names, channels: int, weights: Weights
) -> Names:
    """A layer's operation behind the 1 x 1 convolution that gives it its channels; the last population is `end`."""
    below = convolution(graph, f"{name}.reduce", source, channels, 1, weights, **UNIT)
    if gene.operation in ("average", "maximum"):
        op = {"average": "avg_pool", "maximum": "max_pool"}[gene.operation]
        form = {"count_include_pad": False} if op == "avg_pool" else {}
        return pool(graph, end, below, op, 3, stride=1, padding=1, **form)
    kernel = int(gene.operation[-1])
    if gene.operation.startswith("conv"):
        return convolution(graph, end, below, channels, kernel, weights, padding=kernel // 2, **UNIT)
    below = depthwise(graph, f"{name}.depthwise", below, kernel, weights)
    return convolution(graph, end, below, channels, 1, weights, **UNIT)


def reduction(graph: NeuronGraph, name: str, source: Names, channels: int, weights: Weights) -> Names:
    """Factorised reduction: maps of half the side; batch norm, no activation.

    The first half of the channels reads every second pixel through 1 x 1 kernels, the other half the pixels between,
    one further down and to the right. Fixed 2 x 2 kernels with a one in their last corner pick those.
    """
    height, width = (side // 2 for side in shape_of(graph, source))
    if any(side % 2 for side in shape_of(graph, source)):
        raise OptionError(f"{name}: maps of {shape_of(graph, source)} cannot be halved; give sides that can")
    shape = (height, width)
    corner = np.zeros((len(source), 2, 2))
    corner[:, 1, 1] = 1.0
    between = graph.add_population(f"{name}.between", len(source), shape=shape)
    graph.add_edges_from_arrays(source, between, weight=corner, stride=2, trainable=False)
    made = graph.add_population(name, channels, shape=shape, norm="batch")
    drawn = weights((len(source), channels, 1, 1), "identity")
    half = channels // 2
    graph.connect(source, made[:half], weight=drawn[:, :half], stride=2)
    graph.connect(between, made[half:], weight=drawn[:, half:])
    return made


def averages(graph: NeuronGraph, source: Names) -> Names:
    """Global average pooling: one scalar a channel."""
    made = graph.add_population("read", len(source))
    graph.add_edges_from_arrays(source, made, op="avg_pool", kernel_size=shape_of(graph, source))
    return made


def grouped_convolution(graph: NeuronGraph, source: Names, weights: Weights) -> Names:
    """One scalar a channel through a kernel as large as the map (Neuron hierarchical networks, 2.2)."""
    made = graph.add_population("read", len(source))
    drawn = weights((1, len(source), *shape_of(graph, source)), "identity")
    graph.add_edges_from_arrays(source, made, weight=drawn[0])
    return made


def joined(graph: NeuronGraph, end: str, sources: Sequence[Names], channels: int, weights: Weights) -> Names:
    """A 1 x 1 convolution over the concatenation of some populations."""
    return convolution(graph, end, [name for names in sources for name in names], channels, 1, weights, **UNIT)
