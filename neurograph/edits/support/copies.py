"""Synapses about to be born: copies of those that donors and their relays have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.edits.support.growing import Wiring, wiring
from neurograph.edits.support.outgoing import Outgoing
from neurograph.edits.support.relays import Births
from neurograph.errors import EditError
from neurograph.initializers.newborns import Newborns
from neurograph.initializers.newborns.signals import activity_of, observations_for, require_plain, sums_of

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

Share = Callable[[Outgoing], tuple[np.ndarray, np.ndarray | None]]


@dataclass(frozen=True, eq=False)
class Copies:
    """Copies of synapses on one side, read before anything changes.

    Parameters
    ----------
    wiring
        What they are copies of.
    incoming
        Whether newborns are their targets, not their sources.
    first
        The place among the births that `wiring.newborn` counts from.
    weights
        Weights of the copies, or None.
    originals
        What the originals weigh from then on, or None: as before.
    """

    wiring: Wiring
    incoming: bool
    first: int
    weights: np.ndarray | None
    originals: np.ndarray | None = None

    def add(self, graph: "EditableGraph", births: Births, born: np.ndarray) -> np.ndarray:
        """Add them, to the (m,) keys that were born; returns (n, 2) pairs (new id, old id)."""
        w = self.wiring
        follows = self.incoming and self.first > 0
        far = births.sources(graph, w, born) if follows else w.far[w.at]
        sources, targets = graph.names_of(far), graph.names_of(born[self.first + w.newborn])
        if not self.incoming:
            sources, targets = targets, sources
        ids = graph.add_edges_from_arrays(sources, targets, self.weights, **w.form)
        if self.originals is not None:
            graph.write_weights(w.ids, self.originals)
        return np.stack([ids, w.ids[w.at]], 1)


def copies(
    graph: "EditableGraph",
    births: Births,
    newborns: Newborns,
    share: Share,
    noise: float,
    rng: np.random.Generator,
    seen: Observations | None = None,
) -> list[Copies]:
    """All copies for newborns and their relays: what donors read with the newborns' weights, what relays read, shares.

    An initializer of newborns knows the donors' synapses alone, so it is not asked for weights behind relays.
    """
    found = [_incoming(w, newborns, noise, rng) for w in wiring(graph, newborns.donors, incoming=True)]
    activity = partial(_activity, graph, seen, newborns.donors, tuple(found))
    for w in wiring(graph, births.relays, incoming=True):
        found.append(Copies(w, True, births.count, None if w.weights is None else w.weights[w.at]))
    found += [_outgoing(w, 0, newborns, share, rng, seen=seen, activity=activity) for w in births.shared]
    as_they_are = Newborns(newborns.donors)
    return found + [_outgoing(w, births.count, as_they_are, share, rng) for w in births.shared_by_relays]


def _activity(
    graph: "EditableGraph", seen: Observations | None, donors: np.ndarray, incoming: Sequence[Copies]
) -> np.ndarray:
    """(samples, newborns) what newborns will put out, by the incoming weights that they are about to get."""
    observations = observations_for(seen, 'outgoing="gradient"')
    require_plain(graph, donors)
    total = np.zeros((observations.samples, len(donors)))
    for c in incoming:
        if c.weights is None or c.weights.ndim > 1:
            raise EditError("newborns that read by identities, pools or whole maps add up what was not recorded")
        total += sums_of(graph, observations, c.wiring.ids[c.wiring.at], c.wiring.newborn, c.weights, len(donors))
    return activity_of(graph, donors, total)


def _incoming(w: Wiring, newborns: Newborns, noise: float, rng: np.random.Generator) -> Copies:
    if w.weights is None:
        return Copies(w, True, 0, None)
    weights = w.weights[w.at] if newborns.weights is None else newborns.weights(w.ids[w.at], w.newborn)
    if noise:
        weights = weights + noise * w.weights.std() * rng.standard_normal(weights.shape)
    return Copies(w, True, 0, weights)


def _outgoing(
    w: Wiring, first: int, newborns: Newborns, share: Share, rng: np.random.Generator, **known: Any
) -> Copies:
    if w.weights is None:
        return Copies(w, False, first, None)
    return Copies(w, False, first, *share(Outgoing(w.ids, w.weights, w.at, w.newborn, newborns, rng, w.far, **known)))


def balanced(wired: list[Copies], count: int, population: str) -> tuple[list[Copies], float]:
    """Copies with newborns' incoming weights multiplied so that n_l Var(W) / 2 = 1, n_l the numbers each reads through.

    Parameters
    ----------
    wired
        All copies, see `copies`.
    count
        How many newborns there are, relays not counted.
    population
        The newborns' population, for errors.

    Returns
    -------
    tuple
        The copies, and the number that weights were multiplied by.

    Raises
    ------
    EditError
        Where the newborns' weights do not vary.
    """
    held = [c.weights for c in wired if c.incoming and not c.first and c.weights is not None]
    numbers = np.concatenate([np.zeros(0), *(w.ravel() for w in held)])
    condition = 0.5 * float(numbers.var()) * len(numbers) / count if len(numbers) else 0.0
    if not condition > 0.0:
        raise EditError(
            f"balanced=True: the {len(numbers)} incoming weights of {count} newborn(s) of population {population!r} do "
            'not vary, so no number makes their variance that of eq. 13; noise above 0, or initializer="fresh", does'
        )
    factor = condition**-0.5
    mine = [c.incoming and not c.first and c.weights is not None for c in wired]
    scaled = [replace(c, weights=c.weights * factor) if own else c for c, own in zip(wired, mine, strict=True)]  # pyright: ignore[reportOptionalOperand]
    return scaled, factor
