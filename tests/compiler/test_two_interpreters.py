"""The interpreter, and the forward pass that the tests of the graph have of their own, agree on feature maps."""

import numpy as np
import pytest
import torch

from compiler.reference import reference
from neurograph.edits import Proliferate
from tests.neurograph.map_networks import FAMILIES, images, random_maps
from tests.neurograph.networks import outputs


@pytest.mark.parametrize("family", FAMILIES)
def test_on_each_family_before_and_after_growth(family):
    g = FAMILIES[family](0)
    data = images(g)
    before = reference(g, torch.tensor(data)).outputs[0].numpy()
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-12)
    for population in list(g.populations)[1:-1]:
        g.apply(Proliferate(population, 2))
    np.testing.assert_allclose(reference(g, torch.tensor(data)).outputs[0].numpy(), before, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_growth_without_noise_keeps_the_function_in_train_mode_too(family):
    g = FAMILIES[family](0)
    data = torch.tensor(images(g, size=4))
    before = reference(g, data, training=True).outputs[0]
    for population in list(g.populations)[1:-1]:
        g.apply(Proliferate(population, 2))
    torch.testing.assert_close(reference(g, data, training=True).outputs[0], before, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_on_layers_put_together_at_random(seed):
    g = random_maps(seed)
    data = images(g)
    found = reference(g, torch.tensor(data)).outputs[0].numpy()
    np.testing.assert_allclose(outputs(g, data), found, rtol=1e-9, atol=1e-12)
