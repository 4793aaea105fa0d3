"""LeNet with two convolutions, and with a third between them: parent and child of CompNet's first experiment."""

from neurograph.builders.layers import convolution, linear, pool, weights_of, whole, wholes
from neurograph.initializers import Weights
from neurograph.network import NeuronGraph


def lenet4(
    seed: int = 0,
    *,
    classes: int = 10,
    inputs: int = 1,
    size: int = 28,
    activation: str = "relu",
    initializer: str | Weights = "he_uniform",
) -> NeuronGraph:
    """LeNet with four layers, 20-50-500-10 (LeCun et al. 1998; the widths are those of the net known as LeNet today).

    | population | what | shape | parameters |
    |---|---|---|---|
    | input | pixels | 1 x 28 x 28 | |
    | conv1 | 5 x 5 kernels, no padding, bias, activation | 20 x 24 x 24 | 520 |
    | pool1 | 2 x 2 maximum, stride 2 | 20 x 12 x 12 | |
    | conv2 | 5 x 5 kernels, no padding, bias, activation | 50 x 8 x 8 | 25,050 |
    | pool2 | 2 x 2 maximum, stride 2 | 50 x 4 x 4 | |
    | hidden | linear, bias, activation | 500 | 400,500 |
    | output | linear, bias | 10 | 5,010 |

    431,080 parameters in all.

    Parameters
    ----------
    seed
        Of the weights.
    classes, inputs, size
        Neurons of the read-out; channels and side of the input, at least 16.
    activation
        Of all but the outputs.
    initializer
        A name from `neurograph.initializers`, or a callable of (shape, activation).

    Returns
    -------
    graph : NeuronGraph
        Its journal starts here.

    Raises
    ------
    OptionError
        A number below 1, inputs that are too small, an unknown initializer.
    NeuronError
        An unknown activation.

    Examples
    --------
    >>> from neurograph.builders import parameter_count
    >>> parameter_count(lenet4())
    431080
    """
    return _lenet(None, classes, inputs, size, activation, weights_of(initializer, seed))


def lenet5(
    seed: int = 0,
    *,
    classes: int = 10,
    inputs: int = 1,
    size: int = 28,
    activation: str = "relu",
    filters: int = 100,
    initializer: str | Weights = "he_uniform",
) -> NeuronGraph:
    """`lenet4` with one more convolution between its two (CompNet, 3.2 "LeNet4 to LeNet5").

    The paper inserts "one convolutional layer with 100 filters and ReLU activation function between the two
    convolutional layers". Here that is a population `inserted` between pool1 and conv2: 100 x 12 x 12, 5 x 5 kernels
    like those around it, padded by 2 so that the shape stays, bias, activation; 50,100 parameters. conv2 reads it and
    has 125,050. 581,180 parameters in all; the rest, and every argument but `filters`, is that of `lenet4`.

    Parameters
    ----------
    seed, classes, inputs, size, activation, initializer
        As in `lenet4`.
    filters
        Channels of the convolution between.

    Returns
    -------
    graph : NeuronGraph
        Its journal starts here.

    Raises
    ------
    OptionError, NeuronError
        As `lenet4`.

    Examples
    --------
    >>> from neurograph.builders import parameter_count
    >>> g = lenet5()
    >>> parameter_count(g), list(g.populations)[:4]
    (581180, ['input', 'conv1', 'pool1', 'inserted'])
    """
    return _lenet(whole("filters", filters), classes, inputs, size, activation, weights_of(initializer, seed))


def _lenet(filters: int | None, classes: int, inputs: int, size: int, activation: str, weights: Weights) -> NeuronGraph:
    wholes(classes=classes, inputs=inputs, size=size)
    graph = NeuronGraph()
    below = graph.add_population("input", inputs, role="input", shape=(size, size))
    below = convolution(graph, "conv1", below, 20, 5, weights, activation=activation, bias=0.0)
    below = pool(graph, "pool1", below)
    if filters:
        below = convolution(graph, "inserted", below, filters, 5, weights, padding=2, activation=activation, bias=0.0)
    below = convolution(graph, "conv2", below, 50, 5, weights, activation=activation, bias=0.0)
    below = pool(graph, "pool2", below)
    below = linear(graph, "hidden", below, 500, weights, activation=activation)
    linear(graph, "output", below, classes, weights, is_output=True)
    graph.restart_journal()
    return graph
