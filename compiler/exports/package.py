"""Format `pytorch`: a folder with `model.py`, which imports nothing but torch, and `weights.pt`."""

import io
from pathlib import Path
from textwrap import indent

import torch

from neurograph.disk.aside import written_aside
from neurograph.errors import FileError, reason
from neurograph.network import NeuronGraph

from ..build import compile
from ..compiled import CompiledNetwork
from ..planning.program import PortPlan
from ..portable.build import draw
from .source import Source, source_of

MODEL, WEIGHTS = "model.py", "weights.pt"

_TEXT = '''"""{title}

    import torch, model

    network = model.load()
    network({example})

{table}
"""

from pathlib import Path

{imports}


{helpers}class Network(nn.Module):
    """From {inputs} to {outputs}."""

    def __init__(self) -> None:
        super().__init__()
{layers}

    def forward(self, {arguments}) -> {result}:
        """The outputs for a batch of any size."""
{forward}


def load(weights: str | Path = Path(__file__).with_name("{weights}")) -> Network:
    """The network with the weights of a file, ready to be used; call its train() before training it further."""
    network = Network(){cast}
    network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    return network.eval()
'''


def write_package(graph: NeuronGraph, path: str | Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a network as a PyTorch package that knows nothing of this project.

    Parameters
    ----------
    graph
        The network; it is left as it is.
    path
        The folder; made where it is not there, and nothing else in it is touched.
    dtype
        Of the weights.

    Raises
    ------
    CompileError
        What stands in the way of running the network.
    FileError
        A path that cannot be written.
    """
    net = compile(graph.copy(), dtype=dtype)
    drawing = draw(net)
    text = model_text(net, source_of(drawing), str(graph.graph.get("name", "")))
    folder = Path(path)
    try:
        folder.mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot make the folder {folder}: {reason(error)}") from None
    held = io.BytesIO()  # torch writes to files with errors of its own kind
    torch.save(drawing.module().state_dict(), held)
    with written_aside(folder / WEIGHTS) as aside:
        aside.write_bytes(held.getvalue())
    with written_aside(folder / MODEL) as aside:
        aside.write_text(text, encoding="utf-8")


def model_text(net: CompiledNetwork, source: Source, name: str) -> str:
    """The text of `model.py`.

    Parameters
    ----------
    net
        What it runs.
    source
        Its layers and its forward.
    name
        Of the network; may be empty.
    """
    program, dtype = net.program, net.dtype
    helpers = "".join(f"{helper}\n\n" for helper in source.helpers)
    functional = "F." in helpers + "".join(source.forward)
    imports = ["import torch", *["import torch.nn.functional as F"] * functional, "from torch import Tensor, nn"]
    results = ["Tensor"] * len(program.outputs)
    return _TEXT.format(
        title=f"{_quiet(name) or 'A neural network'}: {net.extra_repr().rsplit(', ', 1)[0]}.",
        example=", ".join(f"torch.rand({', '.join(map(str, (32, *port.sizes)))})" for port in program.inputs),
        table=_table(net),
        imports="\n".join(imports),
        helpers=helpers,
        inputs=_shapes_of(program.inputs),
        outputs=_shapes_of(program.outputs),
        layers=indent("\n".join(source.layers) or "pass", " " * 8),
        arguments=", ".join(f"{argument}: Tensor" for argument in source.arguments),
        result=results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]",
        forward=indent("\n".join(source.forward), " " * 8),
        weights=WEIGHTS,
        cast="" if dtype == torch.float32 else f".to({dtype})",
    )


def _shapes_of(ports: tuple[PortPlan, ...]) -> str:
    sizes = [f"{_quiet(port.population)} (batch, {', '.join(map(str, port.sizes))})" for port in ports]
    return " and ".join(sizes)


def _table(net: CompiledNetwork) -> str:
    """The populations, a line each."""
    counts: dict[str, int] = {}
    kinds: dict[str, dict[str, None]] = {}
    inputs = [(port.population, port.width, port.shape, "input") for port in net.program.inputs]
    blocks = [block for stage in net.program.stages for block in stage.blocks]
    hidden = [(b.population, len(b.neurons.keys), b.neurons.shape, b.neurons.activation) for b in blocks]
    for population, count, shape, activation in (*inputs, *hidden):
        name = _quiet(population)
        maps = [f"maps of {shape[0]} x {shape[1]}"] if shape else []
        counts[name] = counts.get(name, 0) + count
        kinds.setdefault(name, {}).update(dict.fromkeys([*maps, activation]))
    wide, long = max(map(len, counts)), max(len(str(count)) for count in counts.values())
    return "\n".join(f"    {n:<{wide}}  {count:>{long}}  {', '.join(kinds[n])}" for n, count in counts.items())


def _quiet(text: str) -> str:
    """A name as part of a docstring: one line, and nothing that could end the string."""
    plain = "".join(letter if letter.isprintable() and letter not in '"\\' else " " for letter in text)
    return " ".join(plain.split())[:60]
