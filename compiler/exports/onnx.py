"""Format `onnx`: what onnxruntime, browsers, phones and most accelerators run."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from neurograph.disk.aside import written_aside
from neurograph.errors import FileError
from neurograph.network import NeuronGraph

from ..build import compile
from ..drawing.names import Names
from .program import export_program

NEEDED = ("onnx", "onnxscript")
MOST = 2**31 - 1  # bytes that one file of this format can hold


def write_onnx(graph: NeuronGraph, path: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write ONNX, for any batch size; inputs and outputs bear the names of their populations.

    Parameters
    ----------
    graph
        The network; it is left as it is.
    path
        The file, by custom ending in .onnx.
    dtype
        Of its numbers, inputs and outputs. Few runtimes know every operator in float64.

    Raises
    ------
    CompileError
        What stands in the way of running the network.
    FileError
        Packages that are not installed, a network of more than two gigabytes, a path that cannot be written.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise FileError(f"ONNX needs {' and '.join(missing)}: pip install 'neurograph-compiler[onnx]'")
    net, names = compile(graph.copy(), dtype=dtype), Names()
    inputs = [names.new(port.population) for port in net.program.inputs]
    kept = len(net.program.outputs) - len(net.memory.ports)
    outputs = [names.new("next " * (at >= kept) + port.population) for at, port in enumerate(net.program.outputs)]
    program = export_program(net)
    with _quiet():
        made = torch.onnx.export(program, input_names=inputs, output_names=outputs, verbose=False)
    assert made is not None
    proto = made.model_proto
    if (size := proto.ByteSize()) > MOST:
        raise FileError(f"{path}: {size / 2**30:.1f} GB is more than an ONNX file can hold; write pt2 instead")
    _describe(proto, graph)
    with written_aside(path) as aside:
        aside.write_bytes(proto.SerializeToString())


def _describe(proto: Any, graph: NeuronGraph) -> None:
    """Say whose network it is, and call the batch by its name."""
    proto.producer_name = "neurograph"
    proto.graph.name = str(graph.graph.get("name") or "network")
    for tensor in (*proto.graph.input, *proto.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says of packages that are not there and nobody asked for."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
