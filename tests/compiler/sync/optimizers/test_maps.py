"""Kernels, norms and their statistics: optimizer state and averages follow channels through edits."""

import numpy as np
import pytest
import torch

import compiler
from compiler.slots import RUNNING
from neurograph import NeuronGraph
from neurograph.edits import Proliferate
from tests.compiler.graphs import loss_of
from tests.compiler.sync.optimizers.table import HEIRS, OPTIMIZERS, RATE, TABLE, VALUE, ZERO


def channels(seed: int = 0) -> NeuronGraph:
    """Two layers of 3 x 3 kernels with batch norm and a flatten."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("x", 2, role="input", shape=(6, 6))
    for name, size, shape in (("a", 4, (4, 4)), ("b", 3, (2, 2))):
        graph.add_population(name, size, shape=shape, activation="tanh", norm="batch", bias=np.zeros(size))
    graph.add_population("y", 2, is_output=True, bias=np.zeros(2))
    for source, target, shape in (("x", "a", (3, 3)), ("a", "b", (3, 3)), ("b", "y", (2, 2))):
        size = len(graph.population(source)), len(graph.population(target))
        graph.connect(source, target, weight=rng.normal(size=(*size, *shape)) / 4)
    graph.restart_journal()
    return graph


def train(net, optimizer, steps=3):
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(net(torch.randn(5, 2, 6, 6, generator=generator, dtype=torch.float64).to(net.dtype))).backward()
        optimizer.step()


def by_number(slots, quantity, pick=lambda p: p, trained=True) -> dict:
    vector = slots.gather(quantity, pick, trained=trained).numpy()
    return dict(zip(slots.numbers(quantity, trained).tolist(), vector, strict=True))


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_kernels_and_norms_keep_their_state_and_newborns_get_their_start(row):
    graph = channels()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = row.make(net.parameters())
    train(net, optimizer)
    pick = {name: lambda p, name=name: optimizer.state[p][name] for name in row.vectors}
    old = {name: {s: by_number(net.slots, s, pick[name]) for s in net.slots.quantities} for name in row.vectors}
    graph.apply(Proliferate("a", 2, seed=0))
    changes = graph.changes.since(net.holding)
    net.refresh(optimizer, newborns="inherited")
    for name, rule in row.vectors.items():
        median = np.median(np.concatenate([v.ravel() for quantity in old[name].values() for v in quantity.values()]))
        for quantity, before in old[name].items():
            heirs = changes.synapse_heirs if quantity[0] == "weight" else changes.neuron_heirs
            values = by_number(net.slots, quantity)
            for number, held in by_number(net.slots, quantity, pick[name]).items():
                start = {ZERO: 0.0, HEIRS: median, RATE: 0.002, VALUE: values[number]}[rule]
                if rule in (HEIRS, RATE):
                    start = before.get(heirs.get(number), start)
                assert (held == before.get(number, start)).all(), (name, quantity, number)
    train(net, optimizer)


@pytest.mark.parametrize("kind", ["momentum", "adam", "rprop", "asgd"])
def test_a_saved_state_with_kernels_trains_on_bit_for_bit(kind):
    net, again = compiler.compile(channels()), compiler.compile(channels(1))
    optimizer, resumed = (OPTIMIZERS[kind](n.parameters()) for n in (net, again))
    train(net, optimizer)
    again.load_state_dict(net.state_dict())
    again.load_optimizer_state(resumed, net.optimizer_state(optimizer))
    for n, o in ((net, optimizer), (again, resumed)):
        train(n, o)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("statistics", ["copy", "average"])
def test_an_average_takes_kernels_norms_and_statistics_along(statistics):
    graph = channels()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = OPTIMIZERS["adam"](net.parameters())
    ema = compiler.EMA(net, 0.5, statistics=statistics)
    wanted = {s: by_number(net.slots, s, trained=False) for s in net.slots.quantities}
    for _ in range(3):
        train(net, optimizer, steps=1)
        ema.update()
        for quantity, held in wanted.items():
            now = by_number(net.slots, quantity, trained=False)
            copied = quantity in RUNNING and statistics == "copy"
            wanted[quantity] = {n: now[n] if copied else 0.5 * v + 0.5 * now[n] for n, v in held.items()}
    graph.apply(Proliferate("a", 2, seed=0))
    net.refresh(optimizer)
    averaged = ema.network()
    for quantity, held in wanted.items():
        values = by_number(net.slots, quantity, trained=False)
        for number, found in by_number(averaged.slots, quantity, trained=False).items():
            np.testing.assert_allclose(found, held.get(number, values[number]), rtol=1e-12, atol=1e-12)
    assert set(RUNNING) <= set(wanted) and ("weight", (3, 3)) in wanted
