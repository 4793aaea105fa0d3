import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.errors import NeuronError, OptionError
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.schema.activations import ACTIVATIONS, activation

SHAPE = (40, 300)  # sources, targets
VARIANCE = {  # times the activation's gain
    "he_uniform": 1 / 40,
    "he_normal": 1 / 40,
    "xavier_uniform": 2 / 340,
    "xavier_normal": 2 / 340,
}


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("shape", [SHAPE, (3, 2, 5, 5), (1, 1)])
def test_every_initializer_gives_finite_float64_weights_of_the_shape(name, shape):
    weights = from_name(name, 1)(shape, "relu")
    assert weights.shape == shape
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("name", VARIANCE)
@pytest.mark.parametrize("function", ["relu", "tanh"])
def test_variance_follows_fan_in_and_gain(name, function):
    weights = from_name(name, 3)(SHAPE, function)
    expected = VARIANCE[name] * activation(function).gain
    assert weights.var() == pytest.approx(expected, rel=0.05)
    assert abs(weights.mean()) < 4 * np.sqrt(expected / weights.size)


@pytest.mark.parametrize("function", ACTIVATIONS)
def test_lecun_and_zeros_do_not_look_at_the_activation(function):
    assert from_name("lecun_normal", 3)(SHAPE, function).var() == pytest.approx(1 / 40, rel=0.05)
    assert not from_name("zeros", 3)(SHAPE, function).any()


def test_uniform_weights_stay_inside_their_bound_and_normal_ones_do_not():
    bound = np.sqrt(6 / 40)
    uniform, normal = (from_name(name, 0)(SHAPE, "relu") for name in ("he_uniform", "he_normal"))
    assert 0.99 * bound < np.abs(uniform).max() <= bound
    assert np.abs(normal).max() > bound


def test_fan_in_of_kernels_counts_their_window():
    weights = from_name("he_normal", 2)((4, 500, 3, 3), "relu")
    assert weights.var() == pytest.approx(2 / 36, rel=0.05)


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name != "zeros"])
def test_the_seed_decides_and_calls_differ(name):
    one, two, three = from_name(name, 5), from_name(name, 5), from_name(name, 6)
    first = one((4, 3), "tanh")
    assert (first == two((4, 3), "tanh")).all()
    assert (first != one((4, 3), "tanh")).all()
    assert (first != three((4, 3), "tanh")).all()


def test_a_generator_can_be_given_instead_of_a_seed():
    rng = np.random.default_rng(5)
    first = from_name("he_normal", rng)((4, 3), "relu")
    assert (first == from_name("he_normal", 5)((4, 3), "relu")).all()
    assert (from_name("he_normal", rng)((4, 3), "relu") != first).all()


def test_connect_asks_with_the_shape_and_the_activation_of_the_targets():
    g = NeuronGraph()
    g.add_population("x", 40, role="input")
    g.add_population("y", 300, activation="relu", is_output=True)
    ids = g.connect("x", "y", weight=from_name("he_normal", 3))
    assert g.read_weights(ids).reshape(40, 300).tobytes() == from_name("he_normal", 3)((40, 300), "relu").tobytes()


def test_unknown_names_are_refused_by_name():
    with pytest.raises(OptionError, match="'he'.*he_uniform"):
        from_name("he")
    with pytest.raises(NeuronError, match="'rellu'"):
        from_name("he_normal")((2, 2), "rellu")
