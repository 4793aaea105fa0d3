"""Networks as other programs run them: formats that need torch, added to `neurograph.files.EXPORTS`."""

from neurograph.files import EXPORTS, Format
from neurograph.files.losses import own_losses
from neurograph.network import NeuronGraph

from ..drawing.names import Names, identifier
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


def program_losses(graph: NeuronGraph) -> list[str]:
    """What a program for running alone, whose inputs are places in a row, leaves out of a graph."""
    return dropout_losses(graph) + _graph_losses(graph)


def onnx_losses(graph: NeuronGraph) -> list[str]:
    """What ONNX leaves out of a graph, or calls otherwise."""
    return program_losses(graph) + renamed_ports(graph)


def renamed_ports(graph: NeuronGraph) -> list[str]:
    """The populations whose inputs or outputs bear another name, since not every name is an identifier of its own."""
    arrays, names = graph.arrays(), Names()
    inputs = {kind.population for kind in arrays.kinds if kind.role == "input"}
    outputs = {kind.population for kind in arrays.kinds if kind.is_output}
    ports = [(name, names.new(name)) for side in (inputs, outputs) for name in graph.populations if name in side]
    renamed = [f"{name!r} is {new}" for name, new in ports if name != new]
    return [f"names of inputs and outputs: {', '.join(renamed)}"] if renamed else []


def _graph_losses(graph: NeuronGraph) -> list[str]:
    """What no program keeps of a graph: which neuron is which, and what users wrote on them."""
    return ["the names of neurons: they are places in tensors", *own_losses(graph)] if len(graph) else []


def package_losses(graph: NeuronGraph) -> list[str]:
    """What a PyTorch package leaves out of a graph, or calls otherwise."""
    arrays = graph.arrays()
    frozen = any(not form.trainable for form in arrays.forms) or any(not kind.trainable for kind in arrays.kinds)
    return (
        (["what is frozen: every weight of the package can be trained"] if frozen else [])
        + memory_losses(graph)
        + _graph_losses(graph)
        + _renamed(graph)
    )


def _renamed(graph: NeuronGraph) -> list[str]:
    """The populations whose layers bear another name."""
    renamed = [f"{name!r} is {identifier(name)}" for name in graph.populations if identifier(name) != name]
    return [f"names of populations that are no identifiers: {', '.join(renamed[:20])}"] if renamed else []


EXPORTS.add(
    {
        "onnx": Format("ONNX: onnxruntime and most accelerators", write_onnx, ("onnx",), onnx_losses, "float32"),
        "pt2": Format("a torch.export program", write_program, ("pt2",), program_losses, "float32"),
        "pytorch": Format(
            "a folder with a readable model.py that imports only torch", write_package, (), package_losses, "float32"
        ),
    }
)

__all__ = ["write_onnx", "write_package", "write_program"]
