"""What the outgoing synapses of newborns weigh, and what becomes of their donors'."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurograph.analysis.observations import Observations
from neurograph.errors import EditError
from neurograph.initializers.newborns import Newborns
from neurograph.initializers.newborns.signals import observations_for

RIDGE = 1e-3  # of "gradient", in mean squares of newborns' activities


@dataclass(frozen=True, eq=False)
class Outgoing:
    """Outgoing synapses of donors (and of their relays) of one weight shape, and copies about to be born.

    Parameters
    ----------
    ids, weights
        (s,) ids of the synapses, each once, and their weights: (s,) or (s, height, width).
    at, newborn
        (m,) which of them each copy is of, and for which newborn it is.
    newborns
        What the initializer answered.
    rng
        Where random numbers come from.
    far
        (s,) keys of the neurons that the synapses lead to.
    seen
        What was seen while data ran through the network, or None.
    activity
        What newborns will put out, (samples, newborns), from their incoming weights and what was seen; None for the
        synapses of relays.
    """

    ids: np.ndarray
    weights: np.ndarray
    at: np.ndarray
    newborn: np.ndarray
    newborns: Newborns
    rng: np.random.Generator
    far: np.ndarray
    seen: Observations | None = None
    activity: Callable[[], np.ndarray] | None = None


def split(outgoing: Outgoing) -> tuple[np.ndarray, np.ndarray | None]:
    """Share each of the donor's weights out between it and its newborns; the network computes what it did.

    For each synapse the donor and each of its newborns draw a number, uniformly from (0.25, 0.75), and get the weight
    in that proportion: with one newborn its share lies between a quarter and three quarters. Equal shares would not do:
    the two would then get equal gradients, and stay identical under SGD and Adam for good.
    """
    mine = outgoing.rng.uniform(0.25, 0.75, len(outgoing.ids))
    theirs = outgoing.rng.uniform(0.25, 0.75, len(outgoing.at))
    total = mine + np.bincount(outgoing.at, theirs, minlength=len(mine))
    return (
        _times(outgoing.weights[outgoing.at], theirs / total[outgoing.at]),
        _times(outgoing.weights, mine / total),
    )


def zero(outgoing: Outgoing) -> tuple[np.ndarray, np.ndarray | None]:
    """Newborns are not heard at first: their outgoing weights are zero; the network computes what it did."""
    return np.zeros_like(outgoing.weights[outgoing.at]), None


def paper(outgoing: Outgoing) -> tuple[np.ndarray, np.ndarray | None]:
    """The initializer applied to the rows of the next layer's matrix; the donors' weights stay, so the function moves.

    MetaNet writes W'_l = G_l(W_l, P_l) for every layer and does not say what the next layer's rows are; this is a
    reading of it. The donors are those of the incoming side: rows of other neurons would tear apart what was trained
    together, and on a general graph could close a cycle.
    """
    if outgoing.newborns.weights is None:
        return outgoing.weights[outgoing.at], None
    return outgoing.newborns.weights(outgoing.ids[outgoing.at], outgoing.newborn), None


def gradient(outgoing: Outgoing) -> tuple[np.ndarray, np.ndarray | None]:
    """Newborns bring each reader's sum as near as they can to where the loss falls: minus its delta.

    W = - (E[h h^T] + ridge)^-1 E[h d^T], h the activities of newborns and d the deltas of who reads them: the least
    squares over the samples seen of h W + d, which is the best update of the sums that newborns of these incoming
    weights can make (Verbockhaven et al. 2024, "Growing tiny networks: spotting expressivity bottlenecks and fixing
    them optimally", prop. 3.2, of the outgoing weights alone). How far to go is for a line search: the whole of it
    moves each sum by its own delta at a rate of 1. The ridge is a thousandth of the mean E[h^2].
    """
    if outgoing.activity is None or outgoing.weights.ndim > 1:
        raise EditError(
            'outgoing="gradient" is of newborn scalars that are read by weights; these are feature maps, or are read '
            "through pools or identities"
        )
    seen = observations_for(outgoing.seen, 'outgoing="gradient"')
    activity, found = outgoing.activity(), np.empty(len(outgoing.at))
    square = activity.T @ activity / seen.samples
    square += RIDGE * max(square.trace() / len(square), np.finfo(np.float64).tiny) * np.eye(len(square))
    targets, place = np.unique(outgoing.far[outgoing.at], return_inverse=True)
    towards = -(activity.T @ seen.deltas_of(targets)) / seen.samples
    for column in range(len(targets)):
        mine = np.flatnonzero(place == column)
        who = outgoing.newborn[mine]
        found[mine] = np.linalg.solve(square[np.ix_(who, who)], towards[who, column])
    return found, None


def _times(weights: np.ndarray, share: np.ndarray) -> np.ndarray:
    return weights * share.reshape(-1, *(1,) * (weights.ndim - 1))


OUTGOING: dict[str, Callable[[Outgoing], tuple[np.ndarray, np.ndarray | None]]] = {
    "split": split,
    "zero": zero,
    "paper": paper,
    "gradient": gradient,
}
PRESERVING = ("split", "zero")  # what they hand out adds up to what was there
