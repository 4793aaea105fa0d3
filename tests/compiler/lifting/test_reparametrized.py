"""Modules whose weights are computed: refused by name, but for masks, which make synapses absent."""

import re

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

import compiler
from neurograph.errors import LiftError, OptionError
from tests.compiler.lifting.roundtrip import inputs, shaken


def pruned() -> nn.Sequential:
    module = shaken(
        nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6), nn.Tanh())
    )
    prune.l1_unstructured(module[4], "weight", 0.5)
    prune.random_unstructured(module[4], "bias", 2)
    prune.ln_structured(module[0], "weight", 0.5, 2, 1)  # kernels that read one channel
    return module


@pytest.mark.parametrize(
    ("wrap", "way_out"),
    [
        (weight_norm, "torch.nn.utils.remove_weight_norm(module.get_submodule('0'), 'weight')"),
        (spectral_norm, "torch.nn.utils.remove_spectral_norm(module.get_submodule('0'), 'weight')"),
        (parametrizations.weight_norm, "remove_parametrizations(module.get_submodule('0'), 'weight')"),
        (parametrizations.spectral_norm, "remove_parametrizations(module.get_submodule('0'), 'weight')"),
        (parametrizations.orthogonal, "remove_parametrizations(module.get_submodule('0'), 'weight')"),
        (lambda m: prune.l1_unstructured(m, "weight", 0.5), "prune.remove(module.get_submodule('0'), 'weight')"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_computed_weights_are_refused_with_what_bakes_them_in(wrap, way_out):
    with pytest.raises(LiftError, match=rf"'0.weight'.*{re.escape(way_out)}"):
        compiler.lift(nn.Sequential(wrap(nn.Linear(4, 3))), inputs(2, 4))


@pytest.mark.parametrize("baked", [False, True])
def test_zeros_of_a_mask_are_absent_and_stay_so_in_training(baked):
    module, x = pruned(), inputs(3, 2, 5, 5)
    if baked:
        for layer, name in ((0, "weight"), (4, "weight"), (4, "bias")):
            prune.remove(module[layer], name)
    graph = compiler.lift(module, x, zeros="absent")
    weighted = [form for *_, form in graph.edges(data=True) if form.get("op", "weight") == "weight"]
    assert len(weighted) == 4 + 12
    net = compiler.compile(graph)
    torch.testing.assert_close(net.eval()(x), module(x))
    assert not any(buffer.is_meta for buffer in module.buffers()) and isinstance(module[4].weight, torch.Tensor)
    optimizer = torch.optim.Adam(net.parameters(), 0.1)
    net(x).square().sum().backward()
    optimizer.step()
    assert net.write_back() and graph.number_of_edges() == len(graph.edges)
    assert net.parameter_count() == 4 * 9 + 4 + 12 + 6


def test_zeros_inside_kernels_are_warned_of():
    module = shaken(nn.Sequential(nn.Conv2d(2, 2, 3)))
    with torch.no_grad():
        module[0].weight[0, 0, 0] = 0.0
        module[0].weight[1, 1] = 0.0
    with pytest.warns(UserWarning, match="3 weights that are zero lie in kernels that are not"):
        graph = compiler.lift(module, inputs(1, 2, 4, 4), zeros="absent")
    assert graph.number_of_edges() == 3
    assert compiler.lift(module, inputs(1, 2, 4, 4)).number_of_edges() == 4


def test_another_word_for_zeros_is_refused():
    with pytest.raises(OptionError, match="zeros must be one of keep, absent, not 'gone'"):
        compiler.lift(nn.Linear(4, 3), inputs(2, 4), zeros="gone")
