"""A drawing of a forward pass: layers that are added one by one, and what each reads (an `fx.Graph`)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.fx.proxy import GraphAppendingTracer, Proxy

from ..regions.order import neighbours
from . import layers
from .names import Names

Value = Any  # an `fx.Proxy`: it takes every operator of a tensor, which its class does not declare


@dataclass(frozen=True)
class Made:
    """A layer as it is written down: its class and what that is called with."""

    kind: type[nn.Module]
    sizes: tuple[Any, ...]
    options: dict[str, Any]


def made(kind: type[nn.Module], *sizes: Any, **options: Any) -> Made:
    """A layer of that class, called with these."""
    return Made(kind, sizes, options)


class Drawing:
    """Layers and their wiring, in the making.

    Parameters
    ----------
    dtype, device
        Of the layers' tensors.

    Attributes
    ----------
    graph
        The forward pass; the nodes of blocks have their population in `meta["population"]`.
    made
        name -> layer, in the order they were added.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype, self.device = dtype, device
        self.root, self.graph, self.names = nn.Module(), fx.Graph(), Names()
        self.tracer = GraphAppendingTracer(self.graph)
        self.made: dict[str, Made] = {}

    def module(self) -> fx.GraphModule:
        """What was drawn, ready to run, in eval mode."""
        return fx.GraphModule(self.root, self.graph, "Portable").eval()

    def input(self, name: str) -> Value:
        """One tensor that goes in."""
        return Proxy(self.graph.placeholder(self.names.new(name)), self.tracer)

    def named(self, x: Value, name: str) -> Value:
        """Remember what a value is: its population, for whoever writes the drawing down."""
        x.node.meta.setdefault("population", name)
        return x

    def layer(self, name: str, layer: Made, x: Value, **numbers: np.ndarray | None) -> Value:
        """What a layer makes of x, its tensors filled with numbers; none are drawn at random."""
        with torch.device("meta"):
            empty = layer.kind(*layer.sizes, **layer.options)
        module = empty.to(self.dtype).to_empty(device=self.device)
        for key, values in numbers.items():
            if values is not None:
                tensor: Any = getattr(module, key)
                with torch.no_grad():
                    tensor.copy_(torch.from_numpy(np.array(values)).reshape(tensor.shape))
        name = self.names.new(name)
        self.root.add_module(name, module)
        self.made[name] = layer
        return Proxy(self.graph.call_module(name, (x.node,)), self.tracer)

    def add_bias(self, x: Value, name: str, bias: np.ndarray | None, maps: bool = False) -> Value:
        """One number more for each neuron, where there are any."""
        if bias is None:
            return x
        shape = (len(bias), 1, 1) if maps else (len(bias),)
        return self.layer(f"{name}_bias", made(layers.Bias, *shape), x, bias=bias)

    def pick(self, x: Value, name: str, columns: np.ndarray | None, width: int | None = None) -> Value:
        """Some columns: all of `width` where they are that many and in order; neighbours as a slice; or any."""
        if columns is None or (len(columns) == width and (np.diff(columns) == 1).all()):
            return x
        run = neighbours(columns)
        if run is not None:
            return x[:, run[0] : run[0] + run[1]]
        return self.layer(f"{name}_pick", made(layers.Pick, len(columns)), x, column=columns)

    def place(self, x: Value, name: str, rows: np.ndarray | None, outputs: int) -> Value:
        """Put the columns of x into these places of `outputs`, zeros into the others."""
        if rows is None or (len(rows) == outputs and np.array_equal(rows, np.arange(outputs))):
            return x
        column = np.full(outputs, -1)
        column[rows] = np.arange(len(rows))
        if len(rows) == outputs:
            return self.pick(x, name, column, outputs)
        return self.layer(f"{name}_place", made(layers.Place, outputs), x, column=column)

    def wire(self, x: Value, name: str, rows: np.ndarray, columns: np.ndarray, sizes: tuple[int, int]) -> Value:
        """Hand on values as they are: column i to row i, those that meet in one row added up.

        Parameters
        ----------
        x
            (batch, inputs, ...).
        name
            For a layer.
        rows, columns
            (n,) ends of each identity, sorted by row.
        sizes
            Outputs and inputs.
        """
        outputs, inputs = sizes
        if (np.diff(rows) > 0).all():
            return self.place(self.pick(x, name, columns, inputs), name, rows, outputs)
        source, _ = table(rows, outputs)
        column = np.append(columns, -1)[source]
        return self.layer(f"{name}_sum", made(layers.Sum, *source.shape), x, column=column)


def table(rows: np.ndarray, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """The synapses of each row side by side.

    Parameters
    ----------
    rows
        (n,) rising.
    outputs
        How many rows.

    Returns
    -------
    tuple of arrays
        (outputs, longest) numbers of synapses, n where there is none; and (outputs,) how many each row has.
    """
    fan_in = np.bincount(rows, minlength=outputs)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(fan_in) - fan_in, fan_in)
    synapse = np.full((outputs, max(1, int(fan_in.max(initial=0)))), len(rows))
    synapse[rows, place] = np.arange(len(rows))
    return synapse, fan_in
