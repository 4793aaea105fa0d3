"""GradMax: newborns whose first gradient is the largest that weights of their size can have."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neurograph.analysis.weight_space import weight_space
from neurograph.errors import EditError, OptionError
from neurograph.initializers.newborns.base import Growth, Newborns
from neurograph.initializers.newborns.random_parameterization import random_parameterization
from neurograph.initializers.newborns.signals import activity_of, ends_through, observations_for, require_plain
from neurograph.schema.derivatives import activated

if TYPE_CHECKING:
    from neurograph.analysis.observations import Observations
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class GradMax:
    """Singular vectors of M = E[d a^T], a what newborns' sources say and d the deltas of their readers.

    Evci et al. 2022, "GradMax: Growing neural networks using gradient information": where a newborn's own side is zero
    the network computes what it did, and the gradient of that side is, to first order, M times the other side. Of all
    matrices of a given norm, M's top singular vectors make it largest (eq. 11).

    Donors, whose wiring, kind and bias the newborns take, are drawn as in MetaNet's eq. 3; of a vector a newborn gets
    what it has synapses for. Where there are more newborns than singular values, the rest gets random directions.

    Parameters
    ----------
    silent
        Which side is zero. "outgoing", for `Proliferate(outgoing="zero")`: incoming weights are right singular
        vectors, their signs those by which the newborn's own activation makes the gradient of its outgoing weights
        larger. "incoming", as the paper has it, for `Proliferate(outgoing="paper")`: outgoing weights are left singular
        vectors; only for activations that are not flat at the newborn's bias.
    scale
        The norm of each newborn's weights on the other side, in mean norms of its population's on that side.

    Raises
    ------
    OptionError
        A negative scale, no such side.
    MissingError, EditError
        When called: no recorded values and deltas; feature maps; silent="incoming" where a newborn's activation
        is flat, so that it would never learn.

    See Also
    --------
    neurograph.initializers.newborns.Firefly : candidates drawn, the best of them picked.
    """

    needs_deltas: ClassVar[bool] = True

    silent: str = "outgoing"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.silent not in ("outgoing", "incoming"):
            raise OptionError(f'silent must be "outgoing" or "incoming", not {self.silent!r}')
        if not 0.0 <= self.scale < inf:
            raise OptionError(f"scale must be a finite number of at least 0, not {self.scale!r}")

    def __call__(self, growth: Growth, /) -> Newborns:
        """Choose."""
        seen, graph = observations_for(growth.observations, "gradmax"), growth.graph
        donors = random_parameterization(growth).donors
        require_plain(graph, donors)
        if self.silent == "incoming":
            _require_slope(graph, donors)
        sources, targets = ends_through(graph, donors)
        left, _, right = np.linalg.svd(gradient_between(seen, sources, targets), full_matrices=False)
        vectors, keys = (right, sources) if self.silent == "outgoing" else (left.T, targets)
        directions = _as_many(vectors, growth.count, growth.rng)
        if self.silent == "outgoing":
            directions = directions * _signs(graph, seen, donors, directions, sources, targets)[:, None]
        return Newborns(donors, self._weights(growth, keys, directions))

    def _weights(
        self, growth: Growth, keys: np.ndarray, directions: np.ndarray
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        graph = growth.graph

        def weights(ids: np.ndarray, newborn: np.ndarray) -> np.ndarray:
            rows, table = graph.table.rows_of(ids), graph.table
            incoming = bool(np.isin(table.dst[rows], growth.keys).all())
            if incoming == (self.silent == "incoming"):
                return np.zeros_like(graph.read_weights(ids))
            far = (table.src if incoming else table.dst)[rows]
            held = directions[newborn, np.searchsorted(keys, far)]
            norm = np.sqrt(np.bincount(newborn, held**2, growth.count))[newborn]
            size = self.scale * _mean_norm(graph, growth.keys, incoming)
            return np.divide(held, norm, out=np.zeros_like(held), where=norm > 0.0) * size

        return weights


def gradient_between(seen: "Observations", sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(targets, sources) float64 E[d a^T], the mean over samples: the gradient of synapses from one to the other."""
    return seen.deltas_of(targets).T @ seen.values_of(sources) / seen.samples


def _signs(
    graph: "EditableGraph",
    seen: "Observations",
    donors: np.ndarray,
    directions: np.ndarray,
    sources: np.ndarray,
    targets: np.ndarray,
) -> np.ndarray:
    """(count,) 1 or -1: the way round by which what a newborn says has the larger gradient of outgoing weights."""
    sums, deltas = seen.values_of(sources) @ directions.T, seen.deltas_of(targets)
    size = [np.linalg.norm(deltas.T @ activity_of(graph, donors, sign * sums), axis=0) for sign in (1.0, -1.0)]
    return np.where(size[0] >= size[1], 1.0, -1.0)


def _as_many(vectors: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, d) the first vectors, and random directions where there are too few."""
    more = rng.standard_normal((max(0, count - len(vectors)), vectors.shape[1]))
    more /= np.linalg.norm(more, axis=1, keepdims=True)
    return np.concatenate([vectors[:count], more])


def _mean_norm(graph: "EditableGraph", keys: np.ndarray, incoming: bool) -> float:
    """The mean over some neurons of the norm of their weights on one side."""
    norms = np.linalg.norm(weight_space(graph, keys, incoming).vectors, axis=1)
    return float(norms.mean()) if len(norms) and norms.any() else 1.0


def _require_slope(graph: "EditableGraph", donors: np.ndarray) -> None:
    biases = graph.read_values("bias", donors)
    for key, bias in zip(donors.tolist(), np.where(np.isnan(biases), 0.0, biases), strict=True):
        name = graph.neurons.of(key).activation
        if not activated(name, np.array([bias]))[1].item():
            raise EditError(
                f"gradmax: a newborn like {graph.names_of(np.array([key]))[0]!r} would add up {bias:g} at first, where "
                f'{name} is flat, so no gradient would ever reach it: silent="outgoing" has no such trouble'
            )
