import pytest

from neurograph.builders import metanet_cnn, parameter_count
from neurograph.errors import OptionError
from tests.neurograph.builders import plain


@pytest.mark.parametrize(("channels", "trained", "paper"), [(60, 504_810, 493.23), (80, 687_470, 671.69)])
def test_parameters_are_those_of_the_papers_third_table(channels, trained, paper):
    g = metanet_cnn(channels)
    assert parameter_count(g) == trained and f"{trained:,}" in (metanet_cnn.__doc__ or "")
    assert round(parameter_count(g, statistics=True) / 1024, 2) == paper


def test_it_is_what_torch_computes():
    g = plain.shaken(metanet_cnn((4, 6), seed=1, size=10, classes=3))
    x = plain.images(g)
    y = plain.norm(g, "conv1", plain.conv(g, "input", "conv1", x)).relu()
    y = plain.norm(g, "conv2", plain.conv(g, "conv1", "conv2", y)).relu()
    y = plain.norm(g, "output", plain.linear(g, "conv2", "output", y))
    assert (plain.out(g, x) - y).abs().max() < 1e-12


def test_shapes_and_the_journal():
    g = metanet_cnn(4)
    shapes = {name: g.nodes[names[0]]["shape"] for name, names in g.populations.items()}
    assert shapes == {"input": (32, 32), "conv1": (30, 30), "conv2": (28, 28), "output": ()}
    assert not g.journal.entries


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"channels": (4, 0)}, {"channels": 4, "size": 4}])
def test_impossible_options_are_refused(wrong):
    with pytest.raises(OptionError, match="channels|window"):
        metanet_cnn(**wrong)
