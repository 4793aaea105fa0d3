"""AddOnNeurons: neurons between two layers of one segment, sparsely connected to both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from neurograph.analysis.segments import population_wiring, segment_of
from neurograph.edits.base import Outcome
from neurograph.edits.support.windows import same_padding, window
from neurograph.errors import EditError, OptionError, listed
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.options import as_plain, number, whole

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Directions:
    """Whom add-on neurons are connected with.

    Parameters
    ----------
    reads
        (sources, count) bool: which neurons of a each add-on reads.
    feeds
        (count, targets) bool: which neurons of b it adds to.
    """

    reads: np.ndarray
    feeds: np.ndarray


def draw_directions(sources: int, count: int, targets: int, sparsity: float, rng: np.random.Generator) -> Directions:
    """Directions at random: every add-on reads the same number of neurons, and feeds the same number, at least one.

    Parameters
    ----------
    sources, count, targets
        How many neurons stand before, between and behind.
    sparsity
        Share of all possible connections that are made (the paper's term; its value is 0.1).
    rng
        Where they come from.

    Examples
    --------
    >>> drawn = draw_directions(20, 5, 30, 0.1, np.random.default_rng(0))
    >>> drawn.reads.sum(0).tolist(), drawn.feeds.sum(1).tolist()
    ([2, 2, 2, 2, 2], [3, 3, 3, 3, 3])
    """
    return Directions(_some(sources, count, sparsity, rng).T, _some(targets, count, sparsity, rng))


def _some(others: int, count: int, sparsity: float, rng: np.random.Generator) -> np.ndarray:
    """(count, others) bool, equally many in each row."""
    each = min(others, max(1, round(sparsity * others)))
    order = np.argsort(rng.random((count, others)), axis=1)
    return order < each


@dataclass(frozen=True, eq=False)
class AddOnNeurons:
    """Add neurons between two populations of one segment ("Neuron hierarchical networks", 2.3).

    An add-on neuron is a map of the segment's shape. It reads some neurons of a through k x k kernels, and adds to what
    some neurons of b sum up, before their norm and activation, through a weight of its own for each (a 1 x 1 kernel).
    The paper leaves open what stands between: here an activation and a bias, and no norm, for that of b follows.

    Parameters
    ----------
    location
        (a, b): the populations before and behind.
    kernel
        Its size, odd; the paper has 3 and 5.
    count
        How many; as many as b has neurons unless given.
    directions
        Whom they read and feed: a seed to draw them from, or `Directions`.
    sparsity
        Share of all possible connections that a draw makes.
    weight
        Of the kernels: the name of an initializer, a callable of (shape, activation), or a
        (sources, count, height, width) array, of which those of connections that are made are taken.
    outgoing
        Of the weights into b, likewise; an array is (count, targets). With zeros the network computes at first what it
        did before.
    activation, bias
        Of the add-ons; a bias is None, a number, or (count,) numbers.
    population
        What they are called; "a+b.3x3" unless given.
    seed
        Of initializers that are given by name.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, EditError, NeuronError
        From `apply`: populations that are not there, in different segments, the same, or in the wrong order; directions
        or weights of another shape; a name that is taken.

    Examples
    --------
    >>> from neurograph.builders import enas_macro
    >>> g = enas_macro([["conv3"], ["conv3", 0]], channels=10, segments=1, size=8)
    >>> result = g.apply(AddOnNeurons(("stem", "layer1"), kernel=5, count=4, directions=7))
    >>> len(result.born), result.entry.synapses_born.size, g.nodes[result.born[0]]["population"]
    (4, 8, 'stem+layer1.5x5')
    """

    location: tuple[str, str]
    kernel: int = 3
    count: int | None = None
    directions: int | Directions = 0
    sparsity: float = 0.1
    weight: Any = "he_normal"
    outgoing: Any = "zeros"
    activation: str = "relu"
    bias: Any = 0.0
    population: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        location = self.location
        if isinstance(location, str) or len(location) != 2 or not all(isinstance(name, str) for name in location):
            raise OptionError(f"location must be two populations, (before, behind), not {location!r}")
        object.__setattr__(self, "location", tuple(location))
        same_padding(window("kernel", self.kernel))
        if self.count is not None:
            whole("count", self.count, 1)
        if not isinstance(self.directions, Directions):
            whole("directions", self.directions, 0)
        if number("sparsity", self.sparsity, 0.0, 1.0) == 0.0:
            raise OptionError("sparsity must be above 0: it is the share of connections that are made")
        for name in ("weight", "outgoing"):
            given = getattr(self, name)
            if isinstance(given, str) and given not in INITIALIZERS:
                raise OptionError(f"{name} must be one of {', '.join(INITIALIZERS)}, a callable or an array")
        whole("seed", self.seed, 0)

    @property
    def name(self) -> str:
        """What the new population is called."""
        a, b = self.location
        return self.population or f"{a}+{b}.{self.kernel}x{self.kernel}"

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Add the neurons and their synapses."""
        shape = check_location(graph, *self.location)
        a, b = (graph.population(name) for name in self.location)
        count = len(b) if self.count is None else self.count
        drawn = self._directions(len(a), count, len(b))
        new = graph.add_population(self.name, count, shape=shape, activation=self.activation, bias=self.bias)
        size = window("kernel", self.kernel)
        draw = np.random.default_rng(self.seed)
        kernels = self._weights("weight", drawn.reads, size, self.activation, draw)
        target_activation = graph.neurons.of(int(graph.keys_of(b[:1])[0])).activation
        outgoing_weights = self._weights("outgoing", drawn.feeds, (1, 1), target_activation, draw)
        source, reader = np.nonzero(drawn.reads)
        read, fed = ([names[i] for i in some] for names, some in ((a, source), (new, reader)))
        graph.add_edges_from_arrays(read, fed, weight=kernels, padding=same_padding(size))
        feeder, target = np.nonzero(drawn.feeds)
        read, fed = ([names[i] for i in some] for names, some in ((new, feeder), (b, target)))
        graph.add_edges_from_arrays(read, fed, weight=outgoing_weights)
        details = {"population": self.name, "neurons": count, "reads": len(source), "feeds": len(target)}
        details["function_preserving"] = not outgoing_weights.any()
        return Outcome(as_plain(self), details=details)

    def _directions(self, sources: int, count: int, targets: int) -> Directions:
        given = self.directions
        if not isinstance(given, Directions):
            return draw_directions(sources, count, targets, self.sparsity, np.random.default_rng(given))
        found = Directions(np.asarray(given.reads, bool), np.asarray(given.feeds, bool))
        wanted = (sources, count), (count, targets)
        if (found.reads.shape, found.feeds.shape) != wanted:
            raise EditError(
                f"directions of shapes {found.reads.shape} and {found.feeds.shape} do not fit {count} add-ons from "
                f"{sources} to {targets} neurons: {wanted[0]} and {wanted[1]} would"
            )
        lost = np.flatnonzero(~found.reads.any(0) | ~found.feeds.any(1))
        if len(lost):
            raise EditError(f"add-ons number {listed(lost.tolist())} would read or feed nobody; leave them out")
        return found

    def _weights(
        self, option: str, made: np.ndarray, size: tuple[int, int], activation: str, rng: np.random.Generator
    ) -> np.ndarray:
        """(n, height, width) weights of the connections that are made, in the order of `numpy.nonzero`."""
        given = getattr(self, option)
        if not isinstance(given, str) and not callable(given):
            dense = np.asarray(given, np.float64)
            shape = made.shape if option == "outgoing" else (*made.shape, *size)
            if dense.shape != shape:
                raise EditError(f"{option} has shape {dense.shape}; these add-ons need {shape}")
            return dense[made].reshape(-1, *size)
        draw: Callable = from_name(given, rng) if isinstance(given, str) else given
        drawn = np.zeros((*made.shape, *size))
        for reader in range(made.shape[1]):  # each with the fan-in it has
            mine = np.flatnonzero(made[:, reader])
            if len(mine):
                drawn[mine, reader] = np.asarray(draw((len(mine), 1, *size), activation)).reshape(-1, *size)
        return drawn[made]


def check_location(graph: "EditableGraph", before: str, behind: str) -> tuple[int, ...]:
    """The shape of maps between two populations; refuses those between which there may be no add-on neurons.

    Raises
    ------
    MissingError, EditError
        A population that is not there or in no segment; the same one twice, two of different segments, or in an order
        in which values do not flow.
    """
    if before == behind:
        graph.population(before)
        raise EditError(
            f"add-on neurons stand between two layers, and both are {before!r}: within one, nothing says who is first"
        )
    first, second = segment_of(graph, before), segment_of(graph, behind)
    if first != second:
        raise EditError(
            f"{before!r} and {behind!r} lie in different segments, with maps of {first.shape} and {second.shape}; "
            f"together with {behind!r} are {listed([name for name in second.populations if name != behind])}"
        )
    wiring = population_wiring(graph)
    if nx.has_path(wiring, behind, before):
        path = " -> ".join(map(repr, nx.shortest_path(wiring, behind, before)))
        raise EditError(f"{before!r} comes after {behind!r} ({path}), so add-ons would close a cycle; turn them round")
    return first.shape
