"""Small random networks of numbers, of every kind that the compiler takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.network import NeuronGraph

SMOOTH = ("identity", "tanh", "sigmoid", "gelu", "softplus", "sin", "prelu", "silu")


@dataclass(frozen=True)
class Recipe:
    """How to make a random network: what fails can be read, and made again."""

    seed: int
    sizes: tuple[int, ...] = (3, 4, 4, 2)
    inputs: int = 1
    density: float = 0.6
    mixed: bool = False
    aggregations: bool = False
    tangled: bool = False


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
            form: dict[str, Any] = {"op": "identity"} if rng.random() < 0.15 else {"weight": float(rng.normal() / 2)}
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
