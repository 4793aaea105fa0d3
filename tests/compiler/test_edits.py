"""Random histories of edits, undo, redo, training and refreshes, held against the reference at every step."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.testing.lowerings import where_legal
from neurograph.edits import Autophagy, Proliferate, SplitEdge
from neurograph.errors import NeuroGraphError
from tests.compiler.graphs import assert_equals_reference, batch, loss_of, mlp
from tests.compiler.sync.test_refresh import OPTIMIZERS, by_number, train

STEPS = ("split", "pair", "grow", "eat", "remove", "undo", "redo", "write")


def do(step: str, graph, net, rng) -> bool:
    """One step of a history; whether the function must stay what it was."""
    synapses = [(u, v) for u, v, d in graph.edges(data=True) if d.get("op", "weight") == "weight"]
    u, v = synapses[int(rng.integers(len(synapses)))]
    if step in ("split", "pair"):
        graph.apply(SplitEdge(u, v, signed_pair=step == "pair"))
        return True
    if step == "grow":
        graph.apply(Proliferate("h1", 2, seed=int(rng.integers(99))))
        return True
    if step == "eat":
        seen = net.observe([batch(graph)[0]])
        graph.apply(Autophagy("h1", floor=2, observations=seen))
    elif step == "remove" and len(synapses) > 10:
        graph.remove_synapses([(u, v)])
    elif step in ("undo", "redo"):
        getattr(graph, step)()
    elif step == "write":
        net.write_back()
        return True
    return False


@pytest.mark.parametrize("name", [None, "sparse"])
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=6), seed=st.integers(0, 999))
def test_a_history_stays_true(name, steps, seed):
    rng = np.random.default_rng(seed)
    graph = mlp(seed=seed)
    net = compiler.compile(graph, dtype=torch.float64, lowering=None if name is None else where_legal(name))
    optimizer = OPTIMIZERS["adam"](net.parameters())
    for number, step in enumerate(steps):
        train(net, graph, optimizer, seed=number)
        x = batch(graph)[0].requires_grad_()
        before = net(x)
        old = {quantity: by_number(net, optimizer, quantity, "exp_avg") for quantity in net.slots.quantities}
        try:
            preserved = do(step, graph, net, rng)
        except NeuroGraphError as error:  # nothing to undo, nothing left to eat: then nothing changed
            assert step in ("undo", "redo", "eat"), error
            continue
        net.refresh(optimizer)
        assert_equals_reference(net, graph)
        if preserved:
            torch.testing.assert_close(net(x), before, rtol=1e-10, atol=1e-10)
        for quantity, moments in old.items():
            alive = set(net.slots.numbers(quantity, True).tolist())
            now = by_number(net, optimizer, quantity, "exp_avg")
            assert {k: v for k, v in moments.items() if k in alive} == {k: now.get(k) for k in moments if k in alive}
        (wanted,) = torch.autograd.grad(loss_of(before), x)  # the loss from before the edit is alive
        assert torch.isfinite(wanted).all()
    clone = compiler.compile(graph.copy(), dtype=torch.float64, lowering=net.options.pin)
    assert clone.program == net.program
    assert torch.equal(clone(batch(graph)[0]), net(batch(graph)[0]))


def test_learned_values_are_what_an_edit_splits():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    u, v = next(iter(graph.edges))
    with torch.no_grad():
        net.stages[0].units[0].weight[0, 0] = 7.5
    (new,) = graph.apply(SplitEdge(u, v)).born
    assert graph[new][v]["weight"] == 7.5


def test_children_of_a_split_inherit_their_parents_second_moment():
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = OPTIMIZERS["adam"](net.parameters())
    train(net, graph, optimizer)
    u, v = next(iter(graph.edges))
    result = graph.apply(SplitEdge(u, v))
    before = by_number(net, optimizer, ("weight", ()), "exp_avg_sq")
    net.refresh(optimizer)
    after = by_number(net, optimizer, ("weight", ()), "exp_avg_sq")
    for new, old in result.entry.synapse_heirs.tolist():
        assert after[new] == before[old] > 0
