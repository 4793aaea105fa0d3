"""Firefly: many candidates are drawn, and those that the loss would fall most by are born."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurograph.errors import EditError, OptionError
from neurograph.initializers.newborns.base import Growth, NewbornInitializer, Newborns
from neurograph.initializers.newborns.candidates import Candidates, draw_candidates
from neurograph.initializers.newborns.fresh import Fresh
from neurograph.initializers.newborns.signals import ends_through, observations_for, synapses_of
from neurograph.options import whole


@dataclass(frozen=True)
class Firefly:
    """Candidates of another initializer, picked by the gradient that their outgoing weights have at zero.

    A candidate h whose outgoing weights w are zero changes the loss by w . E[d h] to first order, so the loss falls
    fastest, for weights of a given norm, by |E[d h]|, d being the deltas of those who read it; the largest are born (Wu
    et al. 2020, "Firefly neural architecture descent", eq. 5, its candidates not trained before they are scored).

    Parameters
    ----------
    candidates
        How many are drawn for each newborn, at least 1.
    of
        The initializer that draws them; fresh weights unless given.

    Raises
    ------
    OptionError
        Fewer than one candidate.
    MissingError, EditError
        When called: no recorded values and deltas; feature maps.
    """

    needs_deltas: ClassVar[bool] = True

    candidates: int = 8
    of: NewbornInitializer = field(default_factory=Fresh)

    def __post_init__(self) -> None:
        whole("candidates", self.candidates, 1)
        if not callable(self.of):
            raise OptionError(f"of must be an initializer of newborns, not {self.of!r}")

    def __call__(self, growth: Growth, /) -> Newborns:
        """Draw, score and pick."""
        found = draw_candidates(growth, self.of, self.candidates * growth.count, "firefly")
        scores = self._scores(growth, found.newborns.donors, found.activity)
        picked = np.sort(np.argsort(-scores, kind="stable")[: growth.count])
        return Newborns(found.newborns.donors[picked], _Kept(found, picked))

    def _scores(self, growth: Growth, donors: np.ndarray, activity: np.ndarray) -> np.ndarray:
        """(candidates,) |E[d h]| over those who read each candidate's donor."""
        graph, seen = growth.graph, observations_for(growth.observations, "firefly")
        _, targets = ends_through(graph, donors)
        gradient = seen.deltas_of(targets).T @ activity / seen.samples
        reads = np.zeros(gradient.shape, bool)
        for at, key in enumerate(donors.tolist()):
            far = graph.table.dst[synapses_of(graph, [key], False)]
            reads[np.searchsorted(targets, far), at] = True
        return np.linalg.norm(np.where(reads, gradient, 0.0), axis=0)


class _Kept:
    """The incoming weights of the candidates that were picked; outgoing ones are the drawing initializer's."""

    def __init__(self, found: Candidates, picked: np.ndarray) -> None:
        self.drawn, self.picked, self.weights = found.newborns, picked, found.weights
        self.held = {pair: at for at, pair in enumerate(zip(found.which.tolist(), found.ids.tolist(), strict=True))}

    def __call__(self, ids: np.ndarray, newborn: np.ndarray) -> np.ndarray:
        pairs = zip(self.picked[newborn].tolist(), ids.tolist(), strict=True)
        at = [self.held.get(pair, -1) for pair in pairs]
        if -1 not in at:
            return self.weights[at]
        if self.drawn.weights is None:
            raise EditError('firefly: candidates are copies whose outgoing weights are their donors\'; outgoing="zero"')
        return self.drawn.weights(ids, self.picked[newborn])
