"""Why a network changed: the rules that fired, with the values that they saw, as events record them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """A rule that fired.

    Parameters
    ----------
    rule
        Its name: the option or the quantity that it goes by.
    because
        What it saw, as the first half of a sentence: "the loss had stopped falling".
    value, limit
        What was measured and what it was held against; None for a rule that goes by the calendar.
    side
        How the value stood to the limit: "under", "at most", "over", "at least", "of".

    Examples
    --------
    >>> Reason("slope", "the loss had stopped falling", 0.02, 0.05, "at most").as_plain()["limit"]
    0.05
    """

    rule: str
    because: str
    value: float | None = None
    limit: float | None = None
    side: str = "at most"

    def as_plain(self) -> dict[str, Any]:
        """The reason as an event's record holds it, what it lacks left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def reasons(*fired: Reason) -> dict[str, Any]:
    """The entry of an event's record that names the rules that fired."""
    return {"reasons": [reason.as_plain() for reason in fired]}


def by_calendar(rule: str, what: str, every: int) -> Reason:
    """The reason of what happens every so many epochs."""
    return Reason(rule, f"{what} is due {'every epoch' if every == 1 else f'every {every} epochs'}")


def stopped_falling(slope: float, limit: float, count: int, unit: str) -> Reason:
    """The reason of growth by MetaNet's eq. 1: over so many epochs or tasks the loss had not fallen by more."""
    return Reason("slope", f"the loss had stopped falling over {count} {unit}{'s' * (count != 1)}", slope, limit)


def would_gain(gains: Mapping[str, float], limit: float) -> Reason:
    """The reason of growth by the natural-gradient score: the population whose newborns would raise it most."""
    name = max(gains, key=lambda one: gains[one])
    return Reason("natural_gain", f"newborns would raise the score of {name}", gains[name], limit, "over")
