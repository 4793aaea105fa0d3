"""The multilayer perceptron: populations in a row, each fully connected to the next."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from neurograph.errors import OptionError
from neurograph.initializers import Weights, from_name
from neurograph.memory import require_room
from neurograph.network import NeuronGraph
from neurograph.schema.activations import activation as checked


def mlp(
    sizes: Sequence[int],
    activation: str = "relu",
    seed: int = 0,
    *,
    bias: bool = True,
    norm: str = "none",
    initializer: str | Weights = "he_uniform",
    names: Sequence[str] | None = None,
) -> NeuronGraph:
    """A fully connected network.

    Parameters
    ----------
    sizes
        Neurons in each population, inputs first, outputs last; at least two of them.
    activation
        Of the hidden neurons; the outputs have the identity.
    seed
        Of the weights.
    bias
        Whether hidden and output neurons have a bias; they start at zero.
    norm
        Of the hidden neurons: "none" or "batch" (MetaNetNLP has batch norm on both hidden layers).
    initializer
        A name from `neurograph.initializers`, or a callable of (shape, activation) that returns the weights, (sources,
        targets), of synapses into neurons with that activation. "he_uniform" is uniform on [-b, b], b = sqrt(3 gain /
        fan_in) (He et al. 2015); the gain is 2 for ReLU.
    names
        Of the populations; unless given "input", "hidden1", "hidden2", ..., "output".

    Returns
    -------
    graph : NeuronGraph
        Its neurons are numbered from 0, population by population; its journal starts here.

    Raises
    ------
    OptionError
        Fewer than two sizes, a size below 1, more than memory holds, names that are not one for each size and all
        different, or an unknown initializer.
    NeuronError
        An unknown activation.

    Examples
    --------
    >>> g = mlp([64, 16, 10], seed=1)
    >>> {name: len(neurons) for name, neurons in g.populations.items()}
    {'input': 64, 'hidden1': 16, 'output': 10}
    >>> g.number_of_edges()
    1184
    >>> from neurograph.builders import parameter_count
    >>> parameter_count(mlp([784, 64, 64, 10], norm="batch"), statistics=True) / 1024  # the paper's 54.26k
    54.259765625
    """
    sizes, names = _layers(sizes, names)
    checked(activation)
    weights = from_name(initializer, seed) if isinstance(initializer, str) else initializer
    synapses = sum(a * b for a, b in pairwise(sizes))
    require_room(f"layers of {', '.join(f'{size:,}' for size in sizes)}", sum(sizes), synapses, synapses)
    graph = NeuronGraph()
    start = 0.0 if bias else None
    graph.add_population(names[0], sizes[0], role="input")
    for name, size in zip(names[1:-1], sizes[1:-1], strict=True):
        graph.add_population(name, size, activation=activation, bias=start, norm=norm)
    graph.add_population(names[-1], sizes[-1], bias=start, is_output=True)
    for source, target in pairwise(names):
        graph.connect(source, target, weight=weights)
    graph.restart_journal()
    return graph


def _layers(sizes: Sequence[int], names: Sequence[str] | None) -> tuple[list[int], list[str]]:
    sizes = list(sizes)
    if len(sizes) < 2 or not all(isinstance(size, int | np.integer) and size >= 1 for size in sizes):
        raise OptionError(f"sizes must be two or more whole numbers of at least 1, inputs first, not {sizes!r}")
    if names is None:
        names = ["input", *(f"hidden{number}" for number in range(1, len(sizes) - 1)), "output"]
    names = list(names)
    if len(names) != len(sizes) or len(set(names)) != len(names):
        raise OptionError(f"names must be {len(sizes)} different names, one for each population, not {names!r}")
    return sizes, names
