import numpy as np
import pytest

from neurograph.errors import EditError
from neurograph.insertion import Regression, Sums, least_squares


def moments(x: np.ndarray, y: np.ndarray, window: int = 1) -> Regression:
    inputs = Sums(len(x), x.mean(0), np.cov(x.T, bias=True).reshape(x.shape[1], -1))
    cross = (x - x.mean(0)).T @ (y - y.mean(0)) / len(x)
    return Regression(inputs, cross, y.mean(0), y.var(0), window)


@pytest.fixture
def drawn():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((80, 6)) * [1, 10, 0.1, 1, 1, 1] + 2.0
    return x, x @ rng.standard_normal((6, 3)) + rng.standard_normal((80, 3)) + 1.0


def test_it_is_numpys_least_squares(drawn):
    x, y = drawn
    fit = least_squares(moments(x, y))
    theirs, missed = np.linalg.lstsq(np.column_stack([x, np.ones(80)]), y, rcond=None)[:2]
    np.testing.assert_allclose(fit.weights, theirs[:6], atol=1e-9)
    np.testing.assert_allclose(fit.intercept, theirs[6], atol=1e-9)
    assert fit.error == pytest.approx(missed.sum() / ((y - y.mean(0)) ** 2).sum())


def test_some_responses_may_have_no_constant(drawn):
    x, y = drawn
    fit = least_squares(moments(x, y), through_origin=np.array([False, True, False]))
    np.testing.assert_allclose(fit.weights[:, 1], np.linalg.lstsq(x, y[:, 1], rcond=None)[0], atol=1e-9)
    np.testing.assert_allclose(fit.weights[:, 0], least_squares(moments(x, y)).weights[:, 0])
    assert fit.intercept[1] == 0.0
    missed = ((y - x @ fit.weights - fit.intercept) ** 2).sum()
    assert fit.error == pytest.approx(missed / ((y - y.mean(0)) ** 2).sum())


def test_ridge_does_not_know_the_scale_of_the_activations(drawn):
    x, y = drawn
    scale = np.array([1.0, 3.0, 1e-3, 50.0, 1.0, 1.0])
    one, other = least_squares(moments(x, y), 0.2), least_squares(moments(x * scale, y), 0.2)
    np.testing.assert_allclose(one.weights, other.weights * scale[:, None], rtol=1e-8)
    z = (x - x.mean(0)) / x.std(0)
    by_hand = np.linalg.solve(z.T @ z / 80 + 0.2 * np.eye(6), z.T @ (y - y.mean(0)) / 80) / x.std(0)[:, None]
    np.testing.assert_allclose(one.weights, by_hand, atol=1e-10)
    assert one.error > least_squares(moments(x, y)).error


def test_dependent_and_dead_inputs_get_the_smallest_weights(drawn):
    x, y = drawn
    twice = np.column_stack([x, x[:, :1], np.zeros(80)])
    fit = least_squares(moments(twice, y))
    plain = least_squares(moments(x, y))
    np.testing.assert_allclose(twice @ fit.weights + fit.intercept, x @ plain.weights + plain.intercept, atol=1e-6)
    np.testing.assert_allclose(fit.weights[0], plain.weights[0] / 2, atol=1e-6)
    assert not fit.weights[7].any()


def test_fewer_samples_than_weights_need_ridge(drawn):
    x, y = drawn
    with pytest.raises(EditError, match="5 recorded samples .*cannot tell 7 weights.*ridge=, say 1e-3"):
        least_squares(moments(x[:5], y[:5]))
    assert np.isfinite(least_squares(moments(x[:5], y[:5]), 1e-3).weights).all()


def test_some_of_the_neurons_by_their_windows(drawn):
    x, y = drawn
    full = moments(x, y, window=2)
    some = full.of(np.array([2, 0]))
    np.testing.assert_allclose(some.inputs.covariance, moments(x[:, [4, 5, 0, 1]], y).inputs.covariance, rtol=1e-12)
    assert (full.neurons, some.neurons) == (3, 2)
