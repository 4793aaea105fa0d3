"""Deltas that `observe` records: per sample, by autograd, and together with values the gradient of synapses."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

import compiler
from compiler.statistics.absent import absent_gradients
from neurograph.builders import mlp, vgg
from neurograph.errors import CompileError, MissingError


def network():
    graph = mlp([6, 5, 4, 3], activation="tanh", seed=0, density=0.7)
    return graph, compiler.compile(graph, dtype=torch.float64)


def data(count=2):
    random = torch.Generator().manual_seed(0)
    made = [(torch.randn(n, 6, dtype=torch.float64, generator=random), torch.arange(n) % 3) for n in (5, 7)]
    return made[:count]


@pytest.mark.parametrize("lowering", ["dense", "sparse"])
def test_they_are_each_samples_own_derivative(lowering):
    graph, _ = network()
    net = compiler.compile(graph, dtype=torch.float64, lowering=lowering)
    seen = net.observe(data(), loss=cross_entropy, deltas=True)
    hidden = graph.population_keys("hidden2")
    assert seen.deltas.shape == (12, 12)
    bias = {key: at for at, key in enumerate(seen.delta_keys.tolist())}
    rows = torch.cat([x for x, _ in data()]), torch.cat([y for _, y in data()])
    quantity = ("bias", ())
    keys = net.slots.numbers(quantity)
    net.eval()
    for sample in range(12):
        net.zero_grad()
        cross_entropy(net(rows[0][sample : sample + 1]), rows[1][sample : sample + 1]).backward()
        found = net.slots.gather(quantity, lambda p: p.grad).numpy()  # the derivative by a bias is that by the sum
        mine = [bias[key] for key in keys.tolist()]
        np.testing.assert_allclose(seen.deltas[sample, mine], found, rtol=1e-10, atol=1e-15)
    assert np.isin(hidden, seen.delta_keys).all()


def test_with_values_they_are_the_gradient_of_synapses():
    graph, net = network()
    seen = net.observe(data(1), loss=cross_entropy, activations=True, deltas=graph.population("output"))
    sources, targets = graph.population_keys("hidden1"), graph.population_keys("output")
    (absent,) = absent_gradients(net, data(1), cross_entropy, [("hidden1", "output")])
    np.testing.assert_allclose(seen.values_of(sources).T @ seen.deltas_of(targets) / 5, absent.gradient, rtol=1e-10)
    with pytest.raises(MissingError, match=r"deltas of neurons number .*name them in observe\(loss=..., deltas="):
        seen.deltas_of(sources)
    plain = net.observe(data(1), loss=cross_entropy)
    np.testing.assert_array_equal(plain.gradient_mean_absolute, seen.gradient_mean_absolute)
    assert net.training and all(p.grad is None for p in net.parameters())


def test_what_has_none():
    graph, net = network()
    with pytest.raises(CompileError, match="observe with loss="):
        net.observe([x for x, _ in data()], deltas=True)
    with pytest.raises(CompileError, match="are inputs, feature maps"):
        net.observe(data(), loss=cross_entropy, deltas=graph.population("input"))
    maps = vgg(11, width=1 / 32, seed=0)
    seen = compiler.compile(maps).observe([(torch.randn(3, 3, 32, 32), torch.zeros(3, 10))], loss=mse_loss, deltas=True)
    assert set(maps.names_of(seen.delta_keys)) == {*maps.population("output"), *maps.population("pool5")}
