"""The descent against scikit-learn, against its optimality conditions, and against the paper's closed forms by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Lasso

from neurograph.insertion import descend, similarity, violation
from neurograph.insertion.similarity import correlation, distinct


def data(seed: int, rows: int = 60, p: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Standardised inputs, correlated, and a response."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, p)) @ (np.eye(p) + 0.4 * rng.standard_normal((p, p)))
    x = (x - x.mean(0)) / x.std(0)
    y = x @ (rng.standard_normal(p) * (rng.random(p) < 0.5)) + 0.3 * rng.standard_normal(rows)
    return x, (y - y.mean()) / y.std()


def objective(gram, response, similarities, penalty, alpha, beta):
    size = np.abs(beta)
    return beta @ gram @ beta / 2 - response @ beta + penalty * (size.sum() + alpha / 2 * size @ similarities @ size)


@pytest.mark.parametrize("penalty", [0.001, 0.05, 0.3, 0.7])
def test_without_alpha_it_is_scikit_learns_lasso(penalty):
    x, y = data(3)
    found = descend(x.T @ x / len(x), x.T @ y / len(x), np.ones((12, 12)), penalty, 0.0, tolerance=1e-12)
    theirs = Lasso(penalty, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(x, y).coef_
    np.testing.assert_allclose(found.beta, theirs, atol=1e-9)
    assert found.converged
    assert (found.beta == 0).any() or penalty < 0.05


@given(st.integers(0, 10**6), st.floats(0.01, 1.0), st.floats(0.0, 20.0))
def test_it_ends_where_no_coordinate_can_do_better(seed, penalty, alpha):
    x, y = data(seed, p=6)
    gram, response = x.T @ x / len(x), x.T @ y / len(x)
    r = similarity(gram)
    found = descend(gram, response, r, penalty, alpha)
    assert found.converged
    assert found.violation <= 1e-8
    assert violation(gram, response, r, penalty, alpha, found.beta) == found.violation
    at_the_end = objective(gram, response, r, penalty, alpha, found.beta)
    for j in range(6):
        for step in (-0.1, -1e-3, 1e-3, 0.1):
            other = found.beta.copy()
            other[j] += step
            assert objective(gram, response, r, penalty, alpha, other) > at_the_end - 1e-9


def test_a_wrong_beta_is_found_out():
    x, y = data(1, p=4)
    gram, response = x.T @ x / len(x), x.T @ y / len(x)
    r = similarity(gram)
    right = descend(gram, response, r, 0.1, 0.5).beta
    assert violation(gram, response, r, 0.1, 0.5, right + 0.01) > 1e-3
    assert violation(gram, response, r, 0.1, 0.5, np.zeros(4)) > 1e-3
    assert violation(gram, response, r, 10.0, 0.5, np.zeros(4)) == 0.0


def test_one_update_is_the_closed_form():
    """Eq. 8 and 10 by hand: S(.8, .1 (1 + .5 * 2 * 1)) / (1 + .5 * .1 * 3) = .6 / 1.15, and .6 / 1 without R_jj."""
    r = np.array([[3.0, 2.0], [2.0, 3.0]])
    first = descend(np.eye(2), np.array([0.8, 0.8]), r, 0.1, 0.5, sweeps=1).beta
    assert first[0] == pytest.approx(0.6 / 1.15)
    assert first[1] == pytest.approx((0.8 - 0.1 * (1 + 0.5 * 2 * 0.6 / 1.15)) / 1.15)
    negative = descend(np.eye(2), np.array([-0.8, 0.1]), r, 0.1, 0.5, sweeps=1).beta
    assert negative.tolist() == [pytest.approx(-0.6 / 1.15), 0.0]


def test_the_stop_rule_stops():
    x, y = data(2)
    gram, response = x.T @ x / len(x), x.T @ y / len(x)
    found = descend(gram, response, similarity(gram), 0.001, 0.0, sweeps=1)
    assert (found.sweeps, found.converged) == (1, False)
    assert found.violation > 1e-8


def test_similarity_is_equation_7():
    r = similarity(np.array([[1.0, 0.5, -0.8], [0.5, 1.0, 0.0], [-0.8, 0.0, 1.0]]))
    np.testing.assert_allclose(r, [[0, 1, 4], [1, 0, 0], [4, 0, 0]], atol=1e-12)


def test_twins_and_the_constant_have_nothing_of_their_own():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 2))
    x = np.column_stack([x, 3 * x[:, 0] + 1, np.full(50, 2.0), -x[:, 1]])
    covariance, deviation = np.cov(x.T, bias=True), x.std(0)
    r = correlation(covariance, deviation)
    assert distinct(r, deviation).tolist() == [True, True, False, False, False]
    assert np.isfinite(similarity(r)).all()
