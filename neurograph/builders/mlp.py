"""The multilayer perceptron: populations in a row, each fully connected to the next."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from neurograph.analysis.densities import layer_counts
from neurograph.analysis.pairs import draw_wiring
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
    density: float = 1.0,
    distribution: str = "erk",
) -> NeuronGraph:
    """A fully connected network, or one of the same populations with fewer synapses, drawn at random.

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
    density
        The share of all pairs that have a synapse, above 0 and at most 1. Below 1 each neuron reads at least one, and
        its weights are scaled to as many as it reads; time and room go by the synapses, not by the pairs.
    distribution
        How that is dealt out among the layers: "uniform", "er" or "erk", see
        `neurograph.analysis.densities.layer_densities`.

    Returns
    -------
    graph : NeuronGraph
        Its neurons are numbered from 0, population by population; its journal starts here.

    Raises
    ------
    OptionError
        Fewer than two sizes, a size below 1, more than memory holds, names that are not one for each size and all
        different, an unknown initializer or distribution; a density that leaves neurons without inputs.
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
    layers = list(pairwise(sizes))
    counts = layer_counts(names[1:], layers, density, distribution)
    synapses = sum(counts)
    require_room(f"layers of {', '.join(f'{size:,}' for size in sizes)}", sum(sizes), synapses, synapses)
    graph = NeuronGraph()
    start = 0.0 if bias else None
    graph.add_population(names[0], sizes[0], role="input")
    for name, size in zip(names[1:-1], sizes[1:-1], strict=True):
        graph.add_population(name, size, activation=activation, bias=start, norm=norm)
    graph.add_population(names[-1], sizes[-1], bias=start, is_output=True)
    rng = np.random.default_rng(seed) if density < 1.0 else None
    for (source, target), count in zip(pairwise(names), counts, strict=True):
        if rng is None:
            graph.connect(source, target, weight=weights)
        else:
            _connect_some(graph, source, target, count, weights, rng)
    graph.restart_journal()
    return graph


def _connect_some(
    graph: NeuronGraph, source: str, target: str, count: int, weights: Weights, rng: np.random.Generator
) -> None:
    """Join so many pairs of two populations, drawn at random; the weights of a neuron are scaled to what it reads."""
    sources, targets = graph.population_keys(source), graph.population_keys(target)
    u, v = draw_wiring(len(sources), len(targets), count, rng)
    reads = np.bincount(v, minlength=len(targets))
    fan_in = max(1, round(count / len(targets)))
    drawn = weights((fan_in, -(-count // fan_in)), graph.neurons.of(int(targets[0])).activation).ravel()[:count]
    drawn = drawn * np.sqrt(fan_in / reads[v])
    graph.add_edges_from_arrays(graph.names_of(sources[u]), graph.names_of(targets[v]), drawn)


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
