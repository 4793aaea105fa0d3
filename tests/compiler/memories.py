"""Random networks that remember, and one run of them over time by the compiler and by the reference."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph
from tests.compiler.graphs import Recipe, build


def remembering(recipe: Recipe, share: float) -> NeuronGraph:
    """A network with synapses that have a delay: back, forth, from inputs, of a neuron to itself."""
    graph, rng = build(recipe), np.random.default_rng(recipe.seed + 1)
    readers = [v for v, d in graph.nodes(data=True) if d["role"] != "input"]
    for u in graph:
        for v in readers:
            if not graph.has_edge(u, v) and rng.random() < share:
                identity = rng.random() < 0.1
                form = {"op": "identity"} if identity else {"weight": float(rng.normal())}
                graph.add_edge(u, v, delay=1, trainable=bool(rng.random() < 0.8), **form)
    graph.restart_journal()
    return graph


def networks() -> st.SearchStrategy[NeuronGraph]:
    """Networks of a few neurons, some of them with no synapse that has a delay."""
    recipe = st.builds(
        Recipe,
        seed=st.integers(0, 2**16),
        sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple),
        mixed=st.booleans(),
        aggregations=st.booleans(),
        tangled=st.booleans(),
    )
    return st.builds(remembering, recipe, st.sampled_from([0.0, 0.1, 0.3]))


def sequences(graph: NeuronGraph, time: int, batch: int, seed: int = 0) -> list[torch.Tensor]:
    """(time, batch, neurons) for each input population."""
    generator = torch.Generator().manual_seed(seed)
    counts = [sum(graph.nodes[v]["role"] == "input" for v in members) for members in graph.populations.values()]
    return [torch.rand(time, batch, n, generator=generator, dtype=torch.float64) * 2 - 1 for n in counts if n]


def loss_of(outputs: Any) -> torch.Tensor:
    """A loss that every output of every step counts in, each in its own way."""
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return sum((y * torch.cos(torch.arange(y.numel()).reshape(y.shape) + 1.0)).sum() for y in outputs) / 10


def check_as_reference(net: compiler.CompiledNetwork, graph: NeuronGraph, time: int = 4, batch: int = 3) -> None:
    """Outputs, the last state and every gradient through time, in float64."""
    xs = sequences(graph, time, batch)
    wanted = compiler.reference(graph, *xs, loss=lambda *y: loss_of(y), time=True)
    net.zero_grad()
    found, state = net.unroll(*xs)
    for y, theirs in zip(found if isinstance(found, tuple) else (found,), wanted.outputs, strict=True):
        torch.testing.assert_close(y, theirs, rtol=1e-9, atol=1e-9)
    assert set(state) == set(wanted.state)
    for name, value in wanted.state.items():
        torch.testing.assert_close(state[name], value, rtol=1e-9, atol=1e-9)
    loss = loss_of(found)
    if loss.requires_grad:
        loss.backward()
    for kind, theirs in (("weight", wanted.synapses), ("bias", wanted.neurons)):
        numbers, gradients = net.gradients(kind)
        known = dict(zip(numbers.tolist(), gradients.tolist(), strict=True))
        for which, gradient in theirs.items():
            if kind == "bias" and which[1] != "bias":
                continue
            number = graph.table.index[which[0]] if kind == "bias" else _id(graph, *which)
            if number in known:
                assert abs(known[number] - gradient) < 1e-8 * (1 + abs(gradient)), which


def _id(graph: NeuronGraph, u: Any, v: Any) -> int:
    table = graph.table
    return int(table.id[table.find(table.index[u], table.index[v])])
