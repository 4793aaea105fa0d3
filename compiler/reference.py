"""The plain interpreter: neuron by neuron through networkx, in float64; what everything else is held against.

It shares nothing with the lowerings but the activation functions, and it is slow on purpose: read it to know what a
network means.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import torch
from torch import Tensor

from compiler.activations import activate
from neurograph.errors import CompileError

Node = Any


@dataclass(frozen=True)
class Reference:
    """What the interpreter found.

    Parameters
    ----------
    outputs
        (batch, neurons) float64 per output population.
    values
        neuron -> (batch,) float64, for every neuron.
    synapses
        (u, v) -> gradient of the loss, for every synapse with a weight; empty where no loss was given.
    neurons
        (neuron, "bias" or "slope") -> gradient; likewise.
    inputs
        (batch, neurons) gradient per input population; likewise.
    """

    outputs: tuple[Tensor, ...]
    values: dict[Node, Tensor]
    synapses: dict[tuple[Node, Node], float] = field(default_factory=dict)
    neurons: dict[tuple[Node, str], float] = field(default_factory=dict)
    inputs: tuple[Tensor, ...] = ()


def reference(
    graph: Any, *inputs: Tensor, loss: Callable[..., Tensor] | None = None, training: bool = False
) -> Reference:
    """Run a graph of scalar neurons neuron by neuron in float64.

    Parameters
    ----------
    graph
        A `NeuronGraph`.
    *inputs
        (batch, neurons) per input population, in the order the populations were added.
    loss
        Takes the outputs (one argument per output population) and returns a scalar; its gradients are found then.
    training
        Train mode; scalar neurons without dropout and norm do the same in both.

    Returns
    -------
    Reference
        Outputs, every neuron's value and, with a loss, every gradient.
    """
    del training
    ports = _ports(graph, lambda node: node["role"] == "input")
    if len(ports) != len(inputs):
        raise CompileError(f"the network takes {len(ports)} tensor(s) and was given {len(inputs)}")
    given = [x.detach().to("cpu", torch.float64).requires_grad_(loss is not None) for x in inputs]
    batch = given[0].shape[0]
    weights = {(u, v): _leaf(d["weight"]) for u, v, d in graph.edges(data=True) if d.get("op", "weight") == "weight"}
    numbers = {
        (v, name): _leaf(d[name])
        for v, d in graph.nodes(data=True)
        for name in ("bias", "slope")
        if d.get(name) is not None
    }
    values: dict[Node, Tensor] = {}
    for names, x in zip(ports, given, strict=True):
        values.update({name: x[:, place] for place, name in enumerate(names)})
    for v in nx.topological_sort(graph):
        if v not in values:
            brought = [values[u] * weights[u, v] if (u, v) in weights else values[u] for u in graph.predecessors(v)]
            total = _aggregate(graph.nodes[v]["aggregation"], brought, batch)
            if (v, "bias") in numbers:
                total = total + numbers[v, "bias"]
            values[v] = activate(graph.nodes[v]["activation"], total, numbers.get((v, "slope")))
    wanted = _ports(graph, lambda node: node["is_output"])
    outputs = tuple(torch.stack([values[name] for name in names], 1) for names in wanted)
    found = Reference(tuple(y.detach() for y in outputs), {v: y.detach() for v, y in values.items()})
    return found if loss is None else _differentiate(found, loss(*outputs), weights, numbers, given)


def _leaf(number: float) -> Tensor:
    return torch.tensor(float(number), dtype=torch.float64, requires_grad=True)


def _ports(graph: Any, chosen: Callable[[Any], bool]) -> list[list[Node]]:
    ports = [[v for v in names if chosen(graph.nodes[v])] for names in graph.populations.values()]
    return [names for names in ports if names]


def _aggregate(how: str, brought: list[Tensor], batch: int) -> Tensor:
    if not brought:
        return torch.full((batch,), 1.0 if how == "product" else 0.0, dtype=torch.float64)
    side_by_side = torch.stack(brought)
    if how == "product":
        return side_by_side.prod(0)
    if how == "max":
        return side_by_side.amax(0)
    if how == "min":
        return side_by_side.amin(0)
    return side_by_side.mean(0) if how == "mean" else side_by_side.sum(0)


def _differentiate(found: Reference, loss: Tensor, weights: dict, numbers: dict, given: list[Tensor]) -> Reference:
    leaves = [*weights.values(), *numbers.values(), *given]
    grads = torch.autograd.grad(loss, leaves, allow_unused=True) if loss.requires_grad else [None] * len(leaves)
    plain = [0.0 if g is None else float(g) for g in grads[: len(weights) + len(numbers)]]
    to_inputs = tuple(torch.zeros_like(x) if g is None else g for g, x in zip(grads[len(plain) :], given, strict=True))
    return Reference(
        found.outputs,
        found.values,
        dict(zip(weights, plain, strict=False)),
        dict(zip(numbers, plain[len(weights) :], strict=True)),
        to_inputs,
    )
