"""How old neurons are, in whatever a run counts: steps, epochs, edits."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Ages:
    """Ages of some neurons; all others have been there from the start.

    Parameters
    ----------
    keys
        (n,) int64 neuron keys, each once.
    ages
        (n,) float64 since their births.

    Examples
    --------
    >>> Ages(np.array([7, 3]), np.array([1.0, 5.0])).of(np.array([3, 4, 7])).tolist()
    [5.0, inf, 1.0]
    """

    keys: np.ndarray
    ages: np.ndarray

    def of(self, keys: np.ndarray) -> np.ndarray:
        """(m,) float64 the ages of some neurons, infinite where they are not known."""
        known = dict(zip(np.asarray(self.keys).tolist(), np.asarray(self.ages, np.float64).tolist(), strict=True))
        return np.array([known.get(key, np.inf) for key in keys.tolist()], np.float64)
