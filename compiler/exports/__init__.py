"""Networks as other programs run them: formats that need torch, added to `neurograph.files.EXPORTS`."""

from neurograph.files import EXPORTS, Format
from neurograph.network import NeuronGraph

from .onnx import write_onnx
from .package import write_package
from .program import write_program


def dropout_losses(graph: NeuronGraph) -> list[str]:
    """What a program for running alone leaves out of a graph."""
    rates = sorted({kind.dropout for kind in graph.arrays().kinds if kind.dropout})
    dropped = [f"dropout ({', '.join(f'{rate:g}' for rate in rates)}), which is off outside training"] if rates else []
    return dropped + memory_losses(graph)


def memory_losses(graph: NeuronGraph) -> list[str]:
    """What a program for running alone leaves to those who run it."""
    if not graph.arrays().delayed.any():
        return []
    return [
        "the keeping of its state: it runs one step, takes the state after its inputs and returns the next one last"
    ]


def package_losses(graph: NeuronGraph) -> list[str]:
    """What a PyTorch package leaves out of a graph."""
    arrays = graph.arrays()
    frozen = any(not form.trainable for form in arrays.forms) or any(not kind.trainable for kind in arrays.kinds)
    return (["what is frozen: every weight of the package can be trained"] if frozen else []) + memory_losses(graph)


EXPORTS.add(
    {
        "onnx": Format("ONNX: onnxruntime and most accelerators", write_onnx, ("onnx",), dropout_losses),
        "pt2": Format("a torch.export program", write_program, ("pt2",), dropout_losses),
        "pytorch": Format(
            "a folder with a readable model.py that imports only torch", write_package, (), package_losses
        ),
    }
)

__all__ = ["write_onnx", "write_package", "write_program"]
