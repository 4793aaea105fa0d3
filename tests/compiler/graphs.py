"""Small random networks of every kind the compiler takes, and how to compare one with the reference."""

from dataclasses import dataclass

import numpy as np
import torch
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph

SMOOTH = ("identity", "tanh", "sigmoid", "gelu", "softplus", "sin", "prelu", "silu")


@dataclass(frozen=True)
class Recipe:
    """How to make a random network; hypothesis draws these, so what fails can be read and made again."""

    seed: int
    sizes: tuple[int, ...] = (3, 4, 4, 2)
    inputs: int = 1
    density: float = 0.6
    mixed: bool = False
    aggregations: bool = False
    tangled: bool = False


def recipes(**fixed) -> st.SearchStrategy[Recipe]:
    """Recipes with some fields fixed."""
    fields = {
        "seed": st.integers(0, 2**16),
        "sizes": st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple),
        "inputs": st.integers(1, 2),
        "density": st.sampled_from([0.1, 0.4, 0.8, 1.0]),
        "mixed": st.booleans(),
        "aggregations": st.booleans(),
        "tangled": st.booleans(),
    }
    fields |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(Recipe, **fields)


def build(recipe: Recipe) -> NeuronGraph:
    """A network: skips over any distance, dead ends, constants, outputs anywhere, perhaps an input as output."""
    rng = np.random.default_rng(recipe.seed)
    graph = NeuronGraph()
    names = []
    for index, size in enumerate(recipe.sizes):
        if index < min(recipe.inputs, len(recipe.sizes) - 1):
            names.append(graph.add_population(f"in{index}", size, role="input", is_output=bool(rng.random() < 0.1)))
            continue
        last = index == len(recipe.sizes) - 1
        names.append(
            graph.add_population(
                f"p{index}",
                size,
                activation=str(rng.choice(SMOOTH)),
                is_output=last or bool(rng.random() < 0.2),
                bias=None if rng.random() < 0.2 else rng.normal(size=size),
            )
        )
    _wire(graph, names, recipe, rng)
    if recipe.mixed:
        _mix(graph, rng)
    if recipe.aggregations:
        hidden = [v for v, d in graph.nodes(data=True) if d["role"] == "hidden"]
        for v in rng.permutation(np.array(hidden))[: max(1, len(hidden) // 2)].tolist():
            graph.nodes[v]["aggregation"] = str(rng.choice(["product", "max", "min", "mean"]))
    graph.restart_journal()  # so that undo takes back what a test does, not all of this
    return graph


def _wire(graph: NeuronGraph, names: list, recipe: Recipe, rng: np.random.Generator) -> None:
    graph.add_edge(names[0][0], names[-1][0], weight=float(rng.normal()))  # one output can be reached
    order = [v for population in names for v in population]
    place = {v: i for i, population in enumerate(names) for v in population}
    if recipe.tangled:  # synapses inside populations and against their order too
        inputs = [v for v in order if graph.nodes[v]["role"] == "input"]
        rest = [v for v in order if graph.nodes[v]["role"] != "input"]
        order = inputs + [rest[i] for i in rng.permutation(len(rest))]
    for at, v in enumerate(order):
        if graph.nodes[v]["role"] == "input":
            continue
        for u in order[:at]:
            forward = recipe.tangled or place[u] < place[v]
            if not forward or graph.has_edge(u, v) or graph.has_edge(v, u) or rng.random() > recipe.density:
                continue
            if u == names[-1][0] or (recipe.tangled and v == names[0][0]):
                continue
            form = {"op": "identity"} if rng.random() < 0.15 else {"weight": float(rng.normal() / 2)}
            if "weight" in form and rng.random() < 0.15:
                form["trainable"] = False
            graph.add_edge(u, v, **form)


def _mix(graph: NeuronGraph, rng: np.random.Generator) -> None:
    for v, attributes in list(graph.nodes(data=True)):
        if attributes["role"] == "input":
            continue
        if rng.random() < 0.3:
            graph.nodes[v]["activation"] = str(rng.choice(SMOOTH))
        if rng.random() < 0.2:
            graph.nodes[v]["trainable"] = False
        if rng.random() < 0.2:
            graph.nodes[v]["bias"] = None


def mlp(sizes=(4, 6, 5, 3), activation="tanh", seed=0) -> NeuronGraph:
    """A fully connected network."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("x", sizes[0], role="input")
    for index, size in enumerate(sizes[1:], 1):
        last = index == len(sizes) - 1
        name = "y" if last else f"h{index}"
        bias = rng.normal(size=size) / 4
        graph.add_population(name, size, activation="identity" if last else activation, bias=bias, is_output=last)
    names = ["x", *[f"h{i}" for i in range(1, len(sizes) - 1)], "y"]
    for u, v, a, b in zip(names[:-1], names[1:], sizes[:-1], sizes[1:], strict=True):
        graph.connect(u, v, weight=rng.normal(size=(a, b)) / a**0.5)
    graph.restart_journal()
    return graph


def batch(graph: NeuronGraph, rows: int = 5, seed: int = 0, dtype=torch.float64) -> tuple[torch.Tensor, ...]:
    """Random inputs."""
    generator = torch.Generator().manual_seed(seed)
    sizes = [sum(graph.nodes[v]["role"] == "input" for v in names) for names in graph.populations.values()]
    return tuple(torch.randn(rows, n, generator=generator, dtype=torch.float64).to(dtype) for n in sizes if n)


def loss_of(*outputs: torch.Tensor) -> torch.Tensor:
    """A smooth loss in which every output counts differently."""
    total = outputs[0].new_zeros(())
    for y in outputs:
        total = (
            total
            + (torch.sin(y) * torch.arange(1, y.shape[1] + 1, dtype=y.dtype, device=y.device)).sum()
            + (y * y).mean()
        )
    return total


def assert_equals_reference(net: compiler.CompiledNetwork, graph: NeuronGraph, tolerance: float = 1e-9) -> None:
    """Outputs and the gradients of every weight, bias, slope and input are the reference's."""
    inputs = tuple(x.to(net.device).requires_grad_() for x in batch(graph))
    wanted = compiler.reference(graph, *inputs, loss=loss_of)
    outputs = net(*inputs)
    outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    close = {"rtol": tolerance, "atol": tolerance, "check_device": False}
    for got, want in zip(outputs, wanted.outputs, strict=True):
        torch.testing.assert_close(got.detach(), want, **close)
    net.zero_grad()
    loss_of(*outputs).backward()
    by_id = {graph_id(graph, u, v): g for (u, v), g in wanted.synapses.items() if graph[u][v].get("trainable", True)}
    ids, found = net.gradients()
    assert ids.tolist() == sorted(by_id)
    np.testing.assert_allclose(found, [by_id[i] for i in ids.tolist()], rtol=tolerance, atol=tolerance)
    for field in ("bias", "slope"):
        keys, found = net.gradients(field)
        names = graph.names_of(keys)
        np.testing.assert_allclose(found, [wanted.neurons[v, field] for v in names], rtol=tolerance, atol=tolerance)
        trained = [v for v, f in wanted.neurons if f == field and graph.nodes[v]["trainable"]]
        assert set(names) == set(trained)
    for x, want in zip(inputs, wanted.inputs, strict=True):
        torch.testing.assert_close(x.grad if x.grad is not None else torch.zeros_like(x), want, **close)


def graph_id(graph: NeuronGraph, u, v) -> int:
    """The id of one synapse."""
    arrays = graph.arrays()
    ends = {
        (arrays.names[int(s)], arrays.names[int(t)]): i
        for i, s, t in zip(arrays.ids, arrays.source, arrays.target, strict=True)
    }
    return int(ends[u, v])
