"""Chance: neurons drawn at random, which is what every other way to choose has to do better than."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurograph.edits.selectors.base import Selection
from neurograph.options import whole


@dataclass(frozen=True)
class Chance:
    """Neurons go by lot.

    Parameters
    ----------
    count
        How many, not negative; all where there are fewer.

    Raises
    ------
    OptionError
        A count that is not a whole number, or negative.

    Examples
    --------
    >>> Chance(2)(Selection(None, np.arange(9), np.random.default_rng(0))).tolist()
    [4, 5]
    """

    looks_up: ClassVar[bool] = True  # reads no weights, so that nothing need be written back for it
    count: int = 1

    def __post_init__(self) -> None:
        whole("count", self.count, 0)

    def __call__(self, selection: Selection) -> np.ndarray:
        return selection.rng.permutation(selection.keys)[: self.count]
