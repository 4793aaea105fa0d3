"""Low utility: the neurons that have contributed least while the network was training."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurograph.edits.selectors.base import Selection
from neurograph.errors import MissingError
from neurograph.options import number, whole


@dataclass(frozen=True)
class LowUtility:
    """Neurons go whose running utility is lowest (Dohare et al. 2024); `compiler.RunningUtility` gathers it.

    Beside `low_contribution`, which takes one look at a network that stands still, this one remembers.

    Parameters
    ----------
    count
        How many, not negative; all where there are fewer.
    level
        Only those below this many times the median of those to choose from; None: all may go.

    Raises
    ------
    OptionError
        An option that makes no sense.

    Examples
    --------
    >>> from neurograph.analysis.observations import Observations
    >>> none = np.zeros(0)
    >>> seen = Observations(np.arange(4), none, none, utility=np.array([1.0, 0.02, 1.0, 0.01]))
    >>> selection = Selection(None, np.arange(4), np.random.default_rng(0), seen)
    >>> LowUtility(3)(selection).tolist(), LowUtility(3, level=0.5)(selection).tolist()
    ([3, 1, 0], [3, 1])
    """

    looks_up: ClassVar[bool] = True  # reads no weights, so that nothing need be written back for it
    count: int = 1
    level: float | None = None

    def __post_init__(self) -> None:
        whole("count", self.count, 0)
        if self.level is not None:
            number("level", self.level, 0.0)

    def __call__(self, selection: Selection) -> np.ndarray:
        """Those to go, the least useful first."""
        if selection.observations is None:
            raise MissingError("low_utility goes by a running utility: give observations=utility.observations()")
        utility = selection.observations.of_neurons("utility", selection.keys)
        ranking = np.argsort(utility, kind="stable")
        if self.level is not None:
            ranking = ranking[: int((utility < self.level * np.median(utility)).sum())]
        return selection.keys[ranking[: self.count]]
