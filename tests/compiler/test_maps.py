"""Feature maps: what the cost model chooses equals the reference, runs as it would by hand, and says what is wrong."""

import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import compiler
from compiler.lowering.maps import pick
from compiler.runtime.stage import Stage
from compiler.testing.reference import assert_equals_reference, batch, loss_of
from neurograph import NeuronGraph
from neurograph.errors import CompileError
from tests.compiler.graphs import build, recipes
from tests.compiler.map_graphs import MapRecipe, build_maps, map_recipes


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("batch_size", [1, 256])
@settings(max_examples=40, deadline=None)
@given(recipe=map_recipes())
def test_random_map_graphs_equal_the_reference(batch_size, training, recipe):
    graph = build_maps(recipe)
    net = compiler.compile(graph, dtype=torch.float64, batch_size=batch_size)
    assert_equals_reference(net, graph, training)


@settings(max_examples=40, deadline=None)
@given(recipe=recipes(aggregations=False), seed=st.integers(0, 999))
def test_scalar_networks_with_norm_and_dropout_equal_the_reference(recipe, seed):
    graph, rng = build(recipe), np.random.default_rng(seed)  # rounding would break ties of max and min
    for v, node in list(graph.nodes(data=True)):
        if node["role"] == "hidden" and rng.random() < 0.5:
            values = {"gamma": rng.normal(), "beta": rng.normal(), "running_mean": 0.3, "running_var": 2.0}
            graph.nodes[v].update(norm="batch", **values)
        if node["role"] == "hidden" and rng.random() < 0.3:
            graph.nodes[v]["dropout"] = 0.4
    net = compiler.compile(graph, dtype=torch.float64)
    for training in (True, False):
        assert_equals_reference(net, graph, training)


def conv_net(dropout=(0.0, "element")) -> tuple[NeuronGraph, nn.Sequential]:
    """A small convolutional network as a graph and as a module, with the same weights."""
    torch.manual_seed(1)
    drop = nn.Dropout2d(dropout[0]) if dropout[1] == "channel" else nn.Dropout(dropout[0])
    made = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), drop, nn.MaxPool2d(2), nn.Conv2d(6, 8, 3),
        nn.ReLU(), nn.Flatten(), nn.Linear(32, 5), nn.BatchNorm1d(5),
    )  # fmt: skip
    first, second, last = made[0], made[5], made[8]
    graph = NeuronGraph()
    graph.add_population("x", 3, role="input", shape=(8, 8))
    bias = [m.bias.detach().double().numpy() for m in (first, second, last)]
    kinds = {"dropout": dropout[0], "dropout_kind": dropout[1]}
    graph.add_population("a", 6, shape=(8, 8), activation="relu", norm="batch", bias=bias[0], **kinds)
    graph.add_population("b", 6, shape=(4, 4))
    graph.add_population("c", 8, shape=(2, 2), activation="relu", bias=bias[1])
    graph.add_population("y", 5, norm="batch", bias=bias[2], is_output=True)
    graph.connect("x", "a", weight=first.weight.detach().double().numpy().swapaxes(0, 1), padding=1)
    for u, v in zip(graph.population("a"), graph.population("b"), strict=True):
        graph.add_edge(u, v, op="max_pool", kernel_size=2, stride=2)
    graph.connect("b", "c", weight=second.weight.detach().double().numpy().swapaxes(0, 1))
    graph.connect("c", "y", weight=last.weight.detach().double().numpy().reshape(5, 8, 2, 2).swapaxes(0, 1))
    return graph, made


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dropout", [(0.0, "element"), (0.3, "element"), (0.3, "channel")])
def test_training_is_bit_identical_to_the_same_module(dropout, layout):
    graph, module = conv_net(dropout=dropout)
    net = compiler.compile(graph).to(memory_format=layout)
    module = module.to(memory_format=layout)
    results = []
    for model in (module, net):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        torch.manual_seed(3)
        for step in range(3):
            x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(step)).to(memory_format=layout)
            optimizer.zero_grad()
            F.cross_entropy(model(x), torch.arange(4)).backward()
            optimizer.step()
        results.append(model.eval()(x))
    assert torch.equal(*results)


def test_channels_last_goes_in_and_comes_out():
    graph = NeuronGraph()
    graph.add_population("x", 4, role="input", shape=(5, 5))
    graph.add_population("y", 6, shape=(3, 3), is_output=True, activation="relu", norm="batch")
    graph.connect("x", "y", weight=np.random.default_rng(0).normal(size=(4, 6, 3, 3)))
    net = compiler.compile(graph)
    x = torch.randn(2, 4, 5, 5)
    assert net(x).is_contiguous()
    assert net(x.to(memory_format=torch.channels_last)).is_contiguous(memory_format=torch.channels_last)


def test_picked_channels_keep_their_memory_format():
    x = torch.randn(2, 4, 5, 5)
    for layout in (torch.contiguous_format, torch.channels_last):
        found = pick(x.to(memory_format=layout), torch.tensor([3, 0, 0]))
        assert torch.equal(found, x[:, [3, 0, 0]]) and found.is_contiguous(memory_format=layout)


def products(net) -> list[tuple[str, str]]:
    return [
        (stage.blocks[0].population, product.lowering) for stage in net.program.stages for product in stage.products
    ]


@pytest.mark.parametrize(("groups", "inputs", "outputs"), [(2, 32, 48), (32, 32, 32), (32, 32, 64)])
def test_groups_are_found_under_any_permutation_of_channels(groups, inputs, outputs):
    rng = np.random.default_rng(0)
    graph = NeuronGraph()
    x = graph.add_population("x", inputs, role="input", shape=(6, 6))
    y = graph.add_population("y", outputs, shape=(4, 4), is_output=True, bias=rng.normal(size=outputs))
    xs, ys = rng.permutation(inputs).reshape(groups, -1), rng.permutation(outputs).reshape(groups, -1)
    for a, b in zip(xs, ys, strict=True):
        graph.connect([x[i] for i in a], [y[i] for i in b], weight=rng.normal(size=(len(a), len(b), 3, 3)))
    net = compiler.compile(graph, dtype=torch.float64, lowering="conv_grouped")
    assert products(net) == [("y", "conv_grouped")]
    assert net.stages[0].units[0].weight.shape == (outputs, inputs // groups, 3, 3)
    assert_equals_reference(net, graph, training=True)


@pytest.mark.parametrize("groups", [2, 4, 8, 16, 32])
def test_groups_are_never_a_masked_convolution(groups):
    """Whatever is cheaper, one that torch has as a grouped one costs less so than with all pairs of channels."""
    graph = NeuronGraph()
    x = graph.add_population("x", 32, role="input", shape=(6, 6))
    y = graph.add_population("y", 32, shape=(4, 4), is_output=True)
    for a, b in zip(np.array_split(x, groups), np.array_split(y, groups), strict=True):
        graph.connect(a.tolist(), b.tolist(), weight=np.ones((len(a), len(b), 3, 3)))
    for rows in (1, 64, 4096):
        net = compiler.compile(graph, batch_size=rows)
        assert products(net)[0][1] in ("conv_grouped", "conv_sparse")
        assert [m.groups for m in net.portable().modules() if isinstance(m, torch.nn.Conv2d)] == [groups]


def test_maps_read_unequally_are_depthwise_all_the_same():
    rng = np.random.default_rng(0)
    graph = NeuronGraph()
    x = graph.add_population("x", 16, role="input", shape=(6, 6))
    y = graph.add_population("y", 33, shape=(4, 4), is_output=True)
    for place, v in enumerate(y):
        graph.add_edge(x[min(place, 15)], v, weight=rng.normal(size=(3, 3)))
    net = compiler.compile(graph, dtype=torch.float64, lowering="conv_grouped")
    assert products(net) == [("y", "conv_grouped")]
    assert_equals_reference(net, graph, training=True)


def relayed(order) -> tuple[NeuronGraph, list]:
    """Two populations of maps side by side in a third, by identity synapses alone."""
    rng = np.random.default_rng(0)
    graph = NeuronGraph()
    graph.add_population("x", 2, role="input", shape=(5, 5))
    graph.add_population("a", 3, shape=(5, 5), activation="tanh")
    graph.connect("x", "a", weight=rng.normal(size=(2, 3, 3, 3)), padding=1)
    both = graph.add_population("both", 5, shape=(5, 5))
    graph.add_population("y", 4, shape=(3, 3), is_output=True)
    sources = {"x": graph.population("x"), "a": graph.population("a")}
    for u, v in zip([v for name in order for v in sources[name]], both, strict=True):
        graph.add_edge(u, v, op="identity")
    graph.connect("both", "y", weight=rng.normal(size=(5, 4, 3, 3)))
    return graph, both


@pytest.mark.parametrize("order", ["xa", "ax"])
def test_a_concatenation_is_one_cat_and_nothing_else(order):
    graph, _ = relayed(order)
    net = compiler.compile(graph, dtype=torch.float64)
    assert products(net) == [("a", "conv"), ("both", "copy"), ("y", "conv")]
    x = batch(graph)[0].requires_grad_()
    made = net.run((x,))[2]
    assert made.grad_fn.name() == "CatBackward0"
    assert_equals_reference(net, graph, training=False)


def test_a_relay_of_one_population_is_its_source():
    graph, both = relayed("xa")
    last = graph.add_population("last", 5, shape=(5, 5), is_output=True)
    some = graph.add_population("some", 2, shape=(5, 5), is_output=True)
    for u, v in [*zip(both, last, strict=True), *zip(both[1:3], some, strict=True)]:
        graph.add_edge(u, v, op="identity")
    net = compiler.compile(graph, dtype=torch.float64)
    values = dict(zip([s.blocks[0].population for s in net.program.stages], net.run(batch(graph))[1:], strict=True))
    assert values["last"] is values["both"]
    assert values["some"].data_ptr() == values["both"][:, 1:].data_ptr()  # neighbours are read where they lie


def test_a_residual_is_one_addition():
    rng = np.random.default_rng(0)
    graph = NeuronGraph()
    x = graph.add_population("x", 3, role="input", shape=(5, 5))
    y = graph.add_population("y", 3, shape=(5, 5), is_output=True)
    graph.add_population("a", 3, shape=(5, 5), norm="batch")
    graph.connect("x", "a", weight=rng.normal(size=(3, 3, 3, 3)), padding=1)
    for u, w, v in zip(x, graph.population("a"), y, strict=True):
        graph.add_edge(u, v, op="identity")
        graph.add_edge(w, v, op="identity")
    net = compiler.compile(graph, dtype=torch.float64)
    made = net(batch(graph)[0])
    assert made.grad_fn.name() == "AddBackward0"
    assert {f.name() for f, _ in made.grad_fn.next_functions if f} == {"NativeBatchNormBackward0"}


def test_values_are_let_go_when_the_last_has_read_them(monkeypatch):
    graph, _ = conv_net()
    net = compiler.compile(graph).eval()
    made, alive = [], []
    run = Stage.run

    def watched(stage, values, like):
        alive.append(sum(value() is not None for value in made))
        found = run(stage, values, like)
        made.append(weakref.ref(found))
        return found

    monkeypatch.setattr(Stage, "run", watched)
    with torch.no_grad():
        y = net(torch.ones(1, 3, 8, 8))
    assert alive == [0, 1, 1, 1] and y.shape == (1, 5)
    with torch.no_grad():
        assert all(value is not None for value in net.run((torch.ones(1, 3, 8, 8),)))


def test_kernels_are_numbered_by_synapse_and_not_by_number():
    graph, _ = conv_net()
    net = compiler.compile(graph)
    for quantity in net.slots.quantities:
        for entry in net.slots.of(quantity):
            slots = entry.tensor.numel() // int(np.prod(quantity[1]))
            assert len(entry.numbers) <= slots and (entry.flat is None or entry.flat.max() < slots)
    assert net.parameter_count() == sum(p.numel() for p in conv_net()[1].parameters())
    assert "3x3 kernels of (8, 8)" in net.report() and "batch norm" in net.report()


@pytest.mark.parametrize("wiring", ["sparse", "depthwise"])
@pytest.mark.parametrize("name", ["conv", None])
def test_empty_and_frozen_kernels_never_move(wiring, name):
    graph = build_maps(MapRecipe(7, (4, 4, 4), wiring=wiring, frozen=True, norms=True, mixed=True))
    net = compiler.compile(graph, dtype=torch.float64, lowering=name)
    frozen = [
        (quantity, entry, entry.tensor.clone())
        for quantity in net.slots.quantities
        for entry in net.slots.of(quantity)
        if not entry.trained and not quantity[0].startswith("running")
    ]
    masks = [m for m in net.modules() if getattr(m, "mask", None) is not None]
    assert frozen and (masks or name is None)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1, weight_decay=0.1)
    for step in range(4):
        optimizer.zero_grad()
        outputs = net(*batch(graph, seed=step))
        loss_of(*(outputs if isinstance(outputs, tuple) else (outputs,))).backward()
        optimizer.step()
    assert all((m.weight * ~m.mask == 0).all() for m in masks)
    assert all(torch.equal(entry.tensor, before) for _, entry, before in frozen)


def test_autocast_and_half_precision_run_and_train():
    graph = build_maps(MapRecipe(5, (3, 4, 4), wiring="grouped", norms=True))
    net, half = compiler.compile(graph), compiler.compile(graph.copy(), dtype=torch.bfloat16)
    x = batch(graph, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = net.eval()(*x)
    outputs = [cast, half.eval()(*[x.bfloat16() for x in x]), net(*x)]
    cast, halves, whole = (y if isinstance(y, tuple) else (y,) for y in outputs)
    for a, b, c in zip(cast, halves, whole, strict=True):
        torch.testing.assert_close(a.float(), c, rtol=0.1, atol=0.1)
        torch.testing.assert_close(b.float(), c, rtol=0.1, atol=0.1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        trained = net.train()(*x)
    loss_of(*[y.float() for y in (trained if isinstance(trained, tuple) else (trained,))]).backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in net.parameters())


def test_observed_maps_are_averaged_over_samples_and_positions():
    graph, _ = conv_net()
    net = compiler.compile(graph, dtype=torch.float64)
    xs = [torch.randn(n, 3, 8, 8, dtype=torch.float64) for n in (4, 6)]
    loss = lambda y: (y * torch.arange(1, 6)).sin().sum()  # noqa: E731
    seen = net.observe(xs, loss=loss, activations=True)
    every = compiler.reference(graph, torch.cat(xs)).values
    for v, place in zip(graph.names_of(seen.keys), range(len(seen.keys)), strict=True):
        values = every[v]
        assert seen.activation_mean[place] == pytest.approx(float(values.mean()))
        assert seen.activation_variance[place] == pytest.approx(float(values.var(correction=0)), abs=1e-12)
        flat = values.reshape(10, -1).mean(1)
        np.testing.assert_allclose(seen.values_of(seen.keys[[place]])[:, 0], flat, atol=1e-12)
    assert seen.samples == 10
    grads = [compiler.reference(graph, x, loss=loss).synapses for x in xs]
    arrays = graph.arrays()
    names = {
        int(i): (arrays.names[s], arrays.names[t])
        for i, s, t in zip(arrays.ids, arrays.source.tolist(), arrays.target.tolist(), strict=True)
    }
    assert seen.ids.tolist() == sorted(i for i, e in names.items() if e in grads[0])
    for place, i in enumerate(seen.ids.tolist()):
        both = torch.stack([torch.as_tensor(g[names[i]]) for g in grads])
        assert seen.gradient_mean_absolute[place] == pytest.approx(float(both.abs().mean()))
        assert seen.gradient_mean_square[place] == pytest.approx(float((both**2).mean()))
        assert seen.gradient_variance[place] == pytest.approx(float(both.var(0, correction=0).mean()))
    assert float(net.slots.gather(("running_mean", ())).abs().sum()) == 0.0  # observing trains nothing


# what is wrong, said by name


@pytest.mark.parametrize("shape", [(), (1, 1)])
def test_batch_norm_of_one_value_is_refused_in_training_only(shape):
    graph = NeuronGraph()
    graph.add_population("x", 2, role="input", shape=shape)
    graph.add_population("y", 2, shape=shape, norm="batch", is_output=True)
    for u, v in zip(graph.population("x"), graph.population("y"), strict=True):
        graph.add_edge(u, v, op="identity")
    net, x = compiler.compile(graph), torch.ones(1, 2, *shape)
    with pytest.raises(CompileError, match=r"'y'.*more than one value per channel.*net.eval\(\)"):
        net(x)
    with pytest.raises(ValueError, match="more than one value per channel"):
        compiler.reference(graph, x, training=True)
    net.eval()(x)
    net.train()(torch.ones(2, 2, *shape))


def test_inputs_of_the_wrong_shape_are_refused_with_what_would_fit():
    graph, _ = conv_net()
    net = compiler.compile(graph)
    with pytest.raises(CompileError, match=r"'x' has shape \(4, 3, 9, 8\) and must be \(batch, 3, 8, 8\)"):
        net(torch.ones(4, 3, 9, 8))
    with pytest.raises(CompileError, match=r"x.view\(-1, 3, 8, 8\) would fit"):
        net(torch.ones(4, 192))
    with pytest.raises(CompileError, match=r"must be \(batch, 3, 8, 8\)"):
        net(torch.ones(3, 8, 8))


def test_shapes_that_differ_within_one_port_are_refused_by_name():
    graph, _ = conv_net()
    graph.add_neuron("odd", population="x", role="input", shape=(2, 2))
    with pytest.raises(CompileError, match=r"population 'x'.*'odd' has shape \(2, 2\)"):
        compiler.compile(graph)


def test_other_aggregations_of_maps_and_dilated_averages_are_refused_by_name():
    graph, _ = relayed("xa")
    graph.nodes[graph.population("y")[0]]["aggregation"] = "max"
    with pytest.raises(CompileError, match=r"can only be summed; set graph.nodes\[\d+\]\['aggregation'\] = 'sum'"):
        compiler.compile(graph)
    graph, both = relayed("xa")
    last = graph.add_neuron(shape=(3, 3), is_output=True)
    graph.add_edge(both[0], last, op="avg_pool", kernel_size=2, dilation=2)
    with pytest.raises(CompileError, match="avg_pool takes no dilation"):
        compiler.compile(graph)


def test_a_kernel_that_is_missing_is_refused_by_name():
    graph, both = relayed("xa")
    last = graph.add_neuron("last", shape=(3, 3), is_output=True)
    graph.add_edge(both[0], last)
    with pytest.raises(CompileError, match=r"-> 'last': has no weight"):
        compiler.compile(graph)


def test_the_reference_draws_no_masks_of_its_own():
    graph, _ = conv_net(dropout=(0.5, "channel"))
    with pytest.raises(CompileError, match="has dropout: give its mask"):
        compiler.reference(graph, torch.ones(2, 3, 8, 8), training=True)


def test_a_bare_name_pins_what_it_can_run_and_is_refused_where_that_is_nothing():
    graph, _ = conv_net()
    net = compiler.compile(graph, lowering="conv")
    assert ("a", "conv") in products(net) and ("y", "flatten") in products(net)
    with pytest.raises(CompileError, match="lowering='conv_grouped' fits no bundle of this graph"):
        compiler.compile(graph, lowering="conv_grouped")
    with pytest.raises(CompileError, match="bundle 'x' -> 'a': lowering 'flatten' cannot run it"):
        compiler.compile(graph, lowering={("x", "a"): "flatten"})
