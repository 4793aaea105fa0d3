"""VGG with a head for CIFAR, in the depths of its paper and in those that CompNet makes by inserting a layer."""

from math import isfinite

from neurograph.builders.layers import convolution, linear, pool, shape_of, weights_of, whole, wholes
from neurograph.errors import OptionError
from neurograph.initializers import Weights
from neurograph.network import NeuronGraph

FILTERS = (64, 128, 256, 512, 512)

# Convolutions in each of the five blocks; a pool follows every block.
BLOCKS: dict[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    15: (2, 2, 3, 2, 3),
    16: (2, 2, 3, 3, 3),
    17: (2, 2, 4, 3, 3),
    18: (2, 2, 4, 3, 4),
    19: (2, 2, 4, 4, 4),
}


def vgg(
    depth: int = 16,
    batch_norm: bool = False,
    classes: int = 10,
    seed: int = 0,
    *,
    inputs: int = 3,
    size: int = 32,
    width: float = 1.0,
    activation: str = "relu",
    initializer: str | Weights = "he_uniform",
) -> NeuronGraph:
    """VGG (Simonyan and Zisserman 2014, Table 1) with one linear layer from 512 in place of its three.

    Five blocks of 3 x 3 convolutions, padded by 1, with bias and activation, of 64, 128, 256, 512 and 512 filters, each
    block followed by a 2 x 2 maximum with stride 2. 11, 13, 16 and 19 are the paper's configurations A, B, D and E,
    named by the layers they would have with the paper's own head. The others are CompNet's ("3 Experiment"):

    - 15 is 16 without its first convolution of 512 filters (3.3): the one after it reads 256 maps instead.
    - 17 is 16 with one more convolution of 256 filters, in the third block (3.4).
    - 18 is 19 without "one convolutional layer with 512 filters" (3.5): the first, as in 15.

    | depth | convolutions in each block | parameters | with batch norm |
    |---|---|---|---|
    | 11 | 1 1 2 2 2 | 9,225,610 | 9,231,114 |
    | 13 | 2 2 2 2 2 | 9,410,122 | 9,416,010 |
    | 15 | 2 2 3 2 3 | 12,360,010 | 12,367,434 |
    | 16 | 2 2 3 3 3 | 14,719,818 | 14,728,266 |
    | 17 | 2 2 4 3 3 | 15,309,898 | 15,318,858 |
    | 18 | 2 2 4 3 4 | 17,669,706 | 17,679,690 |
    | 19 | 2 2 4 4 4 | 20,029,514 | 20,040,522 |

    Counts are for 3 input channels and 10 classes, without running statistics. Convolutions keep their bias under
    batch norm.

    Parameters
    ----------
    depth
        11, 13, 15, 16, 17, 18 or 19.
    batch_norm
        Whether every convolution has one, before the activation.
    classes
        Neurons of the read-out.
    seed
        Of the weights.
    inputs, size
        Channels and side of the input, a multiple of 32. At 32 the last pool makes scalars; beyond, it makes maps,
        which the read-out reads whole.
    width
        Multiplies the filters of every block, rounded, at least 1.
    activation
        Of the convolutions; the outputs have the identity.
    initializer
        A name from `neurograph.initializers`, or a callable of (shape, activation).

    Returns
    -------
    graph : NeuronGraph
        Populations "input", "conv1_1", ..., "pool1", "conv2_1", ..., "pool5" and "output"; its journal starts here.

    Raises
    ------
    OptionError
        A depth, size or width there is none of, an unknown initializer.
    NeuronError
        An unknown activation.

    Examples
    --------
    >>> from neurograph.builders import parameter_count
    >>> g = vgg(11, width=1 / 16)
    >>> parameter_count(g), [len(names) for names in g.populations.values()]
    (36610, [3, 4, 4, 8, 8, 16, 16, 16, 32, 32, 32, 32, 32, 32, 10])
    """
    if depth not in BLOCKS:
        raise OptionError(f"there is no VGG of depth {depth!r}; there are {', '.join(map(str, BLOCKS))}")
    if whole("size", size) % 32:
        raise OptionError(f"size must be a multiple of 32, for five pools halve it, not {size}")
    if not isfinite(width) or width <= 0:
        raise OptionError(f"width must be a positive number, not {width!r}")
    wholes(classes=classes, inputs=inputs)
    weights, norm = weights_of(initializer, seed), "batch" if batch_norm else "none"
    graph = NeuronGraph()
    below = graph.add_population("input", inputs, role="input", shape=(size, size))
    for block, (count, filters) in enumerate(zip(BLOCKS[depth], FILTERS, strict=True), 1):
        channels = max(1, round(filters * width))
        for place in range(1, count + 1):
            name = f"conv{block}_{place}"
            below = convolution(
                graph, name, below, channels, 3, weights, padding=1, activation=activation, norm=norm, bias=0.0
            )
        below = _last_pool(graph, below) if block == 5 else pool(graph, f"pool{block}", below)
    linear(graph, "output", below, classes, weights, is_output=True)
    graph.restart_journal()
    return graph


def _last_pool(graph: NeuronGraph, below: list) -> list:
    """The fifth pool; into scalars where it leaves one pixel, so that the head is an ordinary dense layer."""
    if shape_of(graph, below) != (2, 2):
        return pool(graph, "pool5", below)
    made = graph.add_population("pool5", len(below))
    graph.add_edges_from_arrays(below, made, op="max_pool", kernel_size=2, stride=2)
    return made
