"""What an edit is: a frozen dataclass with `apply(graph)` that returns an `Outcome`."""

from collections.abc import Iterable

import numpy as np

from neurograph.core.editing import Edit
from neurograph.core.outcome import Outcome

__all__ = ["Edit", "Outcome", "pairs"]


def pairs(new: Iterable, old: Iterable) -> np.ndarray:
    """(n, 2) int64 heirs from two sequences of equal length."""
    return np.stack([np.asarray(list(x), np.int64).reshape(-1) for x in (new, old)], axis=1)
