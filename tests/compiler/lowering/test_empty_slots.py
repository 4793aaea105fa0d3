"""Slots that no synapse owns take no part in what a network computes, whatever was written into its Parameters."""

from collections.abc import Callable
from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call
from torch.nn.utils import parameters_to_vector, vector_to_parameters

import compiler
from compiler import CompiledNetwork
from compiler.lowering import held
from compiler.sync.optimizers.schemas import SCHEMAS
from compiler.testing.lowerings import where_legal
from neurograph import NeuronGraph
from neurograph.builders import mlp
from tests.compiler.graphs import assert_equals_reference, batch, build, loss_of, recipes
from tests.compiler.map_graphs import build_maps, map_recipes
from tests.compiler.test_lowerings import LOWERINGS

SEEDS = st.integers(0, 999)


class Noise:
    """Random numbers like a tensor, small enough that networks stay comparable."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def like(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.randn(tensor.shape, dtype=tensor.dtype, generator=self.generator) / 8


class Restless(torch.optim.Optimizer):
    """An optimizer that moves whatever it gets, past version counters."""

    def __init__(self, parameters, noise: Noise) -> None:
        super().__init__(parameters, {})
        self.noise = noise

    def step(self, closure=None) -> None:
        for p in self.param_groups[0]["params"]:
            p.data.add_(self.noise.like(p))


def trained(net: CompiledNetwork) -> list[torch.nn.Parameter]:
    return [p for p in net.parameters() if p.numel()]


@torch.no_grad()
def _added(net: CompiledNetwork, noise: Noise) -> None:
    for p in trained(net):
        p.add_(noise.like(p))


def _replaced(net: CompiledNetwork, noise: Noise) -> None:
    for p in trained(net):
        p.data = p.detach() + noise.like(p)


def _vector(net: CompiledNetwork, noise: Noise) -> None:
    vector = parameters_to_vector(trained(net)).detach()
    vector_to_parameters(vector + noise.like(vector), trained(net))


def _mid_training(net: CompiledNetwork, noise: Noise) -> None:
    """Between a gradient and its step."""
    optimizer = torch.optim.Adam(trained(net), lr=0.01)
    for p in trained(net):
        p.grad = torch.zeros_like(p)
    _added(net, noise)
    optimizer.step()


def _by_gradient(kind: Callable, write: Callable, **options) -> Callable:
    """An optimizer that is fed noise, and goes on with its momentum after a backward pass."""

    def door(net: CompiledNetwork, noise: Noise) -> None:
        optimizer = kind(trained(net), lr=0.01, **options)
        xs = batch(net.graph, dtype=net.dtype) if not net.program.inputs[0].shape else None
        for p in trained(net):
            p.grad = torch.zeros_like(p)
            write(p, noise.like(p))
        optimizer.step()
        if xs is not None:
            optimizer.zero_grad()
            found = net(*xs)
            loss_of(*(found if isinstance(found, tuple) else (found,))).backward()
        optimizer.step()

    return door


def _grad_set(p, value) -> None:
    p.grad = value


def _grad_written(p, value) -> None:
    p.grad.copy_(value)


def _closure(net: CompiledNetwork, noise: Noise) -> None:
    optimizer = torch.optim.SGD(trained(net), lr=0.1, momentum=0.9)

    def noisy() -> float:
        for p in trained(net):
            p.grad = noise.like(p)
        return 0.0

    optimizer.step(noisy)
    for p in trained(net):
        p.grad = torch.zeros_like(p)
    optimizer.step()


def _restless(net: CompiledNetwork, noise: Noise) -> None:
    Restless(trained(net), noise).step()


SEEN = {
    "add_": _added,
    "data": _replaced,
    "vector_to_parameters": _vector,
    "between gradient and step": _mid_training,
    "gradients in a closure": _closure,
    "another optimizer": _restless,
    "gradients written in place": _by_gradient(torch.optim.SGD, _grad_written, momentum=0.9),
    "fused": _by_gradient(torch.optim.Adam, _grad_set, fused=True),
} | {f"gradients of {kind.__name__}": _by_gradient(kind, _grad_set) for kind in SCHEMAS}


def _data_added(net: CompiledNetwork, noise: Noise) -> None:
    for p in trained(net):
        p.data.add_(noise.like(p))


def _numpy(net: CompiledNetwork, noise: Noise) -> None:
    for p in trained(net):
        p.detach().numpy()[...] += noise.like(p).numpy()


UNSEEN = {"data.add_": _data_added, "numpy": _numpy}  # until the graph is next read as a whole
DOORS = SEEN | UNSEEN


def write(graph: NeuronGraph, name: str, door: str, seed: int) -> CompiledNetwork:
    """A network that has run and then was written to."""
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal(name))
    if trained(net):
        DOORS[door](net, Noise(seed))
    if door in UNSEEN:
        graph.arrays()
    return net


@torch.no_grad()
def run(net: CompiledNetwork, xs: tuple) -> tuple[torch.Tensor, ...]:
    """What it answers in eval mode."""
    net.eval()
    found = net(*xs)
    return found if isinstance(found, tuple) else (found,)


@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=12, deadline=None)
@given(recipe=recipes(), door=st.sampled_from(tuple(DOORS)), seed=SEEDS)
def test_what_is_written_into_empty_slots_takes_no_part(name, recipe, door, seed):
    graph = build(recipe)
    net = write(graph, name, door, seed)
    before = run(net, batch(graph))  # reading the graph, as the reference does, would empty them
    assert_equals_reference(net, graph)
    torch.testing.assert_close(run(net, batch(graph)), before)


@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=12, deadline=None)
@given(recipe=map_recipes(), door=st.sampled_from(tuple(DOORS)), seed=SEEDS)
def test_nor_does_it_in_feature_maps(name, recipe, door, seed):
    graph = build_maps(recipe)
    net = write(graph, name, door, seed)
    before = run(net, batch(graph))
    assert_equals_reference(net, graph, False)
    torch.testing.assert_close(run(net, batch(graph)), before)


@pytest.mark.parametrize("name", LOWERINGS)
@settings(max_examples=8, deadline=None)
@given(recipe=st.one_of(recipes().map(build), map_recipes().map(build_maps)))
def test_every_lowering_with_empty_slots_says_which_they_are(name, recipe):
    net = compiler.compile(recipe, dtype=torch.float64, lowering=where_legal(name))
    for entry in net.slots.slots:
        if entry.trained:
            owned, mask = len(entry.numbers) * prod(entry.quantity[1]), entry.module._buffers.get("mask")
            assert (mask is None) == (owned == entry.tensor.numel())
            assert mask is None or mask.expand_as(entry.tensor).sum() == owned


@settings(max_examples=25, deadline=None)
@given(recipe=recipes(), seed=SEEDS)
def test_what_stands_in_for_a_parameter_is_masked_and_left_as_it_is(recipe, seed):
    graph, noise = build(recipe), Noise(seed)
    net = compiler.compile(graph, dtype=torch.float64, lowering=where_legal("dense"))
    given = {name: p.detach() + noise.like(p) for name, p in net.named_parameters()}
    before = {name: held.clone() for name, held in given.items()}
    xs = batch(graph)
    found = functional_call(net, given, xs)
    assert all(torch.equal(given[name], value) for name, value in before.items())
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(given[name])
    for mine, wanted in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, net(*xs))), strict=True):
        torch.testing.assert_close(mine, wanted)


def test_a_step_of_a_known_optimizer_leaves_nothing_to_be_emptied(monkeypatch):
    graph = mlp([6, 8, 3], seed=0)
    graph.remove_edges_from(list(graph.edges)[::3])
    net = compiler.compile(graph, lowering="dense")
    optimizer = torch.optim.Adam(net.parameters(), weight_decay=0.1)
    xs, emptied = batch(graph, dtype=net.dtype), []
    net(*xs)
    monkeypatch.setattr(held, "emptied", lambda unit, weight: emptied.append(unit))
    for _ in range(3):
        optimizer.zero_grad()
        loss_of(net(*xs)).backward()
        optimizer.step()
    assert any(held.has_empty_slots(unit) for unit in net.units.values()) and not emptied
