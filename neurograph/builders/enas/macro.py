"""A network of ENAS's macro search space from its genes."""

from collections.abc import Sequence

from neurograph.builders.enas.cells import UNIT, averages, grouped_convolution, joined, operation, reduction
from neurograph.builders.enas.genes import read_genes
from neurograph.builders.layers import Names, convolution, linear, weights_of, whole, wholes
from neurograph.errors import OptionError
from neurograph.initializers import Weights
from neurograph.network import NeuronGraph

READ_OUTS = {"average": lambda graph, source, weights: averages(graph, source), "grouped": grouped_convolution}


def enas_macro(
    genes: Sequence,
    channels: int = 36,
    seed: int = 0,
    *,
    segments: int = 3,
    widen: int = 1,
    stem: int | None = None,
    read_out: str = "average",
    classes: int = 10,
    inputs: int = 3,
    size: int = 32,
    initializer: str | Weights = "he_uniform",
) -> NeuronGraph:
    """A network of the macro search space (Pham et al. 2018; Neuron hierarchical networks, 2.1).

    A stem (3 x 3 convolution) and layers in a row, cut into segments; between two segments a factorised reduction
    halves the maps. A layer is a 1 x 1 convolution to its channels and one of six operations on what the layer before
    it gives: 3 x 3 or 5 x 5 convolution, the same depthwise separable, 3 x 3 average or maximum with stride 1. Where
    it also reads earlier layers, its operation and they are concatenated and go through one more 1 x 1 convolution.
    A layer of an earlier segment is read through reductions of its own, one for each boundary, which its readers
    share. Every convolution ends in batch norm and, reductions apart, ReLU, and has no bias.

    The end of layer i is population "layer{i}". Beside it: "layer{i}.reduce" (its 1 x 1), "layer{i}.depthwise",
    "layer{i}.operation" (where something is concatenated to it) and "layer{i}.at{s}" (its reduction to segment s, with
    the pixel picker "layer{i}.at{s}.between", fixed kernels); "stem" likewise; "read" and "output".

    With C channels, trained parameters are: the stem's 9 inputs C + 2C; in each layer C² + 2C for the 1 x 1, then
    k²C² + 2C (convolution), k²C + C² + 2C (separable) or none (pool), and (1 + skips) C² + 2C where there are skips;
    C² + 2C for each reduction; classes (C + 1) for the read-out, and C h w more where it is "grouped" (h x w: the last
    maps). Three layers of 3 x 3 convolutions without skips in three segments of 36 channels: 43,462.

    Parameters
    ----------
    genes
        One row a layer: an operation (its number or name in `OPERATIONS`: 0 conv3, 1 separable3, 2 conv5,
        3 separable5, 4 average, 5 maximum), then a bit for each earlier layer, whether it is read; see `read_genes`.
    channels
        Of every layer of the first segment; even, where there are reductions.
    seed
        Of the weights.
    segments
        How many; layers stand in them equally, and what is left over in the last one.
    widen
        Factor on the channels at each reduction (ENAS: 2 when it trains a fixed network).
    stem
        Channels of the stem; unless given as many as a layer has.
    read_out
        "average" (global average pooling) or "grouped" (a kernel a channel, as large as its map: Neuron hierarchical
        networks, 2.2), then one linear layer.
    classes, inputs, size
        Neurons of the read-out; channels and side of the input.
    initializer
        A name from `neurograph.initializers`, or a callable of (shape, activation).

    Returns
    -------
    graph : NeuronGraph
        Its journal starts here.

    Raises
    ------
    OptionError
        Genes that are none; fewer layers than segments; odd channels or sides at a reduction.

    Examples
    --------
    >>> from neurograph.builders import parameter_count
    >>> parameter_count(enas_macro([["conv3"], ["conv3", 0], ["conv3", 0, 0]]))
    43462
    >>> g = enas_macro([["conv3"], ["maximum", 1]], channels=4, segments=1, size=8)
    >>> [name for name in g.populations if name.startswith("layer1")]
    ['layer1.reduce', 'layer1.operation', 'layer1']
    """
    rows = read_genes(genes)
    wholes(channels=channels, classes=classes, inputs=inputs, size=size, widen=widen)
    if len(rows) < whole("segments", segments):
        raise OptionError(f"{len(rows)} layers cannot stand in {segments} segments; give more layers or fewer segments")
    if segments > 1 and channels % 2:
        raise OptionError(f"channels must be even, for a reduction makes them in two halves, not {channels}")
    if read_out not in READ_OUTS:
        raise OptionError(f"read_out must be one of {', '.join(READ_OUTS)}, not {read_out!r}")
    weights = weights_of(initializer, seed)
    graph = NeuronGraph()
    image = graph.add_population("input", inputs, role="input", shape=(size, size))
    start = whole("stem", channels if stem is None else stem)
    ends = _Ends(graph, channels, widen, weights)
    ends.add("stem", 0, convolution(graph, "stem", image, start, 3, weights, padding=1, **UNIT))
    each = len(rows) // segments
    for layer, gene in enumerate(rows):
        segment = min(layer // each, segments - 1)
        name, wide = f"layer{layer}", channels * widen**segment
        source = ends.at(f"layer{layer - 1}" if layer else "stem", segment)
        end = f"{name}.operation" if gene.skips else name
        made = operation(graph, name, end, gene, source, wide, weights)
        if gene.skips:
            skips = [ends.at(f"layer{earlier}", segment) for earlier in gene.skips]
            made = joined(graph, name, [*skips, made], wide, weights)
        ends.add(name, segment, made)
    read = READ_OUTS[read_out](graph, made, weights)
    linear(graph, "output", read, classes, weights, is_output=True)
    graph.restart_journal()
    return graph


class _Ends:
    """The ends of layers, in the segments where they are read."""

    def __init__(self, graph: NeuronGraph, channels: int, widen: int, weights: Weights) -> None:
        self.graph, self.channels, self.widen, self.weights = graph, channels, widen, weights
        self.found: dict[tuple[str, int], Names] = {}

    def add(self, name: str, segment: int, made: Names) -> None:
        self.found[name, segment] = made

    def at(self, name: str, segment: int) -> Names:
        """A layer's maps at the size of a segment, reduced once for each boundary between; made when first read."""
        if (name, segment) not in self.found:
            below = self.at(name, segment - 1)
            wide = self.channels * self.widen**segment
            self.add(name, segment, reduction(self.graph, f"{name}.at{segment}", below, wide, self.weights))
        return self.found[name, segment]
