"""Fresh weights: newborns take their donors' wiring and weights drawn as those of a new network."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from neurograph.errors import OptionError
from neurograph.initializers.newborns.base import Growth, Newborns
from neurograph.initializers.newborns.random_parameterization import random_parameterization

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class Fresh:
    """Weights uniform on [-b, b] with b = scale sqrt(6 / n), n the numbers that a synapse's target reads.

    That is the start of a network with ReLUs (He et al. 2015, eq. 8 of MetaNet): nothing of what the population has
    learned goes into the newborns, which makes them what learned newborns are to be held against. Donors, whose wiring,
    kind, bias and norm the newborns take, are drawn as in eq. 3.

    Parameters
    ----------
    scale
        What b is multiplied by, not negative.

    Raises
    ------
    OptionError
        A negative scale.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([600, 4, 1], seed=0)
    >>> born = Fresh()(Growth(g, g.population_keys("hidden1"), 2, np.random.default_rng(0)))
    >>> ids = np.arange(1200)
    >>> weights = born.weights(ids, ids % 2)
    >>> bool(abs(weights).max() <= 0.1), round(float(weights.std()), 3)  # b = sqrt(6 / 600)
    (True, 0.057)
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.scale < inf:
            raise OptionError(f"scale must be a finite number of at least 0, not {self.scale!r}")

    def __call__(self, growth: Growth, /) -> Newborns:
        """Draw."""
        return Newborns(random_parameterization(growth).donors, self._weights(growth.graph, growth.rng))

    def _weights(
        self, graph: "EditableGraph", rng: np.random.Generator
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        def weights(ids: np.ndarray, newborn: np.ndarray) -> np.ndarray:
            held = graph.read_weights(ids)
            reads = _fan_in(graph, ids) * np.prod(held.shape[1:], dtype=np.int64)
            bound = self.scale * np.sqrt(6.0 / reads)
            return rng.uniform(-1.0, 1.0, held.shape) * bound.reshape(-1, *(1,) * (held.ndim - 1))

        return weights


def _fan_in(graph: "EditableGraph", ids: np.ndarray) -> np.ndarray:
    """(m,) how many synapses the target of each of some synapses has."""
    table = graph.table
    targets, place = np.unique(table.dst[table.rows_of(ids)], return_inverse=True)
    return np.array([len(table.rows(key, table.inn)) for key in targets.tolist()])[place]
