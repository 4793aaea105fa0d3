"""What hangs on an optimizer, schedules and gradient scalers, does not notice a refresh."""

import pytest
import torch
from torch.optim import lr_scheduler

import compiler
from neurograph.edits import Proliferate, SplitEdge
from tests.compiler.graphs import batch, loss_of, mlp
from tests.compiler.sync.optimizers.table import OPTIMIZERS
from tests.compiler.sync.test_refresh import train

SCHEDULES = {
    "step": lambda o: lr_scheduler.StepLR(o, 1, gamma=0.5),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 10),
    "restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=40),
    "warm up, then": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1), lr_scheduler.StepLR(o, 2)], [4]
    ),
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("kind", ["momentum", "adam", "adam, tensor lr"])
def test_a_schedule_is_the_one_of_an_optimizer_that_was_never_refreshed(kind, schedule):
    rates, momenta = [], []
    for edits in (False, True):
        graph = mlp()
        net = compiler.compile(graph)
        optimizer = OPTIMIZERS[kind](net.parameters())
        steps, seen, also = schedule(optimizer), [], []
        for step in range(8):
            train(net, graph, optimizer, steps=1)
            steps.step()
            if edits and step % 2:
                graph.apply(SplitEdge(*next(iter(graph.edges))))
                net.refresh(optimizer)
            seen.append(float(optimizer.param_groups[0]["lr"]))
            also.append(optimizer.param_groups[0].get("momentum", optimizer.param_groups[0].get("betas")))
        rates.append(seen)
        momenta.append(also)
    assert rates[0] == rates[1] and momenta[0] == momenta[1]
    assert len(set(rates[0])) > 2


def test_a_plateau_is_still_watched():
    graph = mlp()
    net = compiler.compile(graph)
    optimizer = OPTIMIZERS["adam"](net.parameters())
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    for _ in range(4):
        train(net, graph, optimizer, steps=1)
        graph.apply(Proliferate("h1", 1, seed=0))
        net.refresh(optimizer)
        plateau.step(1.0)
    assert optimizer.param_groups[0]["lr"] == 0.001


def scaled(net, graph, optimizer, scaler, spoil=False):
    optimizer.zero_grad()
    loss = loss_of(net(*batch(graph, dtype=net.dtype)))
    scaler.scale(loss * torch.inf if spoil else loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()


@pytest.mark.parametrize("kind", ["momentum", "adam", "fused adam", "rprop"])
def test_a_gradient_scaler_goes_on_as_one_whose_network_was_never_refreshed(kind):
    held = []
    for edits in (False, True):
        graph = mlp()
        net = compiler.compile(graph)
        optimizer = OPTIMIZERS[kind](net.parameters())
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
        scales = []
        for step in range(6):
            before = [p.detach().clone() for p in net.parameters()]
            scaled(net, graph, optimizer, scaler, spoil=step == 3)
            moved = any(not torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
            assert moved == (step != 3)  # an infinite loss is skipped after a refresh too
            if edits:
                graph.apply(SplitEdge(*next(iter(graph.edges))))
                net.refresh(optimizer)
            scales.append(scaler.get_scale())
        held.append((scales, scaler.state_dict()))
    assert held[0] == held[1]
    assert held[0][0] == [1024.0, 2048.0, 2048.0, 1024.0, 1024.0, 2048.0]
