"""The plain interpreter: neuron by neuron through networkx, in float64; what everything else is held against.

It shares nothing with the lowerings but the activation functions, and it is slow on purpose: read it to know what a
network means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import torch
import torch.nn.functional as F
from torch import Tensor

from neurograph.errors import CompileError
from neurograph.schema.neuron import VALUES
from neurograph.schema.synapse import FORM_FIELDS, SynapseForm, form_of

from .activations import activate

Node = Any
TRAINED = tuple(name for name in VALUES if not name.startswith("running"))


@dataclass(frozen=True)
class Reference:
    """What the interpreter found.

    Parameters
    ----------
    outputs
        (batch, neurons) float64 per output population of scalars, (batch, channels, height, width) of feature maps.
    values
        neuron -> (batch,) or (batch, height, width) float64, for every neuron.
    running
        (neuron, "running_mean" or "running_var") -> what that is after this batch, for every neuron with a norm; in
        eval mode what it was.
    synapses
        (u, v) -> gradient of the loss, for every synapse with a weight: a float, or a (height, width) float64 tensor
        for a kernel. Empty where no loss was given.
    neurons
        (neuron, "bias", "slope", "gamma" or "beta") -> gradient; likewise.
    inputs
        Gradient per input population, of the input's shape; likewise.
    state
        neuron -> its value, for those that synapses with a delay read: what the next step takes.
    """

    outputs: tuple[Tensor, ...]
    values: dict[Node, Tensor]
    running: dict[tuple[Node, str], float] = field(default_factory=dict)
    synapses: dict[tuple[Node, Node], float | Tensor] = field(default_factory=dict)
    neurons: dict[tuple[Node, str], float] = field(default_factory=dict)
    inputs: tuple[Tensor, ...] = ()
    state: dict[Node, Tensor] = field(default_factory=dict)


def reference(
    graph: Any,
    *inputs: Tensor,
    loss: Callable[..., Tensor] | None = None,
    training: bool = False,
    masks: Mapping[Node, Tensor] | None = None,
    state: Mapping[Node, Tensor] | None = None,
    time: bool = False,
) -> Reference:
    """Run a graph neuron by neuron in float64; the graph is left as it is.

    Parameters
    ----------
    graph
        A `NeuronGraph`.
    *inputs
        (batch, neurons) or (batch, channels, height, width) per input population, in the order they were added.
    loss
        Takes the outputs (one argument per output population) and returns a scalar; its gradients are found then.
    training
        Train mode: batch norm by the statistics of the batch, and dropout.
    masks
        neuron -> (batch,) or (batch, height, width): what its activation is multiplied by in train mode, zeros and
        1 / (1 - rate), for every neuron with dropout. The interpreter draws nothing itself.
    state
        neuron -> (batch,) or (batch, height, width): what those were a step before that synapses with a delay read;
        0 where nothing is given.
    time
        Whether inputs are (time, batch, ...), to be run one step after the other; so are the outputs then, and
        gradients go back through all steps. `values` are those of the last.

    Returns
    -------
    Reference
        Outputs, every neuron's value and, with a loss, every gradient.

    Raises
    ------
    CompileError
        Where the number of inputs is wrong, a mask is missing, or the norm of a neuron has one value to go by.
    """
    ports = _ports(graph, lambda node: node["role"] == "input")
    if len(ports) != len(inputs):
        raise CompileError(f"the network takes {len(ports)} tensor(s) and was given {len(inputs)}")
    given = [x.detach().to("cpu", torch.float64).requires_grad_(loss is not None) for x in inputs]
    forms = {(u, v): form_of({k: d[k] for k in FORM_FIELDS if k in d}) for u, v, d in graph.edges(data=True)}
    weights = {(u, v): _leaf(graph[u][v]["weight"]) for (u, v), form in forms.items() if form.op == "weight"}
    numbers = {
        (v, name): _leaf(d[name]) for v, d in graph.nodes(data=True) for name in TRAINED if d.get(name) is not None
    }
    wanted = _ports(graph, lambda node: node["is_output"])
    before = {v: y.detach().to("cpu", torch.float64) for v, y in (state or {}).items()}
    sides, values, running = [], {}, {}
    for step in zip(*given, strict=True) if time else [given]:
        data = {name: x[:, place] for names, x in zip(ports, step, strict=True) for place, name in enumerate(names)}
        values = _step(graph, data, before, (forms, weights, numbers), masks, training, running)
        before = {u: values[u] for (u, _), form in forms.items() if form.delay}
        sides.append([torch.stack([values[name] for name in names], 1) for names in wanted])
    outputs = tuple(torch.stack(side) if time else side[0] for side in zip(*sides, strict=True))
    held = [{v: y.detach() for v, y in some.items()} for some in (values, before)]
    found = Reference(tuple(y.detach() for y in outputs), held[0], running, state=held[1])
    return found if loss is None else _differentiate(found, loss(*outputs), weights, numbers, given)


def _step(
    graph: Any,
    values: dict[Node, Tensor],
    before: Mapping[Node, Tensor],
    parts: tuple[dict, dict, dict],
    masks: Mapping[Node, Tensor] | None,
    training: bool,
    running: dict[tuple[Node, str], float],
) -> dict[Node, Tensor]:
    """Every neuron's value, of the inputs' and of what neurons were before; running statistics are put down."""
    forms, weights, numbers = parts
    batch = len(next(iter(values.values())))
    for v in nx.topological_sort(graph.immediate()):
        if v in values:
            continue
        node, contribution = graph.nodes[v], []
        for u in graph.predecessors(v):
            y = values[u] if not forms[u, v].delay else before.get(u, torch.zeros(batch, *graph.nodes[u]["shape"]))
            contribution.append(_carried(y.double(), forms[u, v], weights.get((u, v)), node["shape"]))
        total = _aggregate(node["aggregation"], contribution, (batch, *node["shape"]))
        if (v, "bias") in numbers:
            total = total + numbers[v, "bias"]
        if node["norm"] == "batch":
            had = {name: running.get((v, name), node[name]) for name in ("running_mean", "running_var")}
            total, mean, variance = _normalised(v, dict(node) | had, total, numbers, training)
            running |= {(v, "running_mean"): mean, (v, "running_var"): variance}
        y = activate(node["activation"], total, numbers.get((v, "slope")))
        values[v] = y * _mask(v, masks) if training and node["dropout"] else y
    return values


def _leaf(number: Any) -> Tensor:
    return torch.tensor(number, dtype=torch.float64, requires_grad=True)


def _ports(graph: Any, chosen: Callable[[Any], bool]) -> list[list[Node]]:
    ports = [[v for v in names if chosen(graph.nodes[v])] for names in graph.populations.values()]
    return [names for names in ports if names]


def _carried(y: Tensor, form: SynapseForm, weight: Tensor | None, target: tuple[int, ...]) -> Tensor:
    """What one synapse makes of its source's value: (batch, *target)."""
    if form.op == "identity":
        return y
    if form.op == "weight":
        assert weight is not None
        if y.dim() == 1:
            return y * weight
        if target == ():
            return (y * weight).sum((1, 2))
        return F.conv2d(y[:, None], weight[None, None], None, form.stride, form.padding, form.dilation)[:, 0]
    assert form.kernel_size is not None
    window = form.kernel_size, form.stride, form.padding
    if form.op == "max_pool":
        made = F.max_pool2d(y[:, None], *window, form.dilation, form.ceil_mode)
    else:
        made = F.avg_pool2d(y[:, None], *window, form.ceil_mode, form.count_include_pad)
    return made[:, 0] if target else made[:, 0, 0, 0]


def _aggregate(how: str, contribution: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    if not contribution:
        return torch.full(shape, 1.0 if how == "product" else 0.0, dtype=torch.float64)
    side_by_side = torch.stack(contribution)
    if how == "product":
        return side_by_side.prod(0)
    if how == "max":
        return side_by_side.amax(0)
    if how == "min":
        return side_by_side.amin(0)
    return side_by_side.mean(0) if how == "mean" else side_by_side.sum(0)


def _normalised(v: Node, node: Any, x: Tensor, numbers: dict, training: bool) -> tuple[Tensor, float, float]:
    """Batch norm (Ioffe and Szegedy 2015, algorithms 1 and 2), and the running statistics after it."""
    mean, variance = node["running_mean"], node["running_var"]
    now_mean, now_variance = (torch.tensor(number, dtype=torch.float64) for number in (mean, variance))
    if training:
        count = x.numel()
        if count == 1:
            raise CompileError(f"neuron {v!r}: batch norm in training needs more than one value per channel")
        now_mean, now_variance = x.mean(), x.var(correction=0)
        unbiased = float(now_variance.detach()) * count / (count - 1)
        mean = (1 - node["momentum"]) * mean + node["momentum"] * float(now_mean.detach())
        variance = (1 - node["momentum"]) * variance + node["momentum"] * unbiased
    scaled = (x - now_mean) / torch.sqrt(now_variance + node["eps"]) * numbers[v, "gamma"]
    return scaled + numbers[v, "beta"], mean, variance


def _mask(v: Node, masks: Mapping[Node, Tensor] | None) -> Tensor:
    if masks is None or v not in masks:
        raise CompileError(f"neuron {v!r} has dropout: give its mask, masks={{{v!r}: zeros and 1 / (1 - rate)}}")
    return masks[v].detach().to("cpu", torch.float64)


def _differentiate(found: Reference, loss: Tensor, weights: dict, numbers: dict, given: list[Tensor]) -> Reference:
    leaves = [*weights.values(), *numbers.values(), *given]
    grads = torch.autograd.grad(loss, leaves, allow_unused=True) if loss.requires_grad else [None] * len(leaves)
    grads = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, grads, strict=True)]
    plain: list[Any] = [g if g.dim() else float(g) for g in grads[: len(weights) + len(numbers)]]
    return Reference(
        found.outputs,
        found.values,
        found.running,
        dict(zip(weights, plain, strict=False)),
        dict(zip(numbers, plain[len(weights) :], strict=True)),
        tuple(grads[len(plain) :]),
        found.state,
    )
