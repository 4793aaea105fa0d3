"""NetMorph's decomposition: against the singular values, against convolutions by SciPy, and in whole networks."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from neurograph import NeuronGraph, compiler
from neurograph.builders import metanet_cnn, mlp
from neurograph.edits import InsertLayer
from neurograph.errors import EditError, OptionError
from neurograph.insertion.netmorph import composed, decomposed


def outputs(graph, x):
    with torch.no_grad():
        return compiler.compile(graph.copy(), dtype=torch.float64)(x)


@pytest.mark.parametrize("width", [2, 4, 5, 8, 12])
def test_dense_layers_miss_what_the_singular_values_say_and_nothing_from_the_rank_on(width):
    g = mlp([6, 8, 5], seed=0)
    weights = np.array([[g[i][o]["weight"] for o in g.population("output")] for i in g.population("hidden1")])
    values = np.linalg.svd(weights, compute_uv=False) ** 2
    x = torch.randn(20, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = outputs(g, x)
    details = g.apply(InsertLayer(("hidden1", "output"), width=width, algorithm="netmorph", seed=1)).details
    assert details["decomposition_error"] == pytest.approx(values[width:].sum() / values.sum(), rel=1e-3, abs=1e-20)
    new = g.population(details["population"])
    assert all(g.nodes[n]["activation"] == "prelu" and g.nodes[n]["slope"] == 1.0 for n in new)
    moved = float((outputs(g, x) - before).abs().max())
    assert (moved < 1e-12) is (width >= 5)


def test_a_composition_is_a_convolution_of_kernels():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 3, 3, 5)), rng.normal(size=(3, 4, 2, 3))
    found = composed(first, second)
    for s, t in np.ndindex(2, 4):
        wanted = sum(convolve2d(first[s, n], second[n, t]) for n in range(3))
        assert np.allclose(found[s, t], wanted)


@pytest.mark.parametrize("seed", range(3))
def test_rounds_never_miss_more_and_find_what_is_there(seed):
    rng = np.random.default_rng(seed)
    wanted = composed(rng.normal(size=(3, 2, 3, 3)), rng.normal(size=(2, 4, 3, 3)))
    errors = [decomposed(wanted, rng.normal(size=(3, 2, 3, 3)), (3, 3), rounds)[2] for rounds in (1, 400)]
    assert errors[1] <= errors[0]
    first, second, error, _ = decomposed(wanted, rng.normal(size=(3, 9, 3, 3)), (3, 3), 400)
    assert float(((composed(first, second) - wanted) ** 2).sum() / (wanted**2).sum()) == pytest.approx(error)


@pytest.mark.parametrize(("width", "kernel"), [(4, 3), (6, 3), (40, 3), (4, 1)])
def test_maps_are_as_before_where_the_decomposition_is_exact(width, kernel):
    g = metanet_cnn((4, 5), seed=0, inputs=2, size=12)
    x = torch.randn(3, 2, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = outputs(g, x)
    how = {"width": width, "kernel": kernel, "algorithm": "netmorph"}
    details = g.apply(InsertLayer(("conv1", "conv2"), **how)).details
    assert details["decomposition_error"] < 1e-20
    if details["filled"] == [1, 1]:  # larger kernels reach beyond the border, where the new maps end
        assert (outputs(g, x) - before).abs().max() < 1e-12
    else:
        assert width == 40


def test_slopes_are_trained_from_the_identity():
    g = mlp([6, 8, 5], seed=0)
    g.apply(InsertLayer(("hidden1", "output"), width=8, algorithm="netmorph"))
    net = compiler.compile(g)
    net(torch.randn(16, 6)).square().sum().backward()
    slopes = [p for name, p in net.named_parameters() if "slope" in name]
    assert slopes and all(p.grad is not None and p.grad.abs().sum() > 0 for p in slopes)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "gelu"])
def test_activations_without_a_slope_are_refused(activation):
    with pytest.raises(OptionError, match="begins with the identity"):
        mlp([6, 8, 5]).apply(InsertLayer(("hidden1", "output"), width=8, algorithm="netmorph", activation=activation))


def test_a_target_and_dilated_kernels_are_refused():
    with pytest.raises(OptionError, match="keeps every neuron"):
        mlp([6, 8, 5]).apply(InsertLayer(("hidden1", "output"), width=8, target=4, algorithm="netmorph"))
    g = NeuronGraph()
    a, b = g.add_population("a", 1, role="input", shape=(8, 8)), g.add_population("b", 1, shape=(4, 4), is_output=True)
    g.add_edge(a[0], b[0], weight=np.ones((3, 3)), dilation=(2, 2))
    with pytest.raises(EditError, match="not dilated"):
        g.apply(InsertLayer(("a", "b"), width=2, algorithm="netmorph"))
