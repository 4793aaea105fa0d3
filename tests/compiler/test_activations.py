import torch

from compiler.activations import FUNCTIONS, IDENTITY, SLOPED, activate, prelu
from neurograph.schema.activations import ACTIVATIONS


def test_every_activation_of_the_schema_has_a_function_and_no_other():
    assert {IDENTITY, *FUNCTIONS, *SLOPED} == set(ACTIVATIONS)
    assert set(SLOPED) == {name for name, kind in ACTIVATIONS.items() if kind.slope is not None}


def test_every_function_is_elementwise_and_differentiable():
    x = torch.linspace(-3, 3, 12, dtype=torch.float64).reshape(3, 4).requires_grad_()
    for name in ACTIVATIONS:
        y = activate(name, x, torch.tensor(0.25, dtype=torch.float64))
        assert y.shape == x.shape
        alone = torch.stack([activate(name, v, torch.tensor(0.25, dtype=torch.float64)) for v in x.flatten()])
        torch.testing.assert_close(y.flatten(), alone)
        torch.autograd.grad(y.sum(), x)


def test_prelu_is_torchs_with_one_slope_per_neuron():
    x, slope = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0.1, -0.5, 2.0])
    torch.testing.assert_close(prelu(x, slope), torch.nn.functional.prelu(x, slope))
