"""Which neurons go: by hand, by scikit-learn on the columns of eq. 4, and what algorithm 2 as printed would do."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from neurograph.builders import mlp
from neurograph.errors import EditError, OptionError
from neurograph.initializers import from_name
from neurograph.insertion import ALGORITHMS, NewLayer, Problem, find_pair, least_squares, similarity, violation
from neurograph.insertion.alternating import alternate, take_over
from neurograph.insertion.similarity import correlation
from neurograph.insertion.sparse import columns_lasso
from tests.neurograph.insertion.recorded import Dense

WIDTH = 24


@pytest.fixture(scope="module")
def problem() -> Problem:
    graph = mlp([4, 6, 3], seed=1)
    rng = np.random.default_rng(0)
    values = np.maximum(rng.standard_normal((400, 4)) @ rng.standard_normal((4, 6)), 0.0)
    weights = from_name("he_normal", 3)((6, WIDTH, 1, 1), "relu")
    layer = NewLayer(weights, np.zeros(WIDTH), "relu")
    return Problem(find_pair(graph, ("hidden1", "output")), layer, Dense(values, graph.version))


def taken_in(problem: Problem) -> np.ndarray:
    return problem.recorded.taken_in(problem.layer)


def standardised(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / x.std(0)


def test_algorithm_1_meets_its_optimality_conditions(problem):
    found = ALGORITHMS[1](replace(problem, penalty=0.2, alpha=2.0))
    x = standardised(taken_in(problem))
    r = x.T @ x / len(x)
    beta = np.array(found.details["beta"])
    assert violation(np.eye(WIDTH), np.ones(WIDTH), similarity(r), 0.2, 2.0, beta) < 1e-8
    assert (beta >= 0).all() and (beta <= 0.8 + 1e-12).all()
    assert found.details["kept"] == np.flatnonzero(beta).tolist()
    assert 0 < found.details["neurons"] < WIDTH


def test_algorithm_1_depends_on_the_product_alone(problem):
    kept = [
        ALGORITHMS[1](replace(problem, penalty=penalty, alpha=0.6 / penalty)).details["kept"]
        for penalty in (0.05, 0.3, 0.9)
    ]
    assert kept[0] == kept[1] == kept[2]
    assert len(kept[0]) < WIDTH


def test_what_stays_is_as_it_was_drawn_and_fitted(problem):
    found = ALGORITHMS[1](replace(problem, target=7))
    kept = found.details["kept"]
    np.testing.assert_array_equal(found.layer.weights, problem.layer.weights[:, kept])
    activity = np.maximum(taken_in(problem)[:, kept], 0.0)
    wanted = problem.recorded.values @ problem.pair.dense()[:, :, 0, 0]
    theirs = np.linalg.lstsq(np.column_stack([activity, np.ones(len(activity))]), wanted, rcond=None)[0]
    np.testing.assert_allclose(found.weights[:, :, 0, 0], theirs[:-1], atol=1e-8)
    np.testing.assert_allclose(found.intercept, theirs[-1], atol=1e-8)


def columns(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """vec(T_j) of eq. 4 under one another, vec(O(2)'), both centred target by target and standardised, and W(new2)."""
    full = problem.regression(problem.layer)
    fit = least_squares(full)
    activity = np.maximum(taken_in(problem), 0.0)
    activity, wanted = activity - activity.mean(0), problem.recorded.values @ problem.pair.dense()[:, :, 0, 0]
    wanted = wanted - wanted.mean(0)
    t = np.stack([np.outer(activity[:, j], fit.weights[j]).reshape(-1) for j in range(WIDTH)], 1)
    return t, wanted.reshape(-1), fit.weights


def test_algorithm_3_is_a_lasso_over_the_columns_of_equation_4(problem):
    t, y, _ = columns(problem)
    size = np.sqrt((t**2).mean(0))
    alive = size > 0
    x, y = t[:, alive] / size[alive], y / np.sqrt((y**2).mean())
    found = ALGORITHMS[3](replace(problem, penalty=0.02, alpha=0.0, tolerance=1e-12))
    theirs = Lasso(0.02, fit_intercept=False, tol=1e-13, max_iter=200_000).fit(x, y).coef_
    np.testing.assert_allclose(np.array(found.details["beta"])[alive], theirs, atol=1e-7)
    assert 0 < found.details["neurons"] < WIDTH
    found = ALGORITHMS[3](replace(problem, penalty=0.05, alpha=0.1))
    r = similarity(x.T @ x / len(x))
    beta = np.array(found.details["beta"])[alive]
    assert violation(x.T @ x / len(x), x.T @ y / len(x), r, 0.05, 0.1, beta) < 1e-7


def test_without_a_second_fit_the_rows_are_scaled_by_beta(problem):
    t, y, weights = columns(problem)
    found = ALGORITHMS[3](replace(problem, penalty=0.03, alpha=0.1, refit=False))
    kept, beta = found.details["kept"], np.array(found.details["beta"])
    by = beta * np.sqrt((y**2).mean()) / np.sqrt((t**2).mean(0))
    np.testing.assert_allclose(found.weights[:, :, 0, 0], (weights * by[:, None])[kept], atol=1e-8)
    refitted = ALGORITHMS[3](replace(problem, penalty=0.03, alpha=0.1))
    assert refitted.details["kept"] == kept
    activity = np.maximum(taken_in(problem)[:, kept], 0.0)
    wanted = problem.recorded.values @ problem.pair.dense()[:, :, 0, 0]
    missed = [((activity @ one.weights[:, :, 0, 0] + one.intercept - wanted) ** 2).sum() for one in (refitted, found)]
    assert missed[0] < missed[1]
    assert found.details["reconstruction_error"] == pytest.approx(
        missed[1] / ((wanted - wanted.mean(0)) ** 2).sum(), rel=1e-6
    )
    assert refitted.details["reconstruction_error"] == pytest.approx(
        missed[0] / ((wanted - wanted.mean(0)) ** 2).sum(), abs=1e-9
    )


def test_the_gram_matrix_of_the_columns_over_windows():
    """Windows of two numbers a neuron: summed over, as vec(T_j) adds up what a kernel does at every place."""
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((50, 6)), rng.standard_normal((50, 2))
    from tests.neurograph.insertion.test_least_squares import moments

    full = moments(x, y, window=2)
    weights = rng.standard_normal((6, 2))
    centred = x - x.mean(0)
    t = np.stack([(centred[:, 2 * j : 2 * j + 2] @ weights[2 * j : 2 * j + 2]).reshape(-1) for j in range(3)], 1)
    lasso, scale = columns_lasso(full, weights)
    size = np.sqrt((t**2).mean(0))
    wanted = y - y.mean(0)
    np.testing.assert_allclose(lasso.gram, t.T @ t / len(t) / np.outer(size, size), atol=1e-12)
    np.testing.assert_allclose(
        lasso.response, t.T @ wanted.reshape(-1) / len(t) / size / np.sqrt((wanted**2).mean()), atol=1e-12
    )
    np.testing.assert_allclose(scale, np.sqrt((wanted**2).mean()) / size)


def test_algorithm_2_as_printed_only_rescales(problem):
    """The minimiser of |O - A W diag(beta)|^2 over W is the first W with its columns divided by beta."""
    a, w = problem.recorded.values, problem.layer.weights[:, :, 0, 0]
    beta = np.random.default_rng(2).uniform(0.2, 1.0, WIDTH)
    o = a @ w
    best = np.stack([np.linalg.lstsq(a * b, o[:, i], rcond=None)[0] for i, b in enumerate(beta)], 1)
    np.testing.assert_allclose(best, w / beta, atol=1e-9)
    np.testing.assert_allclose(standardised(a @ best), standardised(o), atol=1e-9)  # so R, and beta, are what they were


def test_algorithm_2_reconstructs_what_went(problem):
    sums = problem.recorded.sums(problem.pair, problem.layer)
    found = alternate(sums, sums.deviation > 0, 0.1, 8.0)
    kept = np.flatnonzero(found.beta)
    assert 2 < len(kept) < WIDTH
    o = taken_in(problem) - taken_in(problem).mean(0)

    def missed(x: np.ndarray) -> float:
        return ((o - x @ np.linalg.lstsq(x, o, rcond=None)[0]) ** 2).sum()

    assert missed(o @ found.shares) <= missed(o[:, kept]) * (1 + 1e-9)
    np.testing.assert_allclose((o @ found.shares).std(0), o[:, kept].std(0), rtol=1e-9)
    assert (np.einsum("nk,nk->k", o @ found.shares, o[:, kept]) > 0).all()
    assert found.converged


def test_taking_over_is_the_minimiser(problem):
    """M = B' (B B')^-1 against least squares on the data itself, scale aside."""
    sums = problem.recorded.sums(problem.pair, problem.layer)
    stay = np.array([0, 3, 5])
    o = taken_in(problem)
    o = o - o.mean(0)
    predict = np.linalg.lstsq(o[:, stay], o, rcond=None)[0]
    inputs = np.linalg.lstsq(predict.T, o.T, rcond=None)[0].T  # argmin over X of |O - X B|
    made = o @ take_over(sums, np.eye(WIDTH)[:, stay], stay)
    np.testing.assert_allclose(
        np.abs(correlation(np.cov(made.T), made.std(0, ddof=1))),
        np.abs(correlation(np.cov(inputs.T), inputs.std(0, ddof=1))),
        atol=1e-6,
    )
    for k in range(3):
        assert abs(np.corrcoef(made[:, k], inputs[:, k])[0, 1]) == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("algorithm", [1, 2, 3])
@pytest.mark.parametrize("target", [1, 5, 12])
def test_a_target_is_met_and_its_lambda_and_alpha_give_it_again(problem, algorithm, target):
    found = ALGORITHMS[algorithm](replace(problem, target=target))
    assert found.details["neurons"] == len(found.details["kept"]) == found.layer.neurons == target
    if not found.details["trimmed"]:
        again = ALGORITHMS[algorithm](replace(problem, penalty=found.details["penalty"], alpha=found.details["alpha"]))
        assert again.details["kept"] == found.details["kept"]


@pytest.mark.parametrize("algorithm", [1, 2, 3])
def test_an_error_is_met_by_fewer_neurons_than_all(problem, algorithm):
    found = ALGORITHMS[algorithm](replace(problem, target=0.05))
    assert found.details["reconstruction_error"] <= 0.05
    assert found.details["neurons"] < WIDTH
    with pytest.raises(EditError, match=r"all \d+ neurons together miss a share of .*target=1e-20.*draw more"):
        ALGORITHMS[algorithm](replace(problem, target=1e-20, ridge=1e-3))


def test_targets_search_what_is_left_free(problem):
    by_penalty = ALGORITHMS[3](replace(problem, target=6, alpha=0.5)).details
    by_alpha = ALGORITHMS[3](replace(problem, target=6, penalty=0.01)).details
    assert by_penalty["alpha"] == 0.5 and by_alpha["penalty"] == 0.01
    with pytest.raises(EditError, match=r"left at the end of the path.*leave penalty= \(lambda\) and alpha="):
        ALGORITHMS[1](replace(problem, target=2, alpha=1e-7))


@pytest.mark.parametrize("algorithm", [1, 2, 3])
def test_a_lambda_that_leaves_nobody_is_refused_with_the_largest_that_does(problem, algorithm):
    with pytest.raises(EditError, match=r"leaves no neuron; the largest that leaves one lies just below") as caught:
        ALGORITHMS[algorithm](replace(problem, penalty=50.0, alpha=0.1))
    largest = float(str(caught.value).split("below ")[1])
    assert ALGORITHMS[algorithm](replace(problem, penalty=largest * 0.999, alpha=0.1)).details["neurons"] >= 1


def test_the_papers_lambda_and_alpha_drop_nobody_in_algorithm_1(problem):
    details = ALGORITHMS[1](problem).details
    assert (details["penalty"], details["alpha"], details["neurons"]) == (0.1, 0.1, WIDTH)


def test_a_stop_rule_is_no_error_and_a_failure_to_converge_is(problem, monkeypatch):
    stopped = ALGORITHMS[3](replace(problem, penalty=0.001, alpha=0.0, iterations=2))
    assert stopped.details["converged"] is False
    assert stopped.details["sweeps"] == 2
    monkeypatch.setattr("neurograph.insertion.sparse._SWEEPS", 2)
    with pytest.raises(EditError, match=r"has not converged in 2 sweeps.*iterations="):
        ALGORITHMS[3](replace(problem, penalty=0.001, alpha=0.0))


def test_random_neurons(problem):
    found = ALGORITHMS["random"](replace(problem, target=6))
    assert len(set(found.details["kept"])) == 6
    assert ALGORITHMS["random"](replace(problem, target=6, seed=9)).details["kept"] != found.details["kept"]
    with pytest.raises(OptionError, match="how many of the 24 neurons stay"):
        ALGORITHMS["random"](problem)
    with pytest.raises(OptionError, match="keeps every neuron"):
        ALGORITHMS["redundant"](replace(problem, target=3))
