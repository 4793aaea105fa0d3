import numpy as np
import pytest

from neurograph.builders import random_field
from neurograph.errors import NeuronError, OptionError


@pytest.mark.parametrize(("neurons", "fan_in", "levels", "inputs"), [(400, 5, 12, 30), (41, 1, 40, 1), (60, 50, 5, 10)])
def test_depth_and_fan_in_are_true(neurons, fan_in, levels, inputs):
    g = random_field(neurons, fan_in, levels, seed=2, inputs=inputs)
    arrays = g.arrays()
    assert len(g) == neurons and arrays.level.max() == levels
    sizes = np.bincount(arrays.level)
    assert sizes[0] == inputs and sizes[1:].max() - sizes[1:].min() <= 1
    before = np.cumsum(sizes) - sizes
    got = np.bincount(arrays.target, minlength=neurons)
    assert (got == np.minimum(fan_in, before[arrays.level])).all()


def test_every_neuron_reads_one_of_the_level_before():
    arrays = random_field(300, 4, 10, seed=1).arrays()
    step = arrays.level[arrays.target] - arrays.level[arrays.source]
    nearest = np.full(len(arrays), 99)
    np.minimum.at(nearest, arrays.target, step)
    assert (nearest[arrays.level > 0] == 1).all()
    assert step.max() > 3  # and the others come from anywhere


def test_sources_are_drawn_evenly():
    g = random_field(1100, 10, 2, seed=0, inputs=100, outputs=500)
    reads = np.array([g.out_degree(n) for n in range(100)])
    assert reads.min() > 0.6 * reads.mean() and reads.max() < 1.4 * reads.mean()


def test_weights_are_scaled_by_the_fan_in_that_there_is():
    g = random_field(2000, 16, 4, seed=0, inputs=4)
    arrays = g.arrays()
    fan_in = np.bincount(arrays.target, minlength=len(arrays))[arrays.target]
    gain = np.where(arrays.each_kind("is_output")[arrays.target], 1.0, 2.0)
    scaled = arrays.weight / np.sqrt(3 * gain / fan_in)
    assert np.abs(scaled).max() <= 1.0
    for some in (fan_in == 4, fan_in == 16, gain == 1.0):
        assert np.isclose(scaled[some].std(), 1 / np.sqrt(3), rtol=0.05)


def test_populations():
    g = random_field(50, 3, 4, inputs=6, outputs=2, activation="tanh")
    assert {name: len(members) for name, members in g.populations.items()} == {"input": 6, "field": 42, "output": 2}
    assert g.population("output") == [48, 49]
    assert all(g.nodes[n]["is_output"] and g.nodes[n]["activation"] == "identity" for n in (48, 49))
    assert g.nodes[20]["activation"] == "tanh"
    assert list(random_field(7, 2, 1, inputs=3).populations) == ["input", "output"]


def test_the_seed_decides():
    one, same, other = (list(random_field(80, 3, 5, seed).edges) for seed in (0, 0, 1))
    assert one == same != other


@pytest.mark.parametrize(
    "options",
    [
        {"neurons": 0}, {"fan_in": 0}, {"levels": 0}, {"levels": 2.0}, {"inputs": 0}, {"outputs": 0}, {"outputs": 21},
        {"neurons": 10, "inputs": 8},
    ],
)  # fmt: skip
def test_impossible_numbers_are_named(options):
    with pytest.raises(OptionError, match=next(reversed(options))):
        random_field(**{"neurons": 100, "fan_in": 3, "levels": 4} | options)


def test_an_unknown_activation_is_refused():
    with pytest.raises(NeuronError, match="tanh"):
        random_field(10, 2, 2, activation="tahn")
