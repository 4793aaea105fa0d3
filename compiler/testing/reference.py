"""A compiled network beside the reference: outputs, running statistics and every gradient."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from neurograph.network import NeuronGraph

from ..compiled import CompiledNetwork
from ..reference import reference
from ..runtime import norm


def batch(
    graph: NeuronGraph, rows: int = 5, seed: int = 0, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, ...]:
    """Random inputs, for scalars and maps."""
    generator, found = torch.Generator().manual_seed(seed), []
    for names in graph.populations.values():
        inputs = [v for v in names if graph.nodes[v]["role"] == "input"]
        if inputs:
            shape = (rows, len(inputs), *graph.nodes[inputs[0]]["shape"])
            found.append(torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype))
    return tuple(found)


def loss_of(*outputs: torch.Tensor) -> torch.Tensor:
    """A smooth loss in which every number counts differently."""
    total = outputs[0].new_zeros(())
    for y in outputs:
        weight = torch.arange(1, y[0].numel() + 1, dtype=y.dtype, device=y.device).view(y.shape[1:]) / y[0].numel()
        total = total + (torch.sin(y) * weight).sum() + (y * y).mean()
    return total


@contextmanager
def recorded_masks(net: CompiledNetwork) -> Iterator[dict]:
    """What dropout multiplies by, neuron by neuron, while the network runs."""
    masks, drawn = {}, []
    original = norm.drop

    def drop(x, rate, channelwise):
        mask = original(torch.ones_like(x), rate, channelwise)
        drawn.append(mask.detach())
        return x * mask

    norm.drop = drop
    try:
        yield masks
    finally:
        norm.drop = original
        stages = [stage for stage in net.program.stages if stage.blocks[0].neurons.dropout]
        for stage, mask in zip(stages, drawn, strict=bool(drawn)):
            names = net.graph.names_of(stage.blocks[0].neurons.keys)
            masks |= {v: mask[:, place] for place, v in enumerate(names)}


def assert_equals_reference(
    net: CompiledNetwork, graph: NeuronGraph, training: bool = False, tolerance: float = 1e-8
) -> None:
    """Outputs, running statistics and the gradients of everything are the reference's."""
    inputs = tuple(x.to(net.device).requires_grad_() for x in batch(graph, dtype=net.dtype))
    before, held = net.training, graph.copy()  # training moves the running statistics
    net.train(training)
    with recorded_masks(net) as masks, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        outputs = net(*inputs)
    outputs = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    wanted = reference(held, *inputs, loss=loss_of, training=training, masks=masks)
    close = {"rtol": tolerance, "atol": tolerance, "check_device": False}
    for got, want in zip(outputs, wanted.outputs, strict=True):
        torch.testing.assert_close(got.detach(), want.to(net.dtype), **close)
    net.zero_grad()
    loss_of(*outputs).backward()
    assert_gradients(net, graph, wanted, close)
    for x, want in zip(inputs, wanted.inputs, strict=True):
        torch.testing.assert_close(x.grad if x.grad is not None else torch.zeros_like(x), want.to(net.dtype), **close)
    for name in ("running_mean", "running_var"):
        quantity = (name, ())
        vector = net.slots.gather(quantity).double()
        want = [wanted.running[v, name] for v in graph.names_of(net.slots.numbers(quantity))]
        torch.testing.assert_close(vector, torch.tensor(want, dtype=torch.float64), **close)
        assert len(want) == sum(key[1] == name for key in wanted.running)
    net.train(before)


def assert_gradients(net: CompiledNetwork, graph: NeuronGraph, wanted: Any, close: dict) -> None:
    """Every gradient of a synapse and a neuron."""
    arrays = graph.arrays()
    ends = [
        (arrays.names[s], arrays.names[t]) for s, t in zip(arrays.source.tolist(), arrays.target.tolist(), strict=True)
    ]
    number = dict(zip(ends, arrays.ids.tolist(), strict=True))
    by_id = {number[e]: g for e, g in wanted.synapses.items() if graph.edges[e].get("trainable", True)}
    seen = []
    for quantity in net.slots.quantities:
        name, shape = quantity
        if not len(net.slots.numbers(quantity, True)):
            continue
        numbers, found = net.gradients(name, shape)
        if name == "weight":
            seen += numbers.tolist()
            want = np.array([np.asarray(by_id[i]) for i in numbers.tolist()])
        else:
            want = np.array([wanted.neurons[v, name] for v in graph.names_of(numbers)])
            trained = {v for v, n in wanted.neurons if n == name and graph.nodes[v]["trainable"]}
            assert set(graph.names_of(numbers)) == trained
        np.testing.assert_allclose(found, want, rtol=close["rtol"], atol=close["atol"])
    assert sorted(seen) == sorted(by_id)
