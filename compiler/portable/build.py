"""The portable form of a network: its stages as plain layers in a `torch.fx.GraphModule`."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from torch import fx, nn

from ..activations import FUNCTIONS, SLOPED
from ..drawing import layers
from ..drawing.drawing import Drawing, Value, made
from ..drawing.names import identifier
from ..drawing.numbers import Numbers
from ..lowering.aggregate import empty_value
from ..planning.pins import BLOCKS
from ..planning.planner import plan
from ..planning.program import NeuronsPlan, Program, StagePlan
from ..regions.status import FIXED
from ..snapshot import snapshot
from .products import Products
from .reading import Reading

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule


def portable(net: "CompiledModule") -> fx.GraphModule:
    """A network in operators that `torch.export`, ONNX and every other reader of PyTorch modules take.

    Products are `nn.Linear` and `nn.Conv2d`, masked where not every pair is joined; where synapses are few they are
    gathered. Norms, pools and dropout are torch's own modules. Any batch size runs. Layers and inputs bear the names of
    the populations, and `print(module.code)` shows the forward.

    Parameters
    ----------
    net
        A compiled network; it is left as it is, and shares nothing with what is made.

    Returns
    -------
    torch.fx.GraphModule
        In eval mode, of the network's dtype, on its device. It takes and returns what the network does. It knows no
        graph: numbers that were frozen are trained like the others if somebody trains it.

    Raises
    ------
    StaleError
        Where the graph has been edited since.
    """
    return draw(net).module()


def draw(net: "CompiledModule") -> Drawing:
    """The layers of the portable form and what each reads; raises as `portable` does."""
    if net.stale:
        net.refuse_stale()
    drawing, numbers = Drawing(net.dtype, net.device), Numbers(net.slots)
    products, program = Products(drawing, numbers), _block_by_block(net)
    reading = Reading(drawing, program)
    for port in program.inputs:
        reading.values[port.pieces[0][0]] = drawing.input(port.population)
    for stage in program.stages:
        made = drawing.named(_stage(drawing, products, stage, reading), stage.blocks[0].population)
        reading.values[stage.makes[0]] = made
    outputs = []
    for port in program.outputs:
        found = reading.columns(port.population, port.pieces)
        if port.order is not None:
            found = drawing.pick(found, port.population, port.order, port.width)
        outputs.append(found.node)
    drawing.graph.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
    return drawing


def _block_by_block(net: "CompiledModule") -> Program:
    """The network's program; where some of its stages make several blocks, another one, in which none does."""
    if not any(stage.is_region for stage in net.program.stages):
        return net.program
    return plan(snapshot(net.graph, net.cut_off), replace(net.options, pin=BLOCKS, measured=False))


def _stage(drawing: Drawing, products: Products, stage: StagePlan, reading: Reading) -> Value:
    """One block: its products added up, then what its neurons do to the sum."""
    (block,), numbers = stage.blocks, products.numbers
    name, neurons = identifier(block.population), block.neurons
    maps, count = bool(neurons.shape), len(neurons.keys)
    bias = numbers.of("bias", neurons.keys, 0.0) if (neurons.bias != FIXED).any() else None
    total = None
    for product in stage.products:  # those that bring something to every neuron come first
        called = name if total is None else f"{name}_from_{'_'.join(map(identifier, product.sources[:2]))}"
        first = total is None
        contribution = products.add(
            called, product, reading.columns(called, product.pieces), bias if first and product.rows is None else None
        )
        if product.rows is not None:
            contribution = drawing.place(contribution, called, product.rows, count)
            contribution = drawing.add_bias(contribution, name, bias, maps) if first else contribution
        total = contribution if total is None else total + contribution
    if total is None:
        constant = np.full(count, empty_value(block.aggregation)) + (0.0 if bias is None else bias)
        module = made(layers.Constant, count, *neurons.shape)
        constant = np.broadcast_to(constant.reshape(-1, *[1] * len(neurons.shape)), (count, *neurons.shape))
        total = drawing.layer(name, module, next(iter(reading.values.values())), value=constant)
    return _finish(drawing, numbers, name, neurons, total)


def _finish(drawing: Drawing, numbers: Numbers, name: str, neurons: NeuronsPlan, x: Value) -> Value:
    """Norm, activation and dropout."""
    if neurons.norm is not None:
        eps, momentum = neurons.norm
        kind = nn.BatchNorm2d if neurons.shape else nn.BatchNorm1d
        module = made(kind, len(neurons.keys), eps=eps, momentum=momentum)
        names = {"weight": "gamma", "bias": "beta", "running_mean": "running_mean", "running_var": "running_var"}
        held = {key: numbers.of(field, neurons.keys, 0.0) for key, field in names.items()}
        x = drawing.layer(f"{name}_norm", module, x, num_batches_tracked=np.zeros(1, np.int64), **held)
    if neurons.activation in SLOPED:
        slope = numbers.of("slope", neurons.keys, 0.0)
        x = drawing.layer(f"{name}_activation", made(nn.PReLU, len(slope)), x, weight=slope)
    elif neurons.activation in FUNCTIONS:
        x = FUNCTIONS[neurons.activation](x)
    if neurons.dropout:
        kind = nn.Dropout2d if neurons.channelwise else nn.Dropout
        x = drawing.layer(f"{name}_dropout", made(kind, neurons.dropout), x)
    return x
