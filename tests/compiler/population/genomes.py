"""Small random networks with the same inputs and outputs, as a population has them, and how to train them alone."""

from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph
from neurograph.edits import SplitEdge
from tests.compiler.graphs import mlp

ACTIVATIONS = ("tanh", "sigmoid", "prelu", "gelu", "identity")
INPUTS, OUTPUTS = 3, 2


def genome(seed: int, aggregations: bool = False) -> NeuronGraph:
    """A random acyclic network: constants, frozen and identity synapses, keys with gaps, splits in its past."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("x", INPUTS, role="input")
    for _ in range(int(rng.integers(1, 6))):
        bias = None if rng.random() < 0.2 else float(rng.normal())
        graph.add_neuron(population="h", activation=str(rng.choice(ACTIVATIONS)), bias=bias)
    graph.add_population("y", OUTPUTS, is_output=True, bias=rng.normal(size=OUTPUTS))
    hidden, outputs = graph.population("h"), graph.population("y")
    order = graph.population("x") + [hidden[i] for i in rng.permutation(len(hidden))] + outputs
    graph.add_edge(order[0], outputs[0], weight=float(rng.normal()))
    for at, v in enumerate(order[INPUTS:], INPUTS):
        for u in order[: min(at, len(order) - OUTPUTS)]:
            if rng.random() < 0.5 and not graph.has_edge(u, v):
                form = {"op": "identity"} if rng.random() < 0.1 else {"weight": float(rng.normal() / 2)}
                frozen = {"trainable": False} if "weight" in form and rng.random() < 0.1 else {}
                graph.add_edge(u, v, **form, **frozen)
    if rng.random() < 0.5:
        graph.remove_node(hidden[0])
    if aggregations and len(graph.population_keys("h")):
        graph.nodes[graph.population("h")[-1]]["aggregation"] = str(rng.choice(["product", "max", "mean"]))
    if rng.random() < 0.5:
        split(graph)
    graph.restart_journal()
    return graph


def split(graph: NeuronGraph) -> None:
    """Split the first synapse that can be."""
    weighted = [(u, v) for u, v, data in graph.edges(data=True) if data.get("op", "weight") == "weight"]
    if weighted:
        graph.apply(SplitEdge(*weighted[0]))


def regular(seed: int) -> NeuronGraph:
    """A multi-layer perceptron with the inputs and outputs of the genomes; all are wired alike."""
    return mlp((INPUTS, 4, 3, OUTPUTS), seed=seed)


def populations(**fixed) -> st.SearchStrategy[list[NeuronGraph]]:
    """Lists of networks, some wired alike."""
    seeds = st.integers(0, 2**16)
    one = st.one_of(seeds.map(genome), seeds.map(lambda s: genome(s, aggregations=True)), seeds.map(regular))
    return st.lists(one, min_size=1, max_size=6)


def data(rows: int = 7, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs that all individuals read, and targets."""
    generator = torch.Generator().manual_seed(seed)
    draw = lambda n: torch.randn(rows, n, generator=generator, dtype=torch.float64)  # noqa: E731
    return draw(INPUTS), draw(OUTPUTS)


def losses(y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(individuals,) the mean squared errors, from (individuals, batch, outputs)."""
    return (y - target).square().mean((-2, -1))


def numbers(graph: NeuronGraph) -> np.ndarray:
    """Every weight, bias and slope, by id and key."""
    arrays = graph.arrays()
    by_id, by_key = np.argsort(arrays.ids), np.argsort(arrays.keys)
    return np.concatenate([arrays.weight[by_id], *(arrays.values[name][by_key] for name in ("bias", "slope"))])


def trained_alone(graph: NeuronGraph, steps: int, optimizer=torch.optim.Adam) -> NeuronGraph:
    """A copy of a graph, trained by itself."""
    graph = graph.copy()
    net = compiler.compile(graph, dtype=torch.float64, cut_off=True)
    train(net, net.parameters(), steps, optimizer)
    return graph


def train(net: torch.nn.Module, parameters, steps: int, optimizer=torch.optim.Adam) -> torch.optim.Optimizer | None:
    """Some steps on the sum of everyone's loss."""
    parameters = list(parameters)
    if not parameters:
        return None
    made = optimizer(parameters, lr=0.05)
    for step in range(steps):
        advance(net, made, step)
    return made


def advance(net: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int = 0) -> None:
    """One step; torch would leave out Parameters no part of which any output depends on, so those get zeros."""
    x, target = data(seed=step)
    optimizer.zero_grad()
    loss = losses(net(x), target).sum()
    if loss.requires_grad:
        loss.backward()
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    optimizer.step()


def assert_same_numbers(found: Sequence[NeuronGraph], wanted: Sequence[NeuronGraph], tolerance: float = 1e-12) -> None:
    """Every number of every graph is that of the other."""
    for at, (one, other) in enumerate(zip(found, wanted, strict=True)):
        np.testing.assert_allclose(numbers(one), numbers(other), rtol=tolerance, atol=tolerance, err_msg=f"{at}")
