"""A module beside the graph that was lifted from it: the same outputs, gradients, parameters."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

import compiler
from compiler.reference import Reference
from neurograph import NeuronGraph
from neurograph.builders import parameter_count


@dataclass(frozen=True)
class Numbers:
    """Trained numbers and their gradients, sorted by the numbers: those of a shaken module differ from one another."""

    values: np.ndarray
    gradients: np.ndarray


def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module with all parameters and statistics random, in eval mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            fan = max(1, parameter[0].numel())
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * (2.0 / fan) ** 0.5)
        for name, buffer in module.named_buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand(buffer.shape, generator=generator) + (0.5 if name.endswith("var") else 0.0))
    return module.eval()


def inputs(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check(module: nn.Module, *xs: Tensor, training: bool = False) -> NeuronGraph:
    """Lift a module and hold the reference's outputs and gradients against its own, in float64; returns the graph."""
    graph = compiler.lift(module, xs)
    doubles = [x.double().requires_grad_() for x in xs]
    clone = copy.deepcopy(module).double().train(training)
    wanted = clone(*doubles)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    factors = [inputs(*y.shape, seed=7 + place).double() for place, y in enumerate(wanted)]
    sum((y * f).sum() for y, f in zip(wanted, factors, strict=True)).backward()  # pyright: ignore

    def loss(*ys: Tensor) -> Tensor:
        return sum((y.reshape(f.shape) * f).sum() for y, f in zip(ys, factors, strict=True))  # pyright: ignore

    asked = [x.detach() if x.dim() != 3 else x.detach()[:, :, None] for x in doubles]
    found = compiler.reference(graph, *asked, loss=loss, training=training)
    for y, z in zip(wanted, found.outputs, strict=True):
        close(z.reshape(y.shape), y.detach())
    for x, gradient in zip(doubles, found.inputs, strict=True):
        assert x.grad is not None
        close(gradient.reshape(x.shape), x.grad)
    if training:
        after = [b.numpy() for name, b in clone.named_buffers() if name.endswith(("running_mean", "running_var"))]
        running = torch.tensor(sorted(found.running.values()), dtype=torch.float64)
        close(running, torch.tensor(np.sort(np.concatenate([*after, np.zeros(0)]))))
    ours, theirs = of_graph(graph, found), of_module(clone)
    assert (ours.values == theirs.values).all()
    close(torch.tensor(ours.gradients), torch.tensor(theirs.gradients))
    _check_compiled(graph, asked, wanted, factors, theirs, found.inputs, training)
    assert parameter_count(graph) == sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert not graph.journal.entries
    return graph


def _check_compiled(graph, xs, wanted, factors, theirs, gradients, training: bool) -> None:
    """The compiled network does the same, and has what is trained in its Parameters."""
    net = compiler.compile(graph, dtype=torch.float64).train(training)
    given = [x.detach().clone().requires_grad_() for x in xs]
    found = net(*given)
    found = found if isinstance(found, tuple) else (found,)
    for y, z in zip(wanted, found, strict=True):
        close(z.detach().reshape(y.shape), y.detach())
    sum((y.reshape(f.shape) * f).sum() for y, f in zip(found, factors, strict=True)).backward()
    for x, gradient in zip(given, gradients, strict=True):
        assert x.grad is not None
        close(x.grad, gradient)
    ours = of_module(net, lambda numbers: numbers != 0)  # empty slots are zero
    assert (ours.values == theirs.values).all()
    close(torch.tensor(ours.gradients), torch.tensor(theirs.gradients))
    assert net.parameter_count() == len(theirs.values)


def close(found: Tensor, wanted: Tensor) -> None:
    largest = float(wanted.abs().max()) if wanted.numel() else 0.0
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9 * largest + 1e-12)


def of_module(module: nn.Module, chosen: Callable[[np.ndarray], np.ndarray] = np.isfinite) -> Numbers:
    trained = [p for p in module.parameters() if p.requires_grad]
    values = np.concatenate([p.detach().numpy().ravel() for p in trained] + [np.zeros(0)])
    gradients = [(torch.zeros_like(p) if p.grad is None else p.grad).numpy().ravel() for p in trained]
    kept = chosen(values)
    return _sorted(values[kept], np.concatenate([*gradients, np.zeros(0)])[kept])


def of_graph(graph: NeuronGraph, found: Reference) -> Numbers:
    values, gradients = [np.zeros(0)], [np.zeros(0)]
    for (u, v), gradient in found.synapses.items():
        if graph[u][v].get("trainable", True):
            values.append(np.ravel(graph[u][v]["weight"]))
            gradients.append(np.ravel(gradient))
    for (v, name), gradient in found.neurons.items():
        if graph.nodes[v]["trainable"]:
            values.append([graph.nodes[v][name]])
            gradients.append([gradient])
    return _sorted(np.concatenate(values), np.concatenate(gradients))


def _sorted(values: np.ndarray, gradients: np.ndarray) -> Numbers:
    order = np.lexsort((gradients, values))  # of equal numbers, by gradient
    return Numbers(values[order], gradients[order])


def train_alongside(module: nn.Module, *xs: Tensor, steps: int = 3) -> NeuronGraph:
    """Lift a module and train it and the network side by side, in float64, with one seed for both; returns the graph.

    Outputs of every step, in train mode, and those of eval mode afterwards must be equal: so gradients, dropout and
    running statistics are.
    """
    graph = compiler.lift(module, xs)
    net, clone = compiler.compile(graph, dtype=torch.float64), copy.deepcopy(module).double().train()
    given = [x.double() for x in xs]
    for network in (net, clone):
        network.optimizer = torch.optim.SGD(network.parameters(), 0.05) if list(network.parameters()) else None  # pyright: ignore
    for step in range(steps):
        outputs = []
        for network in (net, clone):
            torch.manual_seed(step)
            found = network(*(x if network is clone or x.dim() != 3 else x[:, :, None] for x in given))
            outputs.append(found if isinstance(found, tuple) else (found,))
            if network.optimizer:  # pyright: ignore
                network.optimizer.zero_grad()  # pyright: ignore
                sum(y.square().mean() for y in outputs[-1]).backward()  # pyright: ignore
                network.optimizer.step()  # pyright: ignore
        for y, z in zip(*outputs, strict=True):
            close(y.detach().reshape(z.shape), z.detach())
    with torch.no_grad():
        found, wanted = net.eval()(*(x if x.dim() != 3 else x[:, :, None] for x in given)), clone.eval()(*given)
    for y, z in zip(*(f if isinstance(f, tuple) else (f,) for f in (found, wanted)), strict=True):
        close(y.reshape(z.shape), z)
    return graph
