"""Algorithm 2 of CompNet: beta and W(new1) in turn.

As printed it cannot be run, and would do nothing if it could. C = A(1) diag(beta) has mismatched dimensions: beta has
one entry a new neuron, A(1) one column a source. And what step 5.2 asks for, the W(new1) that minimises |O(new) - A(1)
W(new1) diag(beta)|^2, is the first W(new1) with column i divided by beta_i: it undoes the shrinkage of beta, and
standardisation makes that the same X again, so that algorithm 2 would drop the neurons that algorithm 1 drops.

The aim the paper gives for it is "to reconstruct the output after sparsifying". So here step 5.2 lets the neurons that
stay take over what those that went contributed: with X = O(new) M what those that stay take in (at first their own
columns of O(new)), B = (X'X)^-1 X'O(new) predicts all of O(new) from it, and

    M := argmin |O(new) - O(new) M B|^2 = B' (B B')^-1,    W(new1) := W(new1) M, b := b M,

one step of alternating least squares towards the inputs of so many neurons that lose least of O(new). Each column
keeps the deviation of the neuron it began as, so that the scale of the initializer stays.
"""

from dataclasses import dataclass

import numpy as np

from neurograph.insertion.iilasso import descend
from neurograph.insertion.least_squares import least_squares
from neurograph.insertion.path import PathOutcome
from neurograph.insertion.problem import Problem, Solution, fitted
from neurograph.insertion.similarity import correlation, distinct, similarity
from neurograph.insertion.sparse import searched
from neurograph.insertion.sums import Sums

_SWEEPS = 20_000
_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Alternated:
    """Where the alternation ended.

    Parameters
    ----------
    beta
        (p,) of every neuron that was drawn.
    shares
        (p, k) M: what those that stay take in, in terms of what was drawn.
    sweeps, violation, converged
        Of all descents together; of the last one.
    """

    beta: np.ndarray
    shares: np.ndarray
    sweeps: int
    violation: float
    converged: bool


def alternating(problem: Problem) -> Solution:
    """Algorithm 2, in the variant described above."""
    sums = problem.data.sums(problem.pair, problem.layer)
    alive = distinct(correlation(sums.covariance, sums.deviation), sums.deviation)

    def error(outcome: PathOutcome) -> float:
        regression = problem.regression(problem.layer.mixed(outcome.shares))  # type: ignore[attr-defined]
        return least_squares(regression, problem.ridge, problem.pair.through_origin).error

    def solve(penalty: float, alpha: float) -> Alternated:
        return alternate(sums, alive, penalty, alpha, problem.tolerance, problem.iterations)

    found, details = searched(problem, 1.0, solve, error, "alpha")
    shares: np.ndarray = found.outcome.shares  # type: ignore[attr-defined]
    if found.trimmed:
        mine = np.isin(np.flatnonzero(found.outcome.beta), found.kept)
        shares = take_over(sums, shares[:, mine], found.kept)
    return fitted(problem, problem.layer.mixed(shares), **details)


def alternate(
    sums: Sums, alive: np.ndarray, penalty: float, alpha: float, tolerance: float = 1e-8, iterations: int | None = None
) -> Alternated:
    """Steps 5.1 and 5.2 in turn until a round drops no more neurons, or so many rounds (`iterations`) are over."""
    stay = np.flatnonzero(alive)
    shares, beta = np.eye(len(alive))[:, stay], np.ones(len(stay))
    rounds, sweeps, last = _ROUNDS if iterations is None else iterations, 0, None
    for number in range(rounds):
        inner = shares.T @ sums.covariance @ shares
        deviation = np.sqrt(np.maximum(np.diag(inner), 0.0))
        r = correlation(inner, deviation)
        own = np.einsum("pk,pk->k", sums.covariance[:, stay], shares) / (deviation * sums.deviation[stay])
        last = descend(np.eye(len(stay)), own, similarity(r), penalty, alpha, start=beta, tolerance=tolerance)
        sweeps += last.sweeps
        kept = np.flatnonzero(last.beta)
        still = len(kept) == len(stay)
        stay, shares, beta = stay[kept], shares[:, kept], last.beta[kept]
        if not len(kept) or (still and number):
            break
        if number + 1 < rounds:
            shares = take_over(sums, shares, stay)
    everyone = np.zeros(len(alive))
    everyone[stay] = beta
    missed, converged = (0.0, True) if last is None else (last.violation, last.converged)
    return Alternated(everyone, shares, sweeps, missed, converged)


def take_over(sums: Sums, shares: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """Step 5.2: M := B' (B B')^-1, each column with the deviation, and the sign, of the neuron it began as."""
    covariance = sums.covariance
    activity = shares.T @ covariance
    predict = np.linalg.pinv(activity @ shares, rcond=1e-10, hermitian=True) @ activity
    made = predict.T @ np.linalg.pinv(predict @ predict.T, rcond=1e-10, hermitian=True)
    size = np.sqrt(np.maximum(np.einsum("pk,pq,qk->k", made, covariance, made, optimize=True), 0.0))
    sign = np.where(np.einsum("pk,pk->k", covariance[:, stay], made) < 0, -1.0, 1.0)
    return made * (sign * sums.deviation[stay] / np.where(size > 0, size, 1.0))
