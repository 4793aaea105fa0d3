"""Networks from ONNX: an operator becomes a module of PyTorch's, and the whole is lifted."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neurograph.core.graph import EditableGraph
from neurograph.disk.regular import regular
from neurograph.errors import FileError, LiftError, NeuroGraphError, listed
from neurograph.files.importing import IMPORTS, Importer
from neurograph.network import NeuronGraph

from .lift import lift
from .onnx_operators import OPERATORS, Reader

_ROWS = 2  # of the batch that the network is traced with


def from_onnx(path: str | Path) -> NeuronGraph:
    """A graph that computes what an ONNX file does, with its weights, to be edited and compiled.

    Parameters
    ----------
    path
        The file: dense layers, convolutions, batch norms, pools, activations, flattening, sums, products and
        concatenation of channels, the batch first. Its numbers lie in it; what points to other files is not followed.

    Raises
    ------
    FileError
        A file that cannot be read or holds no ONNX, whose numbers lie elsewhere, or with operators that no graph holds,
        by name; onnx is not installed.
    LiftError
        What can be read, and not be lifted.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from neurograph.builders import mlp
    >>> file = mkdtemp() + "/net.onnx"
    >>> g = mlp([4, 3, 2], activation="relu", seed=0)
    >>> left_out = g.export(file)
    >>> from_onnx(file).number_of_edges() == g.number_of_edges()
    True
    """
    if find_spec("onnx") is None:
        raise FileError("ONNX needs onnx: pip install 'neurograph-compiler[onnx]'")
    model = _model(path)
    try:
        rebuilt, examples = _rebuilt(path, model.graph)
    except NeuroGraphError:
        raise
    except Exception as error:  # what comes of fields that are missing or odd is of any class
        raise FileError(f"{path} is damaged or no ONNX: {type(error).__name__}: {error}") from None
    try:
        return lift(rebuilt.eval(), examples)
    except LiftError as error:
        raise LiftError(f"{path}: {error}") from None


def _rebuilt(path: str | Path, graph: Any) -> tuple["Rebuilt", list[Tensor]]:
    """The module, and zeros for it to be traced with."""
    reader = Reader(path, graph)
    unknown = sorted({node.op_type for node in graph.node} - set(OPERATORS))
    if unknown:
        raise FileError(f"{path}: {listed(unknown)} of ONNX no graph holds; known are {', '.join(sorted(OPERATORS))}")
    return Rebuilt(reader, graph), [torch.zeros(_ROWS, *reader.sizes(value)) for value in reader.inputs()]


def read_onnx(path: str | Path, graph: EditableGraph) -> None:
    """Fill an empty graph from ONNX; see `from_onnx`."""
    found = from_onnx(path)
    for name, data in found.nodes(data=True):
        graph.add_node(name, **data)
    graph.add_edges_from(found.edges(data=True))


class Rebuilt(nn.Module):
    """An ONNX graph as a module: one submodule an operator with weights, in their order."""

    def __init__(self, reader: Reader, graph: Any) -> None:
        super().__init__()
        self.steps: list[tuple[Callable[..., Tensor], tuple[str, ...], str]] = []
        self.taken = [value.name for value in reader.inputs()]
        self.given = [value.name for value in graph.output]
        for node in graph.node:
            step, inputs = OPERATORS[node.op_type](reader, node)
            if step is None:  # a constant, which others read
                continue
            if isinstance(step, nn.Module):
                self.add_module(reader.new_name(node), step)
            self.steps.append((step, inputs, node.output[0]))

    def forward(self, *inputs: Tensor) -> Any:
        """The outputs, in their order."""
        values = dict(zip(self.taken, inputs, strict=True))
        for step, names, made in self.steps:
            values[made] = step(*(values[name] for name in names))
        found: tuple[Tensor, ...] = tuple(values[name] for name in self.given)
        return found if len(found) != 1 else next(iter(found))


def _model(path: str | Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        with open(path, "rb", opener=regular) as file:
            model = onnx.load_model_from_string(file.read())
    except DecodeError as error:
        raise FileError(f"{path} is damaged or no ONNX: {error}") from None
    if not len(model.graph.node):
        raise FileError(f"{path} is damaged or no ONNX: it has no operators")
    return model


IMPORTS.add({"onnx": Importer("ONNX: dense and convolutional networks", read_onnx, ("onnx",))})
