"""The natural-gradient score of a layer, against the whole Fisher matrix that its factors stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.analysis.natural_score import NaturalScore
from neurograph.errors import DataError, OptionError


def drawn(seed, sources=4, readers=3, candidates=2, samples=50):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(samples, sources))
    return values, rng.normal(size=(samples, readers)), rng.normal(size=(samples, candidates)) + values[:, :1]


def by_hand(values, deltas, ridge_of_values, ridge_of_deltas):
    """g' F^-1 g with F as one matrix over all weights, as it is written down."""
    reads = values.T @ values / len(values) + ridge_of_values * np.eye(values.shape[1])
    errors = deltas.T @ deltas / len(deltas) + ridge_of_deltas * np.eye(deltas.shape[1])
    gradient = (values.T @ deltas / len(values)).ravel()
    return gradient @ np.linalg.solve(np.kron(reads, errors), gradient)


def ridges(values, deltas, damping):
    return damping * (values**2).mean(), damping * (deltas**2).mean()


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5), st.floats(1e-6, 10.0))
def test_the_score_is_that_of_the_whole_matrix(seed, sources, readers, damping):
    values, deltas, _ = drawn(seed, sources, readers)
    wanted = by_hand(values, deltas, *ridges(values, deltas, damping))
    assert NaturalScore(values, deltas, damping).score == pytest.approx(wanted, rel=1e-9)


@given(st.integers(0, 10**6), st.integers(1, 3), st.floats(1e-4, 1.0))
def test_gains_are_what_the_score_grows_by_where_candidates_are_read_as_well(seed, count, damping):
    values, deltas, candidates = drawn(seed, candidates=count)
    score, damped = NaturalScore(values, deltas, damping), ridges(values, deltas, damping)
    alone = [by_hand(np.column_stack([values, c]), deltas, *damped) - score.score for c in candidates.T]
    np.testing.assert_allclose(score.gain(candidates), alone, rtol=1e-6, atol=1e-12)
    together = by_hand(np.column_stack([values, candidates]), deltas, *damped) - score.score
    assert score.gain_together(candidates) == pytest.approx(together, rel=1e-6, abs=1e-12)
    assert together >= max(alone) - 1e-9


def test_the_score_of_what_is_read_does_not_change_with_how_it_is_written():
    values, deltas, candidates = drawn(3)
    mixed = np.random.default_rng(0).normal(size=(4, 4))
    plain, other = NaturalScore(values, deltas, 1e-9), NaturalScore(values @ mixed, deltas, 1e-9)
    assert other.score == pytest.approx(plain.score, rel=1e-5)
    np.testing.assert_allclose(other.gain(candidates), plain.gain(candidates), rtol=1e-5)


def test_a_candidate_that_says_what_is_read_already_gains_nothing():
    values, deltas, _ = drawn(1)
    score = NaturalScore(values, deltas, 1e-9)
    assert score.gain(values[:, :1] - 2 * values[:, 1:2])[0] < 1e-6 * score.score


def test_what_makes_no_sense_is_refused():
    values, deltas, _ = drawn(0)
    with pytest.raises(OptionError, match="damping"):
        NaturalScore(values, deltas, 0.0)
    for given_values, given_deltas, words in (
        (values[:3], deltas, "3 samples of values and 50 of deltas"),
        (values[:0], deltas[:0], "one at least"),
        (np.full_like(values, np.nan), deltas, "finite"),
    ):
        with pytest.raises(DataError, match=words):
            NaturalScore(given_values, given_deltas)
