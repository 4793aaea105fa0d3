"""Whether a network and data belong together, asked before anything is written."""

from math import prod

import compiler
from neurograph.errors import DataError, OptionError
from neurograph.graph import NeuronGraph
from search.datasets import Dataset
from search.training.tasks import check_outputs


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


def _words(sizes: tuple[int, ...]) -> str:
    if len(sizes) == 1:
        return f"rows of {sizes[0]} features"
    return f"maps of {' x '.join(map(str, sizes))} (channels, height, width)"
