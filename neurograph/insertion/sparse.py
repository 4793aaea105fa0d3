"""Algorithms 1 and 3 of CompNet: neurons that go because of what they take in, or because of what is made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.errors import EditError
from neurograph.insertion.iilasso import Descent, descend, objective
from neurograph.insertion.least_squares import least_squares, missed
from neurograph.insertion.path import PathOutcome, Reached, reach_count, reach_error
from neurograph.insertion.problem import Problem, Solution, fitted, outgoing
from neurograph.insertion.similarity import correlation, distinct, similarity
from neurograph.insertion.sums import Regression

PRINTED = 0.1  # the paper's lambda and alpha
_SWEEPS = 20_000


@dataclass(frozen=True, eq=False)
class Restarted(Descent):
    """The best of some descents: its beta, violation and convergence, and the sweeps of all.

    Parameters
    ----------
    objectives
        Where each ended, that from ones first.
    """

    objectives: tuple[float, ...] = ()

    @property
    def spread(self) -> float:
        """How far above the best the worst ended, as a share of the best's size."""
        best = min(self.objectives)
        return (max(self.objectives) - best) / abs(best) if best else 0.0


@dataclass(frozen=True, eq=False)
class Lasso:
    """An iiLasso over neurons, those that say nothing of their own left out.

    Parameters
    ----------
    gram, response
        (p, p) and (p,): G and c of `descend`, standardised.
    similarities
        (p, p): R.
    alive
        (p,) bool: constant neurons and twins are not.
    """

    gram: np.ndarray
    response: np.ndarray
    similarities: np.ndarray
    alive: np.ndarray

    def solve(
        self, penalty: float, alpha: float, tolerance: float, iterations: int | None, restarts: int = 0, seed: int = 0
    ) -> "Restarted":
        """The beta of every neuron: the best of a descent from ones, as the paper's, and so many from random starts.

        The starts are the same at every point of a path, so that the same lambda and alpha give the same neurons.
        """
        at = np.flatnonzero(self.alive)
        some = np.ix_(at, at)
        sums = self.gram[some], self.response[at], self.similarities[some], penalty, alpha
        sweeps = _SWEEPS if iterations is None else iterations
        rng = np.random.default_rng(seed + 2)
        starts = [None, *(rng.random(len(at)) * rng.integers(0, 2, len(at)) for _ in range(restarts))]
        ends = [descend(*sums, start=start, tolerance=tolerance, sweeps=sweeps) for start in starts]
        objectives = [objective(*sums, end.beta) for end in ends]
        best = int(np.argmin(objectives))
        beta, found = np.zeros(len(self.response)), ends[best]
        beta[at] = found.beta
        taken = sum(end.sweeps for end in ends)
        return Restarted(beta, taken, found.violation, found.converged, tuple(objectives))

    @property
    def limit(self) -> float:
        """The lambda from which on nothing is left: a neuron enters an empty layer where |c_j| > lambda."""
        return float(np.abs(self.response[self.alive]).max(initial=0.0))


def input_side(problem: Problem) -> Solution:
    """Algorithm 1: sparsify W(new1), then fit W(new2).

    Inputs and responses of eq. 6 are the same standardised columns, so G is the identity, c all ones, and eq. 8 reads
    beta_j = max(0, 1 - lambda - lambda alpha sum R_jc beta_c). Put beta = (1 - lambda) x: x_j = max(0, 1 - lambda alpha
    sum R_jc x_c). Who stays depends on the product lambda alpha alone, as long as lambda < 1; a path over alpha reaches
    every count, one over lambda only those that lambda alpha < alpha allows.
    """
    sums = problem.data.sums(problem.pair, problem.layer)
    r = correlation(sums.covariance, sums.deviation)
    width = problem.layer.neurons
    lasso = Lasso(np.eye(width), np.ones(width), similarity(r), distinct(r, sums.deviation))
    full: list[Regression] = []

    def error(outcome: PathOutcome) -> float:
        if not full:
            full.append(problem.regression(problem.layer))
        some = full[0].of(np.flatnonzero(outcome.beta))
        return least_squares(some, problem.ridge, problem.pair.through_origin).error

    found, details = searched(problem, lasso.limit, _solver(problem, lasso), error, "alpha")
    kept = found.kept
    regression = full[0].of(kept) if full else None
    return fitted(problem, problem.layer.of(kept), regression, **details)


def output_side(problem: Problem) -> Solution:
    """Algorithm 3: fit W(new2), sparsify its rows, and fit it again on those that stay.

    Column T_j of eq. 4 is what the targets get of neuron j, all of them under one another. Its Gram matrix follows from
    that of the activations: <T_i, T_j> = sum over k, l of C_ik,jl (W W')_ik,jl, over the numbers k, l that a target's
    window sees of a neuron. The paper takes one mean off all of vec(O(2)'); here each target's own goes, which its bias
    makes up for. As printed, the rows of W(new2) stay as they are when others are dropped (`refit=False` scales them by
    beta, as eq. 3 has it); eq. 11 on the rest keeps the function far better.
    """
    pair, ridge = problem.pair, problem.ridge
    full = problem.regression(problem.layer)
    fit = least_squares(full, ridge, pair.through_origin)
    lasso, scale = columns_lasso(full, fit.weights)

    def error(outcome: PathOutcome) -> float:
        return least_squares(full.of(np.flatnonzero(outcome.beta)), ridge, pair.through_origin).error

    found, details = searched(problem, lasso.limit, _solver(problem, lasso), error, "penalty")
    kept, layer = found.kept, problem.layer.of(found.kept)
    if problem.refit:
        return fitted(problem, layer, full.of(kept), **details)
    some = full.of(kept)
    by = np.repeat((found.outcome.beta * scale)[kept], full.window)
    weights = fit.weights.reshape(full.neurons, full.window, -1)[kept].reshape(len(by), -1) * by[:, None]
    intercept = some.response_mean - some.inputs.mean @ weights
    intercept[pair.through_origin] = 0.0
    error_left = missed(some, weights, intercept)
    details_of_all = details | {"neurons": len(kept), "reconstruction_error": error_left, "rows": full.inputs.count}
    return Solution(layer, outgoing(pair, weights), intercept, details=details_of_all)


def columns_lasso(full: Regression, weights: np.ndarray) -> tuple[Lasso, np.ndarray]:
    """The Lasso of eq. 3 and 9 for (p, t) fitted weights, and (neurons,) what undoes its standardisation."""
    n, k, targets = full.neurons, full.window, weights.shape[1]
    gram = (full.inputs.covariance * (weights @ weights.T)).reshape(n, k, n, k).sum((1, 3)) / targets
    response = (weights * full.cross).reshape(n, k, targets).sum((1, 2)) / targets
    size = np.sqrt(np.maximum(np.diag(gram), 0.0))
    size[size <= 1e-12 * size.max(initial=0.0)] = 0.0
    wanted = float(np.sqrt(full.response_variance.mean()))
    if wanted == 0.0:
        raise EditError("what the targets take in is constant on the recorded data, so there is nothing to reconstruct")
    divisor = np.where(size > 0, size, 1.0)
    r = correlation(gram, size)
    lasso = Lasso(r, response / (divisor * wanted), similarity(r), distinct(r, size))
    return lasso, wanted / divisor


def searched(
    problem: Problem,
    limit: float,
    solve: Callable[[float, float], Any],
    error: Callable[[Any], float],
    free: str,
) -> tuple[Reached, dict[str, Any]]:
    """The lambda and alpha that were asked for, or those that meet the target; and details for the journal.

    Parameters
    ----------
    problem
        With `target`, one of the two at most is given, and the other searched; with neither given, `free` is, and the
        other is the paper's.
    limit
        The lambda from which on nothing is left.
    solve
        From lambda and alpha to an outcome with `beta`, `sweeps`, `violation` and `converged`.
    error
        Share of what the targets take in that the neurons of an outcome miss.
    free
        "penalty" or "alpha".
    """
    penalty, alpha, target = problem.penalty, problem.alpha, problem.target
    if penalty is not None or alpha is not None:
        free = "alpha" if alpha is None else "penalty"
    penalty, alpha = (PRINTED if given is None else given for given in (penalty, alpha))
    if (target is None or free == "alpha") and penalty >= limit:
        raise EditError(
            f"penalty (lambda) {penalty:g} leaves no neuron; the largest that leaves one lies just below {limit:.6g}"
        )
    if target is None:
        outcome = solve(penalty, alpha)
        found = Reached(penalty, outcome, np.flatnonzero(outcome.beta))
    else:
        at, low, high = _line(free, penalty, alpha, limit, solve)
        if isinstance(target, int):
            found = reach_count(at, target, low, high, free == "alpha")
        else:
            found = reach_error(at, error, target, low, high, free == "alpha")
        penalty, alpha = (found.strength, alpha) if free == "penalty" else (penalty, found.strength)
    outcome: Any = found.outcome
    if not outcome.converged and problem.iterations is None:
        raise EditError(
            f"coordinate descent has not converged in {outcome.sweeps} sweeps: its optimality conditions are missed by "
            f"{outcome.violation:.2g}, and tolerance={problem.tolerance:g}; allow more, or give iterations= to stop"
        )
    details: dict[str, Any] = {
        "penalty": float(penalty),
        "alpha": float(alpha),
        "beta": [float(b) for b in outcome.beta],
        "kept": found.kept.tolist(),
        "trimmed": found.trimmed,
        "sweeps": int(outcome.sweeps),
        "violation": float(outcome.violation),
        "converged": bool(outcome.converged),
    }
    if problem.restarts:
        details["objective_spread"] = outcome.spread
    return found, details


def _line(free: str, penalty: float, alpha: float, limit: float, solve: Callable[[float, float], Any]):
    """The path: from a strength to its outcome, and the strengths to look between."""
    if free == "alpha":
        return (lambda strength: solve(penalty, strength)), 1e-9, 1.0
    return (lambda strength: solve(strength, alpha)), 1e-6 * limit, limit * (1 - 1e-6)


def _solver(problem: Problem, lasso: Lasso) -> Callable[[float, float], Descent]:
    how = problem.tolerance, problem.iterations, problem.restarts, problem.seed
    return lambda penalty, alpha: lasso.solve(penalty, alpha, *how)
