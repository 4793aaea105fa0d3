"""Along the regularisation path: the strength at which so many neurons are left, or the function is kept so well.

Every point of the path is solved from the same start, so the strength that is found gives the same neurons again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from neurograph.errors import EditError

_HALVINGS = 60
_DOUBLINGS = 80


class PathOutcome(Protocol):
    """Anything with a beta: (p,) float64, zero for neurons that go."""

    beta: np.ndarray


@dataclass(frozen=True, eq=False)
class Reached:
    """A point of the path.

    Parameters
    ----------
    strength
        Of the penalty.
    outcome
        What was found there.
    kept
        (k,) int64 places of the neurons that stay, rising.
    trimmed
        How many more were dropped, those of the smallest beta, because the path steps over the count asked for.
    """

    strength: float
    outcome: PathOutcome
    kept: np.ndarray
    trimmed: int = 0


def reach_count(at: Callable[[float], PathOutcome], count: int, low: float, high: float, open_end: bool) -> Reached:
    """The point where `count` neurons are left.

    Parameters
    ----------
    at
        Solves for a strength; the stronger, the fewer are left.
    count
        At least 1.
    low, high
        Positive strengths to look between.
    open_end
        Whether to look beyond `high` too.

    Raises
    ------
    EditError
        Fewer are left at `low`, or more at the end.
    """
    sparse = Reached(high, *_kept(at(high)))
    dense = sparse
    for _ in range(_DOUBLINGS if open_end else 0):
        if len(sparse.kept) <= count:
            break
        dense, sparse = sparse, Reached(2 * sparse.strength, *_kept(at(2 * sparse.strength)))
    if len(sparse.kept) > count:
        raise EditError(
            f"{len(sparse.kept)} neurons are left at the end of the path, and {count} were asked for: leave penalty= "
            "(lambda) and alpha= out, so that the right one is searched"
        )
    while len(dense.kept) < count and dense.strength > low:  # from above: weak penalties take many sweeps
        strength = max(low, dense.strength / 4)
        sparse, dense = dense, Reached(strength, *_kept(at(strength)))
    if len(dense.kept) < count:
        raise EditError(
            f"only {len(dense.kept)} of the neurons drawn have something of their own to say, so {count} cannot be "
            "kept: ask for fewer (target=), or draw more (width=)"
        )
    for _ in range(_HALVINGS):
        if count in (len(dense.kept), len(sparse.kept)) or sparse.strength <= dense.strength * (1 + 1e-12):
            break
        strength = float(np.sqrt(dense.strength * sparse.strength))
        point = Reached(strength, *_kept(at(strength)))
        dense, sparse = (point, sparse) if len(point.kept) > count else (dense, point)
    return sparse if len(sparse.kept) == count else _trim(dense, count)


def reach_error(
    at: Callable[[float], PathOutcome],
    error: Callable[[PathOutcome], float],
    most: float,
    low: float,
    high: float,
    open_end: bool,
) -> Reached:
    """The strongest point found at which the error is at most `most`; the other parameters are `reach_count`'s.

    Raises
    ------
    EditError
        The error is larger with all neurons already.
    """
    known: dict[bytes, float] = {}

    def missed(point: Reached) -> float:
        mark = point.outcome.beta.astype(bool).tobytes()
        if mark not in known:
            known[mark] = error(point.outcome) if len(point.kept) else 1.0
        return known[mark]

    worst = Reached(high, *_kept(at(high)))
    best = worst
    for _ in range(_DOUBLINGS if open_end else 0):
        if missed(worst) > most or len(worst.kept) == 1:
            break
        best, worst = worst, Reached(2 * worst.strength, *_kept(at(2 * worst.strength)))
    if missed(worst) <= most:
        return worst
    while missed(best) > most and best.strength > low:
        strength = max(low, best.strength / 4)
        worst, best = best, Reached(strength, *_kept(at(strength)))
    if missed(best) > most:
        raise EditError(
            f"all {len(best.kept)} neurons together miss a share of {missed(best):.4g} of what the targets take in, "
            f"and target={most:g} was asked for: draw more (width=), or allow more"
        )
    while len(best.kept) > len(worst.kept) + 1 and worst.strength > best.strength * 1.001:
        strength = float(np.sqrt(best.strength * worst.strength))
        point = Reached(strength, *_kept(at(strength)))
        best, worst = (point, worst) if missed(point) <= most else (best, point)
    return best


def _kept(outcome: PathOutcome) -> tuple[PathOutcome, np.ndarray]:
    return outcome, np.flatnonzero(outcome.beta)


def _trim(point: Reached, count: int) -> Reached:
    """Drop the weakest beyond the count."""
    strongest = np.argsort(-np.abs(point.outcome.beta[point.kept]), kind="stable")[:count]
    return Reached(point.strength, point.outcome, np.sort(point.kept[strongest]), len(point.kept) - count)
