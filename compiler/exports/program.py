"""Format `pt2`: a `torch.export` program, which PyTorch loads and runs without this project, compiled if wanted."""

import io
import warnings
from pathlib import Path

import torch
from torch.export import Dim, ExportedProgram

from neurograph.disk.aside import written_aside
from neurograph.network import NeuronGraph

from ..build import compile
from ..compiled import CompiledNetwork


def export_program(net: CompiledNetwork) -> ExportedProgram:
    """The portable form of a network as `torch.export` sees it, for any batch size."""
    example = tuple(torch.zeros(2, *port.sizes, dtype=net.dtype, device=net.device) for port in net.program.inputs)
    shapes = [{0: Dim("batch")} for _ in example]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's own, about its own classes
        return torch.export.export(net.portable(), example, dynamic_shapes=shapes)


def write_program(graph: NeuronGraph, path: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a `torch.export` program: `torch.export.load(path).module()` runs it.

    Parameters
    ----------
    graph
        The network; it is left as it is.
    path
        The file, by custom ending in .pt2.
    dtype
        Of its numbers, inputs and outputs.

    Raises
    ------
    CompileError
        What stands in the way of running the network.
    FileError
        A path that cannot be written.
    """
    program, held = export_program(compile(graph.copy(), dtype=dtype)), io.BytesIO()
    torch.export.save(program, held)
    with written_aside(path) as aside:
        aside.write_bytes(held.getvalue())
