"""The independently interpretable Lasso by coordinate descent on a Gram matrix (CompNet, eq. 6, 8, 9 and 10).

    minimise over beta   1/2 beta' G beta - c' beta + lambda (|beta|_1 + alpha / 2 |beta|' R |beta|)

For standardised inputs X and response y with N rows, G = X'X / N and c = X'y / N make this the paper's eq. 6 up to a
constant. R penalises two neurons that say similar things if both are kept (Takada, Suzuki and Fujisawa 2017). With
alpha = 0 it is the Lasso.

Because R is zero on its diagonal the objective need not be convex once lambda alpha R outweighs G: where several
minima exist, the descent ends in the one that its start leads to. It begins, as the paper does, with all ones, so that
the same lambda and alpha always give the same answer.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Descent:
    """Where the descent ended.

    Parameters
    ----------
    beta
        (p,) float64.
    sweeps
        Passes over the coordinates.
    violation
        By how much the optimality conditions are missed; see `violation`.
    converged
        Whether that is within the tolerance.
    """

    beta: np.ndarray
    sweeps: int
    violation: float
    converged: bool


def descend(
    gram: np.ndarray,
    response: np.ndarray,
    similarities: np.ndarray,
    penalty: float,
    alpha: float,
    *,
    start: np.ndarray | None = None,
    tolerance: float = 1e-8,
    sweeps: int = 10_000,
) -> Descent:
    """Minimise by coordinates: beta_j = S(z_j, lambda (1 + alpha sum R_jc |beta_c|)) / (G_jj + alpha lambda R_jj).

    z_j = c_j - sum over i != j of G_ji beta_i; S is the soft threshold of eq. 10. Sweeps over all coordinates alternate
    with sweeps over those that are not zero until those stand still.

    Parameters
    ----------
    gram
        (p, p) float64, symmetric; ones on its diagonal for standardised inputs.
    response
        (p,) float64: c.
    similarities
        (p, p) float64, symmetric: R.
    penalty, alpha
        lambda and alpha, not negative.
    start
        (p,) to begin with; ones unless given.
    tolerance
        For the optimality conditions.
    sweeps
        At most; what is reached by then is returned, with `converged` saying so.
    """
    beta = np.ones(len(response)) if start is None else np.array(start, np.float64)
    state = _State(gram, response, similarities, float(penalty), float(alpha), beta)
    done, missed = 0, np.inf
    while done < sweeps:
        state.renew()
        state.sweep(range(len(beta)))
        done += 1
        active = np.flatnonzero(state.beta).tolist()
        for _ in range(100):
            if done >= sweeps or not active or state.sweep(active) <= tolerance:
                break
            done += 1
        missed = violation(gram, response, similarities, penalty, alpha, state.beta)
        if missed <= tolerance:
            break
    return Descent(state.beta, done, missed, bool(missed <= tolerance))


def objective(
    gram: np.ndarray, response: np.ndarray, similarities: np.ndarray, penalty: float, alpha: float, beta: np.ndarray
) -> float:
    """What `descend` minimises, at a beta."""
    size = np.abs(beta)
    crowd = penalty * (size.sum() + 0.5 * alpha * size @ similarities @ size)
    return float(0.5 * beta @ gram @ beta - response @ beta + crowd)


def violation(
    gram: np.ndarray, response: np.ndarray, similarities: np.ndarray, penalty: float, alpha: float, beta: np.ndarray
) -> float:
    """The largest amount by which a coordinate misses its optimality condition (Karush, Kuhn and Tucker).

    With z = c - G beta and t_j = lambda (1 + alpha sum over c of R_jc |beta_c|): z_j = sign(beta_j) t_j where beta_j is
    not zero, and |z_j| <= t_j where it is.
    """
    if not len(beta):
        return 0.0
    z = response - gram @ beta
    threshold = penalty * (1.0 + alpha * (similarities @ np.abs(beta)))
    missed = np.where(beta != 0.0, np.abs(z - np.sign(beta) * threshold), np.maximum(np.abs(z) - threshold, 0.0))
    return float(missed.max())


@dataclass(eq=False)
class _State:
    """beta, and what follows from it: z = c - G beta and R |beta|, kept up to date coordinate by coordinate."""

    gram: np.ndarray
    response: np.ndarray
    similarities: np.ndarray
    penalty: float
    alpha: float
    beta: np.ndarray

    def __post_init__(self) -> None:
        self.curvature = (np.diag(self.gram) + self.alpha * self.penalty * np.diag(self.similarities)).tolist()
        self.own = np.diag(self.gram).tolist()
        self.alike = np.diag(self.similarities).tolist()

    def renew(self) -> None:
        """Work out from beta what rounding may have moved."""
        self.left = self.response - self.gram @ self.beta
        self.crowd = self.similarities @ np.abs(self.beta)

    def sweep(self, coordinates) -> float:
        """Update some coordinates in turn; returns the largest change."""
        beta, left, crowd, penalty, alpha = self.beta, self.left, self.crowd, self.penalty, self.alpha
        largest = 0.0
        for j in coordinates:
            old = float(beta[j])
            z = float(left[j]) + self.own[j] * old
            threshold = penalty * (1.0 + alpha * (float(crowd[j]) - self.alike[j] * abs(old)))
            size = abs(z) - threshold
            new = (size if z > 0 else -size) / self.curvature[j] if size > 0 else 0.0
            if new != old:
                beta[j] = new
                left -= self.gram[j] * (new - old)
                if abs(new) != abs(old):
                    crowd += self.similarities[j] * (abs(new) - abs(old))
                largest = max(largest, abs(new - old))
        return largest
