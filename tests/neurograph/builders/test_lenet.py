import pytest
import torch.nn.functional as F

from neurograph.builders import lenet4, lenet5, parameter_count
from neurograph.errors import OptionError
from tests.neurograph.builders import plain


def test_parameter_counts_are_those_of_the_docstrings():
    assert parameter_count(lenet4()) == 431_080 and "431,080" in (lenet4.__doc__ or "")
    assert parameter_count(lenet5()) == 581_180 and "581,180" in (lenet5.__doc__ or "")


def test_lenet4_is_what_torch_computes():
    g = plain.shaken(lenet4(seed=1, size=16, classes=3, activation="tanh"))
    x = plain.images(g)
    y = F.max_pool2d(plain.conv(g, "input", "conv1", x).tanh(), 2)
    y = F.max_pool2d(plain.conv(g, "pool1", "conv2", y).tanh(), 2)
    y = plain.linear(g, "hidden", "output", plain.linear(g, "pool2", "hidden", y).tanh())
    assert (plain.out(g, x) - y).abs().max() < 1e-12


def test_lenet5_has_a_convolution_between_the_two():
    g = plain.shaken(lenet5(seed=1, size=16, filters=7))
    x = plain.images(g)
    y = F.max_pool2d(plain.conv(g, "input", "conv1", x).relu(), 2)
    y = plain.conv(g, "pool1", "inserted", y, padding=2).relu()
    y = F.max_pool2d(plain.conv(g, "inserted", "conv2", y).relu(), 2)
    y = plain.linear(g, "hidden", "output", plain.linear(g, "pool2", "hidden", y).relu())
    assert (plain.out(g, x) - y).abs().max() < 1e-12


def test_populations_and_the_journal():
    g = lenet5(seed=2)
    sizes = {name: len(names) for name, names in g.populations.items()}
    assert sizes == {
        "input": 1, "conv1": 20, "pool1": 20, "inserted": 100, "conv2": 50, "pool2": 50, "hidden": 500, "output": 10,
    }  # fmt: skip
    assert not g.journal.entries
    assert all(g.edges[edge].get("trainable", True) for edge in list(g.edges)[:100])


def test_one_seed_one_network():
    draw = [lenet4(seed=seed).read_weights(lenet4(seed=seed).arrays().ids[:20]) for seed in (0, 0, 1)]
    assert (draw[0] == draw[1]).all() and (draw[0] != draw[2]).any()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"size": 12}, "conv2: a 5 x 5 window does not fit into 4 x 4"),
        ({"classes": 0}, "classes"),
        ({"inputs": 1.5}, "inputs"),
        ({"initializer": "magic"}, "magic"),
    ],
)
def test_impossible_options_are_refused(wrong, why):
    with pytest.raises(OptionError, match=why):
        lenet4(**wrong)


def test_no_filters_are_refused():
    with pytest.raises(OptionError, match="filters"):
        lenet5(filters=0)
