"""The natural-gradient score of a layer, g' F^-1 g: how fast the loss can fall, and how much faster with newborns."""

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from neurograph.errors import DataError
from neurograph.options import number


@dataclass(frozen=True, eq=False)
class NaturalScore:
    """g' F^-1 g of the weights between some neurons and those who read them, and what candidates would add to it.

    F is the Fisher matrix in Kronecker factors, E[a a'] of what is read and E[d d'] of the readers' deltas, both damped
    (Martens and Grosse 2015, "Optimizing neural networks with Kronecker-factored approximate curvature"; deltas are
    those of the labels at hand). A step along F^-1 g lowers the loss by this score to first order, an amount that does
    not depend on how weights are parameterized. A candidate whose outgoing weights are zero leaves the deltas as they
    are and adds a row to a, so what it adds follows from the inverse of a matrix in blocks (Mitchell, Mundt and
    Kersting 2023, "Self expanding neural networks", who grow by it).

    Parameters
    ----------
    values
        (samples, sources) float64 what is read.
    deltas
        (samples, readers) float64, see `Observations`.
    damping
        Of both factors, in units of the mean of each one's diagonal; more than 0.

    Raises
    ------
    OptionError, DataError
        No damping; unequal numbers of samples, none, or a number that is not finite.

    Examples
    --------
    >>> a, d = np.array([[1.0], [-1.0]]), np.array([[0.5], [0.5]])
    >>> score = NaturalScore(a, d, damping=1e-6)
    >>> float(score.score), score.gain(np.array([[1.0], [1.0]])).round(3).item()  # only a bias would help
    (0.0, 1.0)
    """

    values: np.ndarray
    deltas: np.ndarray
    damping: float = 1e-3
    _reads: tuple = field(init=False, repr=False)
    _deltas: tuple = field(init=False, repr=False)
    _gradient: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        number("damping", self.damping, 1e-12, 1e6)
        samples = len(self.values)
        if not samples or samples != len(self.deltas):
            raise DataError(f"{samples} samples of values and {len(self.deltas)} of deltas: the same, and one at least")
        if not (np.isfinite(self.values).all() and np.isfinite(self.deltas).all()):
            raise DataError("values and deltas must be finite")
        object.__setattr__(self, "_reads", cho_factor(self._damped(self.values, self._ridge)))
        object.__setattr__(self, "_deltas", cho_factor(self._damped(self.deltas, self._of(self.deltas))))
        object.__setattr__(self, "_gradient", self.values.T @ self.deltas / samples)

    @property
    def score(self) -> float:
        """G' F^-1 g as the layer is, in units of the loss, not negative."""
        return float(np.sum(cho_solve(self._reads, self._gradient) * cho_solve(self._deltas, self._gradient.T).T))

    def gain(self, candidates: np.ndarray) -> np.ndarray:
        """What the score grows by with one candidate beside what is read, for each on its own.

        Parameters
        ----------
        candidates
            (samples, n) float64 what they say.

        Returns
        -------
        numpy.ndarray
            (n,) float64, not negative.
        """
        apart, rest = self._beside(candidates)
        return np.sum(rest * cho_solve(self._deltas, rest.T).T, axis=1) / np.diagonal(apart)

    def gain_together(self, candidates: np.ndarray) -> float:
        """What the score grows by with all candidates beside what is read; see `gain`."""
        apart, rest = self._beside(candidates)
        return float(np.sum(cho_solve(cho_factor(apart), rest) * cho_solve(self._deltas, rest.T).T))

    def _beside(self, candidates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, n) second moments of candidates, and (n, readers) their gradients, without what others say already."""
        samples = len(candidates)
        shared = self.values.T @ candidates / samples
        known = cho_solve(self._reads, shared)
        apart = self._damped(candidates, self._ridge) - shared.T @ known
        return apart, candidates.T @ self.deltas / samples - known.T @ self._gradient

    @property
    def _ridge(self) -> float:
        return self._of(self.values)

    def _of(self, rows: np.ndarray) -> float:
        return self.damping * (float(np.mean(rows**2)) or 1.0)

    @staticmethod
    def _damped(rows: np.ndarray, ridge: float) -> np.ndarray:
        return rows.T @ rows / len(rows) + ridge * np.eye(rows.shape[1])
