"""What an initializer of newborn neurons is asked, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neurograph.analysis.observations import Observations

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Growth:
    """A population that is about to grow.

    Parameters
    ----------
    graph
        As it is before; to be read, not changed.
    keys
        (n,) int64 keys of the population's neurons, in order.
    count
        How many newborns.
    rng
        Where random numbers come from.
    observations
        What was seen while data ran through the network, or None.
    """

    graph: "EditableGraph"
    keys: np.ndarray
    count: int
    rng: np.random.Generator
    observations: Observations | None = None


@dataclass(frozen=True, eq=False)
class Newborns:
    """Whose wiring the newborns take, and what their synapses weigh.

    Parameters
    ----------
    donors
        (count,) int64 keys, one for each newborn, repeats allowed. A newborn takes its donor's kind, bias, slope and
        norm, and its wiring.
    weights
        (ids, newborn) -> weights, for synapses that newborns take over from their donors: `ids` are (m,) ids of the
        donors' synapses, all of one weight shape, and `newborn` (m,) says for which newborn, counted from 0. Called
        once for the incoming and, where outgoing weights are to be made the same way, once for the outgoing synapses of
        each form. None: the donors' own weights.
    """

    donors: np.ndarray
    weights: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


class NewbornInitializer(Protocol):
    """W'_l = G_l(W_l, P_l) of MetaNet: from a population and a number of newborns to where their weights come from."""

    def __call__(self, growth: Growth, /) -> Newborns:
        """Choose; raises `MissingError` where it needs observations that were not given."""
        ...
