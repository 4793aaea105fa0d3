import numpy as np
import pytest
import torch

import compiler
from compiler.slots import WEIGHT
from neurograph.errors import CompileError, MissingError
from tests.compiler.graphs import Recipe, batch, build, loss_of, mlp


def test_activation_statistics_are_numpys():
    graph = build(Recipe(4, (3, 5, 4, 2), tangled=True, density=0.8))
    net = compiler.compile(graph, dtype=torch.float64)
    xs = [batch(graph, rows, seed)[0] for seed, rows in enumerate((5, 1, 7))]
    chosen = list(graph.nodes)[2:6:2]
    seen = net.observe(xs, activations=chosen)
    every = compiler.reference(graph, torch.cat(xs)).values
    table = np.stack([every[v].numpy() for v in graph.names_of(seen.keys)], 1)
    np.testing.assert_allclose(seen.activation_mean, table.mean(0), atol=1e-12)
    np.testing.assert_allclose(seen.activation_variance, table.var(0), atol=1e-12)
    assert (seen.samples, seen.batches, len(seen.ids)) == (13, 3, 0)
    assert seen.recorded_keys.tolist() == sorted(graph.keys_of(chosen).tolist())
    np.testing.assert_allclose(
        seen.values_of(graph.keys_of(chosen)), np.stack([every[v].numpy() for v in chosen], 1), atol=1e-12
    )


@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_gradient_statistics_are_numpys(name):
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64, lowering=name)
    batches = [(batch(graph, 4, seed)[0], torch.full((4, 3), float(seed), dtype=torch.float64)) for seed in range(5)]
    gradients = []
    for x, y in batches:
        net.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        gradients.append(net.gradients()[1])
    table = np.stack(gradients)
    seen = net.observe(batches, loss=torch.nn.functional.mse_loss, activations=True)
    np.testing.assert_array_equal(seen.ids, net.slots.numbers(WEIGHT))
    np.testing.assert_allclose(seen.gradient_mean_absolute, np.abs(table).mean(0), atol=1e-12)
    np.testing.assert_allclose(seen.gradient_mean_square, (table**2).mean(0), atol=1e-12)
    np.testing.assert_allclose(seen.gradient_variance, table.var(0), atol=1e-12)
    np.testing.assert_allclose(seen.gradient_absolute_of_mean, np.abs(table.mean(0)), atol=1e-12)
    assert seen.recorded.shape == (20, len(graph))
    some = seen.ids[[3, 1]]
    np.testing.assert_array_equal(seen.of_synapses("gradient_variance", some), seen.gradient_variance[[3, 1]])


def test_observing_leaves_no_trace():
    graph = mlp()
    net = compiler.compile(graph)
    x = batch(graph, dtype=torch.float32)[0]
    loss_of(net(x)).backward()
    before = [(p.detach().clone(), p.grad.clone(), p._version) for p in net.parameters()]
    for training in (True, False):
        net.train(training)
        net.observe([x, x], loss=loss_of)
        assert net.training is training and all(m.training is training for m in net.modules())
    for p, (value, gradient, version) in zip(net.parameters(), before, strict=True):
        assert torch.equal(p, value) and torch.equal(p.grad, gradient) and p._version == version
    with pytest.raises(ZeroDivisionError):
        net.observe([x], loss=lambda y: 1 / 0)
    assert net.training is False


def test_statistics_stay_valid_for_survivors_and_say_who_is_missing():
    graph = mlp()
    seen = compiler.compile(graph).observe([batch(graph, dtype=torch.float32)[0]], loss=loss_of)
    keys = graph.keys_of(graph.populations["h1"])
    before = seen.of_neurons("activation_variance", keys)
    new = graph.add_neuron()
    graph.add_edge(0, new, weight=1.0)
    np.testing.assert_array_equal(seen.of_neurons("activation_variance", keys), before)
    with pytest.raises(
        MissingError, match=rf"neurons number {graph.keys_of([new])[0]} were not observed.*observe again"
    ):
        seen.of_neurons("activation_mean", graph.keys_of([new]))
    with pytest.raises(MissingError, match="synapses number"):
        seen.of_synapses("gradient_variance", np.array([10**6]))
    with pytest.raises(MissingError, match=r"observe\(activations="):
        seen.values_of(keys)


def test_nothing_to_observe_is_an_error():
    with pytest.raises(CompileError, match="no batch"):
        compiler.compile(mlp()).observe([])


def test_gradients_of_parameters_that_are_held_still_are_those_of_the_loss():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    x = batch(graph)[0]
    wanted = net.observe([x], loss=loss_of)
    for still in (list(net.parameters())[:1], list(net.parameters())):
        for parameter in still:
            parameter.requires_grad_(False)
        seen = net.observe([x], loss=loss_of)
        np.testing.assert_array_equal(seen.ids, wanted.ids)
        np.testing.assert_allclose(seen.gradient_mean_square, wanted.gradient_mean_square, atol=1e-12)
        assert not any(parameter.requires_grad for parameter in still)
    averaged = compiler.EMA(net).network().observe([x], loss=loss_of)
    np.testing.assert_allclose(averaged.gradient_mean_square, wanted.gradient_mean_square, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        (lambda y: y.detach().square().mean(), "batch 0: the loss does not follow"),
        (lambda y: torch.ones(()), "batch 0: the loss does not follow"),
        (lambda y: y.square().mean(1), r"batch 0: the loss has shape \(5,\)"),
        (lambda y: y.square().mean().item(), "batch 0: the loss is a float"),
    ],
)
def test_losses_without_a_gradient_are_refused(loss, match):
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    with pytest.raises(CompileError, match=match):
        net.observe([batch(graph)[0]], loss=loss)


def test_gradients_are_refused_in_inference_mode_and_found_without_one():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    x = batch(graph)[0]
    with torch.inference_mode(), pytest.raises(CompileError, match="inference_mode"):
        net.observe([x], loss=loss_of)
    with torch.no_grad():
        assert net.observe([x], loss=loss_of).gradient_mean_absolute.any()
