"""How a density is dealt out among layers, and pairs drawn without room for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.analysis.densities import DISTRIBUTIONS, layer_counts, layer_densities
from neurograph.analysis.pairs import draw_absent, draw_wiring
from neurograph.errors import OptionError

shapes = st.lists(
    st.tuples(st.integers(1, 300), st.integers(1, 300), st.sampled_from([(), (1, 1), (3, 3), (5, 2)])).map(
        lambda s: (*s[:2], *s[2])
    ),
    min_size=1,
    max_size=5,
)


@given(shapes, st.floats(0.001, 1.0), st.sampled_from(sorted(DISTRIBUTIONS)))
def test_all_layers_together_have_the_density(layers, density, distribution):
    found = layer_densities(layers, density, distribution)
    size = np.array([np.prod(shape) for shape in layers], float)
    assert (found * size).sum() == pytest.approx(density * size.sum())
    assert (found > 0).all()
    assert (found <= 1 + 1e-12).all()


@given(shapes, st.floats(0.001, 0.9))
def test_layers_that_are_not_full_are_in_proportion(layers, density):
    for distribution, raw in DISTRIBUTIONS.items():
        found = layer_densities(layers, density, distribution)
        part = found < 1
        ratio = found[part] / np.array([raw(shape) for shape in layers])[part]
        assert ratio == pytest.approx(ratio[:1].repeat(len(ratio)))
        assert not part.any() or (ratio[0] * np.array([raw(s) for s in layers])[~part] >= 1 - 1e-9).all()


def test_the_papers_formulas():
    assert DISTRIBUTIONS["er"]((784, 300)) == pytest.approx(1084 / (784 * 300))
    assert DISTRIBUTIONS["erk"]((64, 128, 3, 3)) == pytest.approx((64 + 128 + 3 + 3) / (64 * 128 * 9))
    np.testing.assert_allclose(layer_densities([(100, 100), (10, 10)], 0.5, "uniform"), 0.5)


@pytest.mark.parametrize("density", [0.0, -0.1, 1.5, float("nan"), "much", True])
def test_densities_that_there_are_not(density):
    with pytest.raises(OptionError, match="density must be"):
        layer_densities([(3, 3)], density)


def test_a_density_that_leaves_neurons_without_inputs_is_refused_with_one_that_does_not():
    with pytest.raises(OptionError, match="density 0.001 .*leaves b 80 of 80,000 synapses.*100 neurons") as refused:
        layer_counts(["b"], [(800, 100)], 0.001, "uniform")
    better = float(str(refused.value).split("density of about ")[1].split()[0])
    assert layer_counts(["b"], [(800, 100)], better, "uniform")[0] >= 100


@given(st.integers(0, 60), st.data())
def test_what_is_drawn_is_free_and_all_there_is_room_for(pairs, data):
    taken = np.array(sorted(data.draw(st.sets(st.integers(0, pairs - 1), max_size=pairs))) if pairs else [], np.int64)
    count = data.draw(st.integers(0, 70))
    found = draw_absent(pairs, taken, count, np.random.default_rng(pairs))
    assert len(found) == min(count, pairs - len(taken))
    assert (np.diff(found) > 0).all()
    assert not set(found.tolist()) & set(taken.tolist())
    assert not len(found) or 0 <= found[0] <= found[-1] < pairs


@pytest.mark.parametrize(("pairs", "count"), [(40, 3), (12, 5)])
def test_every_free_pair_is_as_likely(pairs, count):
    rng, taken, rounds = np.random.default_rng(0), np.array([1, 4]), 4000
    seen = np.bincount(np.concatenate([draw_absent(pairs, taken, count, rng) for _ in range(rounds)]), minlength=pairs)
    expected = rounds * count / (pairs - 2)
    assert (np.abs(np.delete(seen, taken) - expected) < 5 * np.sqrt(expected)).all()


def test_pairs_take_no_room_that_are_not_drawn():
    """A bitmap of these pairs would take a million gigabytes."""
    taken = np.arange(0, 10**15, 10**12)
    found = draw_absent(10**15, taken, 1000, np.random.default_rng(0))
    assert len(np.unique(found)) == 1000


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_each_target_reads_something(sources, targets, data):
    count = data.draw(st.integers(targets, sources * targets))
    u, v = draw_wiring(sources, targets, count, np.random.default_rng(count))
    assert len(set(zip(u.tolist(), v.tolist(), strict=True))) == count == len(u)
    assert set(v.tolist()) == set(range(targets))
    assert u.max() < sources
