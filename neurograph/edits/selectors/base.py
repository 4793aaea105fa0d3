"""What a selector is asked, and what it answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neurograph.analysis.observations import Observations

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Selection:
    """Neurons of a population some of which may have to go.

    Parameters
    ----------
    graph
        As it is; to be read, not changed.
    keys
        (n,) int64 keys of those to choose from, in the population's order: all of it, or those old enough.
    rng
        Where random numbers come from.
    observations
        What was seen while data ran through the network, or None.
    population
        (N,) int64 keys of the whole population; unless given, `keys`.
    """

    graph: "EditableGraph"
    keys: np.ndarray
    rng: np.random.Generator
    observations: Observations | None = None
    population: np.ndarray | None = None

    @property
    def home(self) -> np.ndarray:
        """(N,) int64 keys of the whole population."""
        return self.keys if self.population is None else self.population


class Selector(Protocol):
    """A frozen dataclass, its options as fields, that chooses the neurons to go."""

    def __call__(self, selection: Selection, /) -> np.ndarray:
        """(m,) int64 keys, those to go first in front; none of them twice."""
        ...
