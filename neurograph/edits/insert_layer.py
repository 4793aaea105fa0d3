"""InsertLayer: one more layer between two populations, with few neurons and the function as it was."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.edits.support.paths import refuse_cycle
from neurograph.edits.support.windows import size_keeping, window
from neurograph.errors import EditError, OptionError
from neurograph.initializers import INITIALIZERS, Weights, from_name
from neurograph.insertion.algorithms import ALGORITHMS, check_algorithm
from neurograph.insertion.layer import NewLayer, checked_bias
from neurograph.insertion.netmorph import check_morphed
from neurograph.insertion.norms import normed
from neurograph.insertion.pair import PLACES, Pair, find_pair
from neurograph.insertion.problem import Problem
from neurograph.insertion.sums import Recorded
from neurograph.insertion.wire import free_population, insert
from neurograph.options import DATA, as_plain, number, one_of, whole
from neurograph.schema.activations import activation as known
from neurograph.schema.neuron import NORMS

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

_LEAST = 1e-15  # of lambda and alpha: below, rounding alone decides who stays


@dataclass(frozen=True, eq=False)
class InsertLayer:
    """Insert a layer between two populations: a -> b becomes a -> new -> b, and b takes in what it took in before.

    "joint" fits the new neurons, their biases and the weights from them to b together, as few neurons as a target asks
    for. CompNet's algorithms 1 to 3 draw `width` neurons at random, and sparse regression says which are needed. The
    weights to b come of least squares in either case. The synapses from a to b go; whatever else a and b are
    connected with stays. Between scalars the layer is dense, between maps a convolution that keeps the size of the map.

    Parameters
    ----------
    between
        (a, b): two populations by name, or two lists of neurons, connected by weights, or by pools and weights behind
        them.
    width
        Neurons that are drawn (the paper's N redundant). "joint": how many there are without a target, and at most with
        a share as target, the number of sources unless given. "identity" needs none.
    activation
        Of the new neurons.
    algorithm
        "joint": nobody is drawn; the new neurons are made for what they must carry. 1: the neurons that go are those
        whose inputs others have too. 2: the same, and those that stay take over what went. 3: those that go are the
        ones whose part in what b takes in is spared most easily. "redundant": nobody goes. "random": whoever.
        "identity": Net2Net's, one new neuron a source. "residual": all as they are drawn, beside the synapses that are
        there, which stay, with weights of nought to b: the function does not change, and nothing is recorded.
        "netmorph": the weights from a to b taken apart into those of two layers, with an activation that begins as the
        identity (ReLU as PReLU of slope 1, to be trained); nothing is recorded. Away from the borders of maps the
        function does not change where `details["decomposition_error"]` is 0, as with as many neurons as sources.
        See `neurograph.insertion`.
    target
        How many neurons stay (a whole number), or the share of what b takes in that may be missed (a fraction). "joint"
        finds the fewest neurons for a share by bisection. 1 to 3: lambda and alpha are searched along the
        regularisation path for it, and `details` has them. "random" needs a number.
    penalty, alpha
        lambda and alpha of eq. 1 and 3, for algorithms 1 to 3. Without a target, 0.1 each as in the paper; with one,
        either may be given, and the other is searched.
    kernel, padding
        Of the convolution; 3, and what keeps the size of the map. Scalars have none.
    place
        Where pools lie between a and b: "after" them, or "before".
    bias
        That new neurons start with: a number, or one for each of the width; None: they have none. "auto": 0, and for
        "joint" whatever keeps their activation in its straight range.
    norm
        Of the new neurons: "batch", such that the function stays as it is where norms use their running statistics, or
        "none". Needs recorded activations.
    ridge
        Penalty of the regression, see `neurograph.insertion.least_squares`; 0 is least squares.
    refit
        For algorithm 3: whether the weights to b are fitted again once neurons have gone.
    initializer
        Of what new neurons read: a name, or a callable of (shape, activation). Unless given, He's for activations like
        ReLU and Xavier's for others.
    iterations
        A stop rule: so many sweeps (algorithm 2: rounds), converged or not. Unless given, until `tolerance` is met. For
        "joint" steps of Adam, 400 unless given; 0 leaves the start, which is exact where width and activation allow.
    tolerance
        For the optimality conditions of the Lasso.
    restarts
        For algorithms 1 and 3: descents from so many random starts beside the one from ones, of which the best counts.
        The objective need not be convex: once lambda alpha R outweighs G, one descent of algorithm 1 was seen to end .4
        to .7% above the best of 20. `details["objective_spread"]` tells how far above the best the worst ended.
    sparse
        For "joint": each new neuron reads one source, and is read by whoever read that source, so that a pruned or
        depthwise b stays as sparse as it was. There are then at most as many neurons as sources.
    population
        What the new neurons are; must be new. Unless given, the first of "inserted", "inserted2", ... that is free.
    seed
        Of the draw.
    observations
        Recorded activations: `compiler.record(network, batches)`.

    Raises
    ------
    OptionError, NeuronError
        An option that makes no sense, or that contradicts another; an unknown activation.
    MissingError, EditError
        From `apply`: nothing between the two; no recorded activations, or those of another version of the graph; fewer
        samples than weights without ridge; a lambda that leaves nobody (the message names the largest that does not); a
        kernel that changes the size of the map; a target that cannot be met.
    CycleError
        From `apply`: a and b are entangled, and a layer between would close a cycle.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([3, 4, 2])
    >>> g.apply(InsertLayer(("hidden1", "output"), algorithm="identity")).born
    [9, 10, 11, 12]
    >>> list(g.populations), g.has_edge(3, 7)
    (['input', 'hidden1', 'output', 'inserted'], False)
    """

    between: Sequence[str | Sequence[Hashable]]
    width: int | None = None
    activation: str = "relu"
    algorithm: int | str = "joint"
    target: int | float | None = None
    penalty: float | None = None
    alpha: float | None = None
    kernel: int | tuple[int, int] | None = None
    padding: int | tuple[int, int] | str = "same"
    place: str = "after"
    bias: float | Sequence[float] | str | None = "auto"
    norm: str = "none"
    ridge: float = 0.0
    refit: bool = True
    initializer: str | Weights | None = None
    iterations: int | None = None
    tolerance: float = 1e-8
    restarts: int = 0
    sparse: bool = False
    population: str | None = None
    seed: int = 0
    observations: Recorded | None = field(default=None, metadata=DATA)

    def __post_init__(self) -> None:
        if not isinstance(self.between, list | tuple) or len(self.between) != 2:
            raise OptionError(f"between must be two populations (a, b), not {self.between!r}")
        object.__setattr__(self, "between", tuple(self.between))
        given = self.algorithm
        if isinstance(given, bool) or not isinstance(given, int | str) or given not in ALGORITHMS:
            choices = ", ".join(map(repr, ALGORITHMS))
            raise OptionError(f"algorithm must be one of {choices}, not {self.algorithm!r}")
        known(self.activation)
        one_of("place", self.place, PLACES)
        one_of("norm", self.norm, NORMS)
        if isinstance(self.initializer, str):
            one_of("initializer", self.initializer, INITIALIZERS)
        self._check_numbers()
        self._check_search()

    def _check_numbers(self) -> None:
        for name in ("width", "iterations"):
            if getattr(self, name) is not None:
                whole(name, getattr(self, name), int(name == "width" or self.algorithm != "joint"))
        for name in ("penalty", "alpha"):
            if getattr(self, name) is not None:
                number(name, getattr(self, name), 0.0)
        object.__setattr__(self, "bias", checked_bias(self.bias))
        whole("restarts", self.restarts, 0)
        number("ridge", self.ridge, 0.0)
        number("tolerance", self.tolerance, 1e-14)
        whole("seed", self.seed, 0)
        if self.kernel is not None:
            window("kernel", self.kernel)
        if isinstance(self.padding, str):
            one_of("padding", self.padding, ("same",))

    def _check_search(self) -> None:
        target = self.target
        if isinstance(target, float) and not 0.0 < target < 1.0:
            raise OptionError(f"target must be a number of neurons or a share above 0 and below 1, not {target!r}")
        if target is not None and not isinstance(target, float):
            object.__setattr__(self, "target", whole("target", target, 1))
        if target is not None and self.penalty is not None and self.alpha is not None:
            raise OptionError("target= searches penalty (lambda) or alpha: leave one of them out")
        if isinstance(self.target, int) and self.width is not None and self.target > self.width:
            raise OptionError(f"target={self.target} neurons cannot stay of width={self.width}")
        if self.algorithm == "joint" and (self.width, self.target) == (None, None):
            raise OptionError("width= or target= is needed: how many neurons there shall be, or what they may miss")
        if self.width is None and self.algorithm not in ("identity", "joint"):
            raise OptionError("width= is needed: how many neurons are drawn, of which a target or lambda keeps some")
        if self.algorithm not in (1, 2, 3) and (self.penalty, self.alpha) != (None, None):
            raise OptionError(f"algorithm {self.algorithm!r} has no penalty (lambda) and alpha: leave them out")
        if self.sparse and self.algorithm != "joint":
            raise OptionError(f"sparse= is for algorithm 'joint', and not for {self.algorithm!r}")
        if self.algorithm not in (1, 3) and self.restarts:
            raise OptionError(f"restarts= are for algorithms 1 and 3, and not for {self.algorithm!r}")
        if isinstance(self.target, int) and self.width is not None and self.target < self.width:
            self._check_strengths()

    def _check_strengths(self) -> None:
        """Refuse a lambda or an alpha at which nobody goes where somebody must; without alpha, 1 and 2 drop nobody."""
        for name in ("penalty", "alpha") if self.algorithm in (1, 2) else ("penalty",):
            given = getattr(self, name)
            if given is not None and given < _LEAST:
                raise OptionError(
                    f"{name}={given:g} lets no neuron go, and target={self.target} of width={self.width} are to stay: "
                    f"leave {name}= out, so that the right one is searched"
                )

    def check(self, graph: "EditableGraph") -> Pair:
        """What lies between the two, where the layer could be inserted for all that is known without activations.

        Raises
        ------
        OptionError, MissingError, EditError, CycleError
            What `apply` would raise before it looks at activations.
        """
        pair = find_pair(graph, self.between, self.place)
        if self.population is not None and len(graph.population_keys(self.population)):
            raise EditError(f"population {self.population!r} is there already; give the new layer another name")
        self._window(pair.shape)
        check_algorithm(self.algorithm, pair, self._width(pair), self.target)
        if self.algorithm == "netmorph":
            check_morphed(self.activation)
        if self.sparse and self._width(pair) > len(pair.sources):
            raise OptionError(
                f"sparse neurons read one source each, and there are {len(pair.sources)} of these, not "
                f"{self._width(pair)}"
            )
        if isinstance(self.bias, tuple) and len(self.bias) != self._width(pair):
            raise OptionError(f"bias has {len(self.bias)} numbers, and there are {self._width(pair)} new neurons")
        refuse_cycle(graph, pair.sources, pair.targets, f"a layer between {self.between[0]!r} and {self.between[1]!r}")
        return pair

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Insert the layer."""
        pair = self.check(graph)
        if self.observations is not None and self.observations.version != graph.version:
            raise EditError(
                f"these activations were recorded at version {self.observations.version} of the graph, which is at "
                f"{graph.version} now: refresh the network and record again"
            )
        problem = Problem(
            pair,
            self._drawn(pair),
            self.observations,
            self.target,
            self.penalty,
            self.alpha,
            self.iterations,
            self.tolerance,
            self.ridge,
            self.refit,
            self.seed,
            self.restarts,
            self.sparse,
        )
        solution = ALGORITHMS[self.algorithm](problem)
        if self.norm != "none":
            solution = replace(solution, layer=normed(solution.layer, problem.data.sums(pair, solution.layer)))
        population = self.population or free_population(graph, "inserted")
        heirs = insert(graph, pair, solution, population)
        details = {"population": population, "width": problem.layer.neurons, **solution.details}
        return Outcome(as_plain(self), synapse_heirs=heirs, details=details)

    def _drawn(self, pair: Pair) -> NewLayer:
        """The layer at random."""
        width = self._width(pair)
        kernel, padding = self._window(pair.shape)
        name = self.initializer or ("he_normal" if known(self.activation).gain > 1 else "xavier_normal")
        draw = from_name(name, self.seed) if isinstance(name, str) else name
        weights = np.asarray(draw((len(pair.sources), width, *kernel), self.activation), np.float64)
        bias = None
        if isinstance(self.bias, str):  # to be found is what is no number
            bias = np.full(width, np.nan if self.algorithm == "joint" else 0.0)
        elif self.bias is not None:
            bias = np.array(np.broadcast_to(np.asarray(self.bias, np.float64), width))
        return NewLayer(weights, bias, self.activation, padding)

    def _width(self, pair: Pair) -> int:
        if self.algorithm == "joint" and isinstance(self.target, int):
            return self.target
        return len(pair.sources) if self.width is None else self.width

    def _window(self, shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Kernel and padding, such that a map keeps its size."""
        if not shape:
            if self.kernel is not None:
                raise EditError(f"{self.between[0]!r} are scalars, which no kernel reads; leave kernel= out")
            return (1, 1), (0, 0)
        return size_keeping(3 if self.kernel is None else self.kernel, self.padding, shape)
