"""The portable form is the network: compared with the reference in float64, and made of plain operators."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings

import compiler
from compiler.drawing import layers
from compiler.exports.program import export_program
from compiler.lowering import REGISTRY
from compiler.portable import portable
from compiler.testing.lowerings import where_legal
from neurograph.builders import random_field
from neurograph.errors import StaleError
from tests.compiler.extras import needs_torch_sparse
from tests.compiler.graphs import batch, build, mlp, recipes
from tests.compiler.map_graphs import build_maps, map_recipes
from tests.compiler.portable.everything import every_map, every_scalar

LOWERINGS = [
    pytest.param(name, marks=needs_torch_sparse if name == "torch_sparse" else ()) for name in sorted(REGISTRY)
]


def assert_equal(module, graph, inputs):
    wanted = compiler.reference(graph, *inputs).outputs
    found = module(*inputs)
    found = (found,) if isinstance(found, torch.Tensor) else found
    for got, want in zip(found, wanted, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rows", [1, 6])
@pytest.mark.parametrize(("make", "inputs"), [(every_scalar, batch), (every_map, batch)])
def test_one_of_each_equals_the_reference(make, inputs, rows):
    graph = make()
    module = compiler.compile(graph, dtype=torch.float64).portable()
    assert_equal(module, graph, inputs(graph, rows=rows))


@pytest.mark.parametrize("name", ["dense", "sparse", "grouped", "aggregate", "copy"])
@settings(max_examples=15)
@given(recipe=recipes())
def test_scalars_under_any_lowering(name, recipe):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    assert_equal(net.portable(), graph, batch(graph))


@pytest.mark.parametrize("name", ["conv", "conv_grouped", "conv_padded", "conv_sparse"])
@settings(max_examples=20)
@given(recipe=map_recipes())
def test_feature_maps_under_any_lowering(name, recipe):
    graph = build_maps(recipe)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    assert_equal(net.portable(), graph, batch(graph))


@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_a_deep_field_is_strung_together_instead_of_picked_block_by_block(name):
    graph = random_field(150, 8, 14, seed=1)
    module = compiler.compile(graph, dtype=torch.float64, lowering=name).portable()
    picks = [layer for layer in module.children() if isinstance(layer, layers.Pick)]
    assert len(picks) <= 25  # block by block they would be 54 and 86
    assert_equal(module, graph, batch(graph))


def kinds(module):
    return {type(layer) for layer in module.children()}


def test_each_way_of_wiring_is_used_for_what_it_is_for():
    pinned = {("left", "even"): "sparse", ("left", "uneven"): "sparse", ("left", "blocks"): "grouped"}
    graph = every_scalar()
    net = compiler.compile(graph, dtype=torch.float64, lowering=pinned)
    module = net.portable()
    used = kinds(module)
    assert {layers.Sparse, layers.Scatter, layers.Blocks, layers.Aggregate, layers.Constant, layers.Pick} <= used
    assert isinstance(module.get_submodule("even"), layers.Sparse)
    assert isinstance(module.get_submodule("uneven"), layers.Scatter)
    assert module.get_submodule("tanh_layer").weight.shape == (2, 3)
    assert_equal(module, graph, batch(graph))
    used = kinds(compiler.compile(every_map()).portable())
    assert {torch.nn.Conv2d, layers.MaskedConv2d, torch.nn.BatchNorm2d, torch.nn.MaxPool2d, layers.Sum} <= used


@pytest.mark.parametrize(("make", "inputs"), [(every_scalar, batch), (every_map, batch)])
def test_it_is_exported_for_any_batch_in_plain_operators(make, inputs):
    graph = make()
    pinned = {("left", "uneven"): "sparse"} if make is every_scalar else None
    exported = export_program(compiler.compile(graph, dtype=torch.float64, lowering=pinned))
    operators = {str(node.target) for node in exported.graph.nodes if node.op == "call_function"}
    assert not [name for name in operators if "index_add" in name or "sparse" in name or "mkldnn" in name]
    assert make is every_map or any("scatter_add" in name for name in operators)
    for rows in (1, 5):
        assert_equal(exported.module(), graph, inputs(graph, rows=rows))


def test_it_shares_nothing_with_the_network_and_draws_no_random_numbers():
    net = compiler.compile(mlp(), dtype=torch.float64)
    state, before = torch.random.get_rng_state(), copy.deepcopy(net.state_dict())
    module = net.portable()
    assert torch.equal(state, torch.random.get_rng_state())
    assert not module.training and net.training
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(1.0)
    for key, value in net.state_dict().items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, before[key])


def test_it_holds_what_training_has_moved():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    x = batch(graph)[0]
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.5)
    torch.testing.assert_close(net.portable()(x), net(x))
    net.write_back()
    assert_equal(portable(net), graph, (x,))


def test_layers_and_inputs_bear_the_names_of_the_populations():
    module = compiler.compile(every_scalar()).portable()
    names = dict(module.named_children())
    assert {"tanh_layer", "even_norm", "uneven_dropout", "max", "prelu_layer_activation"} <= set(names)
    assert "def forward(self, left, right)" in module.code


def absent(layer):
    """Where a layer has numbers that no synapse owns, and None where it has none."""
    if isinstance(layer, layers.MaskedLinear | layers.MaskedConv2d):
        return (~layer.mask).expand_as(layer.weight)
    if isinstance(layer, layers.Aggregate):
        return layer.empty
    return layer.weight == 0 if isinstance(layer, layers.Sparse) and layer.ragged else None


@pytest.mark.parametrize(("make", "inputs"), [(every_scalar, batch), (every_map, batch)])
def test_what_no_synapse_owns_counts_as_nothing_so_training_on_bears_no_synapse(make, inputs):
    graph = make()
    if make is every_scalar:
        graph.remove_synapses([(graph.population("left")[0], graph.population("even")[0])])
    pinned = {("left", "even"): "sparse"} if make is every_scalar else None
    module = compiler.compile(graph, dtype=torch.float64, lowering=pinned).portable()
    seen = set()
    with torch.no_grad():
        for layer in module.children():
            where = absent(layer)
            if where is not None and where.any():
                seen.add(type(layer).__name__)
                layer.weight[where] = 9.0
    assert seen == ({"MaskedLinear", "Aggregate", "Sparse"} if make is every_scalar else {"MaskedConv2d"})
    assert_equal(module, graph, inputs(graph))


def test_a_stale_network_is_refused():
    graph = mlp()
    net = compiler.compile(graph)
    graph.add_edge(0, graph.population("y")[0], weight=1.0)
    with pytest.raises(StaleError, match="refresh"):
        net.portable()
    net.refresh()
    assert isinstance(net.portable(), torch.fx.GraphModule)


def test_populations_of_any_name():
    graph = mlp()
    for names, name in zip(list(graph.populations.values()), ["class", "forward", "2nd Schicht", "self"], strict=True):
        for v in names:
            graph.nodes[v]["population"] = name
    module = compiler.compile(graph, dtype=torch.float64).portable()
    assert [name for name, _ in module.named_children()] == ["forward_", "n2nd_Schicht", "self_"]
    assert_equal(module, graph, batch(graph))


def test_half_precision_stays_half():
    graph = mlp()
    module = compiler.compile(graph, dtype=torch.bfloat16).portable()
    x = batch(graph)[0]
    found = module(x.bfloat16())
    assert found.dtype == torch.bfloat16
    np.testing.assert_allclose(found.detach().float(), compiler.reference(graph, x).outputs[0], rtol=0.05, atol=0.05)
