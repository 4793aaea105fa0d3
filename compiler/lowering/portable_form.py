"""One product in the portable form: what a lowering draws it with, and forms that several share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from torch import nn

from ..drawing import layers
from ..drawing.drawing import Drawing, Made, Value, made
from ..drawing.numbers import Numbers
from .layout import ProductLayout

Vector = np.ndarray | None


@dataclass(frozen=True, eq=False)
class ProductDrawing:
    """A product that is to be drawn: its wiring, its numbers, and where its layers go.

    Parameters
    ----------
    drawing
        Where they go.
    name
        What its layers are called.
    layout
        Its wiring.
    numbers
        What fills them.
    """

    drawing: Drawing
    name: str
    layout: ProductLayout
    numbers: Numbers

    @cached_property
    def weights(self) -> np.ndarray:
        """(synapses, *kernel) float64; an identity multiplies by 1."""
        window = self.layout.window
        return self.numbers.of("weight", self.layout.ids, 1.0, () if window is None else window.kernel)

    def layer(self, layer: Made, x: Value, **numbers: Vector) -> Value:
        """What a layer makes of x, its tensors filled with numbers."""
        return self.drawing.layer(self.name, layer, x, **numbers)

    def pick(self, x: Value, columns: np.ndarray) -> Value:
        """Some of the columns that the product reads."""
        return self.drawing.pick(x, self.name, columns, self.layout.inputs)

    def place(self, x: Value, rows: np.ndarray) -> Value:
        """The columns of x at these rows of the product, zeros at the others."""
        return self.drawing.place(x, self.name, rows, self.layout.outputs)

    def wire(self, x: Value) -> Value:
        """Each synapse's value handed on as it is; those that meet in one row added up."""
        layout = self.layout
        return self.drawing.wire(x, self.name, layout.rows, layout.columns, (layout.outputs, layout.inputs))

    def add_bias(self, x: Value, bias: Vector, maps: bool = False) -> Value:
        """One number more for each row, where there are any."""
        return self.drawing.add_bias(x, self.name, bias, maps)


# (product, x, bias) -> what it contributes to its rows, (batch, outputs) or maps, plus the bias where one is given
PortableForm = Callable[[ProductDrawing, Value, Vector], Value]


def matrix(product: ProductDrawing, x: Value, bias: Vector) -> Value:
    """One matrix, masked where not every pair is joined; a whole map is as many of its columns as it has values."""
    layout, weights = product.layout, product.weights
    kind: Any = nn.Linear if layout.full else layers.MaskedLinear
    module = made(kind, layout.inputs * prod(weights.shape[1:]), layout.outputs, bias=bias is not None)
    return product.layer(module, x, bias=bias, **slots(layout, weights, matrix=True))


def slots(layout: ProductLayout, weights: np.ndarray, matrix: bool = False) -> dict[str, np.ndarray]:
    """The weights in a tensor (outputs, inputs, *kernel), and a mask where some pairs are not joined."""
    shape: tuple[int, ...] = (layout.outputs, layout.inputs, *weights.shape[1:])
    held: Any = np.zeros(shape)
    held[layout.rows, layout.columns] = weights
    found = {"weight": held.reshape(layout.outputs, -1) if matrix else held}
    if not layout.full:
        mask: Any = np.zeros(shape if matrix else (*shape[:2], 1, 1), bool)
        mask[layout.rows, layout.columns] = True
        found["mask"] = mask
    return found
