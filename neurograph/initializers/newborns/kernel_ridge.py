"""Kernel ridge autoregression: newborns take weights that a kernel ridge regression fits to those that are there."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.weight_space import WeightSpace, distances_squared, weight_space
from neurograph.errors import EditError, OptionError
from neurograph.initializers.newborns.base import Growth, Newborns

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class KernelRidge:
    """W' = F_ker(K^T (K + lambda I)^-1 W, P) with K_ij = exp(-|w_i - w_j|^2 / (2 delta^2)), MetaNet's eq. 5 and 6.

    The rows w_i of W are the weight vectors of the population's neurons; they are the kernel's centres as well as what
    is regressed, hence autoregression: each fitted row is a mixture of all rows, near ones counting most. A neuron that
    lacks a source that others have counts as reading it with weight zero. P of the fitted rows are drawn without
    replacement; where there are more newborns than neurons, all rows are dealt out again. A newborn takes the wiring
    of the neuron whose row it got, and the row's weights.

    With `outgoing="paper"` the same is done to the outgoing weights: those are the rows of the next layer's matrix, and
    a newborn keeps the row number it drew.

    Parameters
    ----------
    ridge
        lambda, not negative: the larger, the closer the fitted rows lie together. The paper does not say what it took.
    bandwidth
        delta, positive: the degree of smoothness. Unless given, the median distance between two neurons (of those that
        differ), for incoming and outgoing weights each.
    noise
        Standard deviation of normal noise on the fitted weights, in standard deviations of the population's weights:
        the disturbance that the authors suggest, because fitted rows lie closer together than the rows they are fitted
        to.

    Raises
    ------
    OptionError
        A negative ridge or noise, a bandwidth that is not positive.
    EditError
        When called: ridge 0 and neurons so alike that K has no inverse, naming the two most alike.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> g = NeuronGraph()
    >>> source, hidden = g.add_population("in", 1, role="input"), g.add_population("h", 2)
    >>> ids = g.connect("in", "h", weight=[[0.0, 1.0]])
    >>> growth = Growth(g, g.keys_of(hidden), 2, np.random.default_rng(0))
    >>> born = KernelRidge(ridge=1.0)(growth)  # K = [[1, e^-1/2], [e^-1/2, 1]]
    >>> born.weights(ids, np.array([0, 1])).round(3)
    array([0.167, 0.449])
    """

    ridge: float = 0.1
    bandwidth: float | None = None
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("ridge", self.ridge), ("noise", self.noise)):
            if not 0.0 <= value < inf:
                raise OptionError(f"{name} must be a finite number of at least 0, not {value!r}")
        if self.bandwidth is not None and not 0.0 < self.bandwidth < inf:
            raise OptionError(
                f"bandwidth must be a finite number above 0, or None for the median distance, not {self.bandwidth!r}"
            )

    def __call__(self, growth: Growth) -> Newborns:
        rounds = -(-growth.count // len(growth.keys))
        dealt = [growth.rng.permutation(growth.keys) for _ in range(rounds)]
        donors = np.concatenate(dealt)[: growth.count]
        return Newborns(donors, self._weights(growth))

    def _weights(self, growth: Growth) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        fits: dict[bool, tuple[WeightSpace, np.ndarray]] = {}
        graph, keys, rng = growth.graph, growth.keys, growth.rng

        def weights(ids: np.ndarray, newborn: np.ndarray) -> np.ndarray:
            found = graph.read_weights(ids)
            incoming = bool(np.isin(graph.table.dst[graph.table.rows_of(ids)], keys).all())
            if incoming not in fits:
                space = weight_space(graph, keys, incoming)
                fits[incoming] = space, self._fit(graph, keys, space.vectors)
            space, fitted = fits[incoming]
            ours = space.holds(ids)  # a relay's synapses belong to its donor and are no row of this matrix
            found[ours] = space.numbers_of(fitted, ids[ours], found.shape[1:])
            if self.noise:
                found[ours] += self.noise * space.vectors[space.present].std() * rng.standard_normal(found[ours].shape)
            return found

        return weights

    def _fit(self, graph: "EditableGraph", keys: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """(n, d) fitted rows K^T (K + lambda I)^-1 W."""
        squared = distances_squared(vectors)
        bandwidth = median_distance(squared) if self.bandwidth is None else self.bandwidth
        strengths, basis = np.linalg.eigh(np.exp(-squared / (2.0 * bandwidth**2)))
        strengths = np.maximum(strengths, 0.0)  # a Gaussian kernel has no negative ones; rounding has
        regular = strengths + self.ridge
        if regular.min() <= len(keys) * np.finfo(np.float64).eps * regular.max():
            raise EditError(self._singular(graph, keys, squared))
        return basis @ ((strengths / regular)[:, None] * (basis.T @ vectors))

    def _singular(self, graph: "EditableGraph", keys: np.ndarray, squared: np.ndarray) -> str:
        apart = squared + np.diag(np.full(len(keys), np.inf))
        closest = np.unravel_index(np.argmin(apart), apart.shape)
        one, other = graph.names_of(keys[list(closest)])
        return (
            f"the kernel matrix of {len(keys)} neurons has no inverse with ridge {self.ridge:g}: neurons {one!r} and "
            f"{other!r} are {apart[closest] ** 0.5:g} apart; a ridge above 0 (lambda, 0.1 say) or a smaller bandwidth "
            "makes it invertible"
        )


def median_distance(squared: np.ndarray) -> float:
    """The median heuristic for delta: the median of the positive distances between two neurons, 1 where there is none.

    Parameters
    ----------
    squared
        (n, n) squared distances.
    """
    apart = squared[np.triu_indices(len(squared), 1)]
    apart = apart[apart > 0.0]
    return float(np.sqrt(np.median(apart))) if len(apart) else 1.0
