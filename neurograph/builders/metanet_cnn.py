"""The convolutional network that MetaNet grows on CIFAR-10."""

import numpy as np

from neurograph.builders.layers import convolution, linear, weights_of, whole, wholes
from neurograph.initializers import Weights
from neurograph.network import NeuronGraph


def metanet_cnn(
    channels: int | tuple[int, int],
    seed: int = 0,
    *,
    classes: int = 10,
    inputs: int = 3,
    size: int = 32,
    activation: str = "relu",
    initializer: str | Weights = "he_uniform",
) -> NeuronGraph:
    """Two 3 x 3 convolutions and a read-out, batch norm on each of them (MetaNet, "Results on CIFAR-10").

    `inputs` maps of 32 x 32 -> `channels` of 30 x 30 -> `channels` of 28 x 28 -> `classes`; no padding, no pooling.
    The paper says no more than "two-layers convolution neural network"; this is the reading that gives its Table 3:
    493.23k parameters with 60 channels and 671.69k with 80, in units of 1024, norm parameters and running statistics
    included.

    With C channels, n inputs and m classes it has 9nC + 9C² + 784mC weights, 2C + m biases and 4C + 2m norm
    parameters that are trained: 504,810 for 60 channels, 687,470 for 80; and 4C + 2m running statistics, which make
    505,070 and 687,810.

    Parameters
    ----------
    channels
        Of both convolutions, or a pair.
    seed
        Of the weights.
    classes, inputs, size
        Neurons of the read-out; channels and side of the input.
    activation
        Of both convolutions; the outputs have the identity.
    initializer
        A name from `neurograph.initializers`, or a callable of (shape, activation).

    Returns
    -------
    graph : NeuronGraph
        Populations "input", "conv1", "conv2" and "output"; its journal starts here.

    Raises
    ------
    OptionError
        A number below 1, inputs of less than 5 x 5, an unknown initializer.
    NeuronError
        An unknown activation.

    Examples
    --------
    >>> from neurograph.builders import parameter_count
    >>> g = metanet_cnn(60)
    >>> parameter_count(g), round(parameter_count(g, statistics=True) / 1024, 2)
    (504810, 493.23)
    """
    pair = (channels, channels) if isinstance(channels, int | np.integer) else tuple(channels)
    first, second = (whole("channels", number) for number in pair)
    wholes(classes=classes, inputs=inputs, size=size)
    weights = weights_of(initializer, seed)
    graph = NeuronGraph()
    below = graph.add_population("input", inputs, role="input", shape=(size, size))
    for name, count in (("conv1", first), ("conv2", second)):
        below = convolution(graph, name, below, count, 3, weights, activation=activation, norm="batch", bias=0.0)
    linear(graph, "output", below, classes, weights, norm="batch", is_output=True)
    graph.restart_journal()
    return graph
