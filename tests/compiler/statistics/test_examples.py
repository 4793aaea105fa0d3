"""Examples run through a network: the activations are the reference's, and so are the maps."""

import numpy as np
import pytest
import torch

import compiler
from neurograph.analysis.examples import Examples
from neurograph.builders import metanet_cnn, mlp
from neurograph.errors import OptionError
from neurograph.view.page_data import content


def test_activations_are_what_the_network_computes():
    g = mlp([4, 3, 2], seed=0)
    net = compiler.compile(g, dtype=torch.float64)
    x, y = torch.rand(7, 4, dtype=torch.float64), torch.arange(7) % 2
    net.train()
    found = compiler.examples(net, x, y, batch=3)
    assert net.training
    assert found.activations[:, :4] == pytest.approx(x.numpy())
    net.eval()
    assert found.activations[:, -2:] == pytest.approx(net(x).detach().numpy())
    assert found.labels is not None and found.labels.tolist() == y.tolist()
    assert compiler.examples(net, x, torch.rand(7)).labels is None


def test_maps_are_kept_for_the_first_examples():
    g = metanet_cnn(3, seed=0, inputs=1)
    net = compiler.compile(g)
    found = compiler.examples(net, torch.rand(5, 1, 32, 32), maps=2)
    shapes = {key: g.nodes[name]["shape"] for name, key in zip(g, np.sort(g.table.keys()).tolist(), strict=True)}
    assert {key: each.shape for key, each in found.maps.items()} == {k: (2, *s) for k, s in shapes.items() if s}
    place = {int(key): at for at, key in enumerate(found.keys)}
    for key, each in found.maps.items():
        assert each.mean(axis=(1, 2)) == pytest.approx(found.activations[:2, place[key]], rel=1e-4, abs=1e-6)


def test_a_page_takes_as_many_examples_as_its_budget_has_room_for():
    g = mlp([4, 3, 2], seed=0)
    keys, rng = np.sort(g.table.keys()), np.random.default_rng(0)
    many = Examples(rng.random((300, 4)), None, keys, rng.random((300, 9)))
    made = content(g, data=many)
    assert made.data["examples"]["count"] == 256
    assert "256 of 300 examples are in the page" in made.data["notes"]
    assert len(made.arrays["activation"]) == 256 * 9
    wide = Examples(np.zeros((20, 200_000)), None, keys, rng.random((20, 9)))
    made = content(g, data=wide)
    assert made.data["examples"] is None
    assert any("the examples are not in the page" in note for note in made.data["notes"])
    assert "activation" not in made.arrays


@pytest.mark.parametrize(
    ("inputs", "labels", "activations", "word"),
    [
        (np.zeros((0, 4)), None, np.zeros((0, 9)), "examples must be"),
        (np.zeros((2, 4, 4)), None, np.zeros((2, 9)), "examples must be"),
        (np.zeros((2, 4)), None, np.zeros((3, 9)), "activations must be"),
        (np.zeros((2, 4)), np.zeros(2), np.zeros((2, 9)), "labels must be"),
    ],
)
def test_examples_that_do_not_go_together_are_refused(inputs, labels, activations, word):
    with pytest.raises(OptionError, match=word):
        Examples(inputs, labels, np.arange(9), activations)
