"""A field of neurons wired at random over any distance: the network that has no layers."""

import numpy as np

from neurograph.errors import OptionError
from neurograph.network import NeuronGraph
from neurograph.schema.activations import activation as known


def random_field(
    neurons: int,
    fan_in: int,
    levels: int,
    seed: int = 0,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    activation: str = "relu",
) -> NeuronGraph:
    """A random acyclic network of a given depth.

    Neurons stand in levels of equal size behind the inputs. Each reads `fan_in` different neurons: one of the level
    just before its own, so that the depth is true, and others anywhere before. Where fewer stand before it, it reads
    them all.

    Parameters
    ----------
    neurons
        How many in all, inputs and outputs included.
    fan_in
        Synapses into each neuron that is no input.
    levels
        The number of synapses on the longest path.
    seed
        Of wiring and weights.
    inputs
        How many of the neurons; unless given as many as a level has.
    outputs
        How many of the last level, its last ones; unless given all of it. Outputs have the identity as activation.
    activation
        Of the others.

    Returns
    -------
    graph : NeuronGraph
        Populations "input", "field" and "output"; weights uniform on [-b, b], b = sqrt(3 gain / fan_in) (He et al.
        2015); biases zero; its journal starts here.

    Raises
    ------
    OptionError
        Numbers that do not go together.
    NeuronError
        An unknown activation.

    Examples
    --------
    >>> g = random_field(1000, fan_in=8, levels=20, seed=0, inputs=50)
    >>> int(g.arrays().level.max()), g.in_degree[999]
    (20, 8)
    """
    inputs = _share(neurons, levels) if inputs is None else inputs
    sizes = _sizes(neurons, fan_in, levels, inputs)
    outputs = sizes[-1] if outputs is None else outputs
    if not 1 <= outputs <= sizes[-1]:
        raise OptionError(f"outputs must be from 1 to the {sizes[-1]} neurons of the last level, not {outputs!r}")
    gain = known(activation).gain
    random = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("input", inputs, role="input")
    if neurons > inputs + outputs:
        graph.add_population("field", neurons - inputs - outputs, activation=activation, bias=0.0)
    graph.add_population("output", outputs, bias=0.0, is_output=True)
    gains = np.where(np.arange(neurons) < neurons - outputs, gain, known("identity").gain)
    _join(graph, random, *_wire(random, sizes, inputs, fan_in), gains)
    graph.restart_journal()
    return graph


def _join(
    graph: NeuronGraph,
    random: np.random.Generator,
    source: np.ndarray,
    target: np.ndarray,
    count: np.ndarray,
    gains: np.ndarray,
) -> None:
    """Join neurons by number, which a new graph's have as their names, by weights drawn for their targets' gains."""
    width = np.sqrt(3.0 * gains[target] / count)
    graph.add_edges_from_arrays(source, target, weight=random.uniform(-width, width))


def _share(neurons: int, levels: int) -> int:
    whole = isinstance(neurons, int | np.integer) and isinstance(levels, int | np.integer) and levels >= 1
    return max(1, neurons // (levels + 1)) if whole else 1


def _sizes(neurons: int, fan_in: int, levels: int, inputs: int) -> list[int]:
    """Neurons in each level; as equal as they can be."""
    for name, number in (("neurons", neurons), ("fan_in", fan_in), ("levels", levels), ("inputs", inputs)):
        if not isinstance(number, int | np.integer) or number < 1:
            raise OptionError(f"{name} must be a whole number of at least 1, not {number!r}")
    if neurons < inputs + levels:
        raise OptionError(f"{neurons} neurons are too few for {inputs} inputs and {levels} levels of one neuron each")
    each, more = divmod(neurons - inputs, levels)
    return [each + (level < more) for level in range(levels)]


def _wire(
    random: np.random.Generator, sizes: list[int], inputs: int, fan_in: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources, targets, and the fan-in of each target, one a synapse, in the order of the targets."""
    sources, targets, counts = [], [], []
    below, here = 0, inputs  # the level before stands at [below, here)
    for size in sizes:
        count = min(fan_in, here)
        near = random.integers(below, here, (size, 1))
        far = _distinct(random, size, count - 1, here - 1)
        sources.append(np.concatenate([near, far + (far >= near)], axis=1).ravel())
        targets.append(np.repeat(np.arange(here, here + size), count))
        counts.append(np.full(size * count, count))
        below, here = here, here + size
    return np.concatenate(sources), np.concatenate(targets), np.concatenate(counts)


def _distinct(random: np.random.Generator, rows: int, count: int, below: int) -> np.ndarray:
    """(rows, count) numbers below a bound, all different within a row, each set equally likely (Floyd's algorithm)."""
    chosen = np.empty((rows, count), np.int64)
    for column, top in enumerate(range(below - count, below)):
        drawn = random.integers(0, top + 1, rows)
        taken = (chosen[:, :column] == drawn[:, None]).any(axis=1)
        chosen[:, column] = np.where(taken, top, drawn)
    return chosen
