"""The schema's activations and derivatives in numpy are those that compiled networks use."""

import numpy as np
import pytest
import torch

from compiler.activations import activate
from neurograph.errors import NeuronError
from neurograph.schema.activations import ACTIVATIONS
from neurograph.schema.derivatives import DERIVATIVES, activated


def test_every_activation_has_one():
    assert list(DERIVATIVES) == list(ACTIVATIONS)
    with pytest.raises(NeuronError, match="did you mean relu"):
        activated("rellu", np.zeros(1))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives_are_torchs(name):
    kinks = [-6.0, -3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0]
    x = np.concatenate([np.linspace(-20, 20, 401), np.random.default_rng(0).standard_normal(100), kinks])
    slope = ACTIVATIONS[name].slope
    given = torch.from_numpy(x).requires_grad_()
    theirs = activate(name, given, None if slope is None else torch.tensor(slope, dtype=torch.float64))
    theirs.sum().backward()
    value, derivative = activated(name, x)
    np.testing.assert_allclose(value, theirs.detach(), rtol=1e-7, atol=1e-8)  # softplus of torch is linear from 20
    smooth = ~np.isin(x, kinks)  # at a kink either side will do
    np.testing.assert_allclose(derivative[smooth], given.grad[torch.from_numpy(smooth)], rtol=1e-7, atol=1e-8)
    for part in activated(name, x.astype(np.float32)):
        assert part.dtype == np.float32 and np.isfinite(part).all()
