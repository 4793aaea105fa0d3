"""Which neurons of a population are to go: what a selector says of those that are old enough."""

from typing import TYPE_CHECKING

import numpy as np

from neurograph.analysis.ages import Ages
from neurograph.analysis.observations import Observations
from neurograph.edits.selectors import Selection, Selector, selector
from neurograph.errors import EditError, MissingError
from neurograph.storage.sets import distinct

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def choose(
    graph: "EditableGraph",
    population: str,
    keys: np.ndarray,
    by: str | Selector,
    seed: int,
    observations: Observations | None,
) -> np.ndarray:
    """(m,) keys that a selector chooses, those to go first in front.

    Parameters
    ----------
    graph, population
        Where they are.
    keys
        (n,) int64 of those to choose from.
    by
        The selector, or its name.
    seed
        For selectors that draw.
    observations
        For selectors that ask for them.

    Raises
    ------
    EditError
        Where the selector answers with anything but different neurons among those.
    """
    select = selector(by) if isinstance(by, str) else by
    home = graph.population_keys(population)
    selection = Selection(graph, keys, np.random.default_rng(seed), observations, home)
    chosen = np.asarray(select(selection), np.int64)
    if chosen.ndim != 1 or not np.isin(chosen, keys).all() or not distinct(chosen):
        raise EditError(f"selector {by!r} must choose different neurons of population {population!r}")
    return chosen


def old_enough(population: str, keys: np.ndarray, protect: float, ages: Ages | None) -> np.ndarray:
    """(m,) those of (n,) keys of a population that have lived for `protect`, in the unit of `ages`.

    Raises
    ------
    MissingError, EditError
        Ages that were not given; a population that is protected as a whole.
    """
    if not protect:
        return keys
    if ages is None:
        raise MissingError(f"protect={protect:g} goes by ages: give ages=Ages(keys, ages)")
    lived = ages.of(keys)
    if not (lived >= protect).any():
        raise EditError(
            f"protect={protect:g} protects all {len(keys)} neurons of population {population!r}, the "
            f"eldest of which is {lived.max():g} old: wait, or protect fewer"
        )
    return keys[lived >= protect]
