"""What a number without state starts with, in each kind of vector."""

from collections.abc import Callable

import numpy as np

from ...slots import SlotMap, Slots
from .schemas import Moment, Options


def start(moment: Moment, entry: Slots, options: Options, median: Callable[[], float]) -> np.ndarray:
    """(n,) or () the state of numbers that have none yet and continue no other.

    Parameters
    ----------
    moment
        What the vector is.
    entry
        The Parameter they are in.
    options
        Of its parameter group.
    median
        The median of this vector over the group.
    """
    if moment is Moment.FIRST:
        return np.zeros(())
    if moment is Moment.SECOND:
        return np.asarray(median())
    if moment is Moment.RATE:
        return np.asarray(float(options["lr"]))
    return SlotMap.get(entry, entry.tensor)
