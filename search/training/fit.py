"""Whether a network and data belong together, asked before anything is written."""

from math import prod
from typing import Any

import numpy as np
import torch

from neurograph import compiler
from neurograph.errors import DataError, DivergenceError, OptionError
from neurograph.network import NeuronGraph

from ..datasets import Dataset
from .tasks import check_outputs


def fitting(data: Dataset, graph: NeuronGraph, standardise: bool = False, whiten: bool = False) -> Dataset:
    """The data as the network takes them: rows of features where its inputs are numbers."""
    maps = any(d["role"] == "input" and d["shape"] for _, d in graph.nodes(data=True))
    data = data if maps else data.flat()
    data = data.standardised() if standardise else data
    return data.whitened() if whiten else data


def check_fit(net: compiler.CompiledNetwork, data: Dataset) -> None:
    """Refuse data that are not what a network takes and answers.

    Parameters
    ----------
    net
        The network.
    data
        As `fitting` gives them.

    Raises
    ------
    DataError
        Several input or output populations; inputs of another size than the examples; outputs that the classes, or the
        numbers to predict, do not fit.
    """
    inputs, outputs = net.program.inputs, net.program.outputs
    if net.memory:
        raise DataError(
            f"neuron {next(iter(net.memory.places))!r} is remembered from step to step (a synapse has delay=1), and "
            f"{data.name} has no steps: train such a network over time, by net.unroll(...) in a loop of your own"
        )
    for what, ports in (("input", inputs), ("output", outputs)):
        if len(ports) != 1:
            names = ", ".join(repr(port.population) for port in ports)
            raise DataError(f"the network has {len(ports)} {what} populations, {names}, and {data.name} is for one")
    taken, given = inputs[0].sizes, tuple(data.input_shape)
    if taken != given:
        raise DataError(
            f"population {inputs[0].population!r} takes {_words(taken)}, and {data.name} has {_words(given)}"
        )
    of, sizes = f"population {outputs[0].population!r}", outputs[0].sizes
    for y in (data.train_y, data.test_y):
        check_outputs(sizes, y, of)
    if prod(sizes) < data.classes:
        raise DataError(f"{of} answers with {prod(sizes)} numbers, and {data.name} has {data.classes} classes")


def check_steps(graph: NeuronGraph, examples: int, batch_size: int) -> None:
    """Refuse, by `OptionError`, training steps of one example where a batch norm sees one value a channel in them."""
    if min(examples, batch_size) > 1:
        return
    for neuron, d in graph.nodes(data=True):
        if d["norm"] == "batch" and prod(d["shape"]) == 1:
            what = f"batch_size={batch_size}" if batch_size == 1 else "one training example"
            raise OptionError(
                f"{what}: in training, the batch norm of neuron {neuron!r} ({d['population']!r}) needs more than one "
                "value to go by: choose at least two examples a step"
            )


def check_numbers(net: compiler.CompiledNetwork) -> None:
    """Refuse, by `DivergenceError`, a network that holds numbers which are not finite in its dtype, naming one."""
    if all(bool(parameter.isfinite().all()) for parameter in net.parameters()):
        return
    graph = net.graph
    places = [(f"neuron {neuron!r}", d) for neuron, d in graph.nodes(data=True)]
    places += [(f"synapse {source!r} -> {target!r}", d) for source, target, d in graph.edges(data=True)]
    most = torch.finfo(net.dtype).max
    found = next((f" ({name} of {where})" for where, d in places for name in d if _beyond(d[name], most)), "")
    raise DivergenceError(f"the network holds numbers that are not finite in {net.dtype}{found}: it cannot be trained")


def _beyond(value: Any, most: float) -> bool:
    """Whether an attribute is a number, or holds one, that is larger than `most` or none."""
    return isinstance(value, float | np.ndarray) and not (np.abs(value) <= most).all()


def _words(sizes: tuple[int, ...]) -> str:
    if len(sizes) == 1:
        return f"rows of {sizes[0]} features"
    return f"maps of {' x '.join(map(str, sizes))} (channels, height, width)"
