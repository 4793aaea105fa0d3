"""One product of a stage as layers, with what is picked before it and placed behind it."""

from math import prod
from typing import Any

import numpy as np
from torch import nn

from compiler.lowering.base import FIXED, ProductLayout
from compiler.planning.program import ProductPlan
from compiler.portable import layers
from compiler.portable.drawing import Drawing, Made, Value, made, table
from compiler.portable.numbers import Numbers
from compiler.regions.groups import Groups, find_groups
from compiler.regions.windows import Window

FEW = 64  # one synapse in so many pairs: fewer are gathered one by one, more are cheaper as a masked matrix
RAGGED = 2  # a table of synapses may be so many times as large as they are; beyond that they are scattered

Vector = np.ndarray | None


class Products:
    """Makes the layers of products.

    Parameters
    ----------
    drawing
        Where they go.
    numbers
        What fills them.
    """

    def __init__(self, drawing: Drawing, numbers: Numbers) -> None:
        self.drawing, self.numbers = drawing, numbers

    def add(self, name: str, product: ProductPlan, x: Value, bias: Vector) -> Value:
        """What a product contributes to its rows, (batch, outputs) or maps, plus the bias where one is given."""
        layout, window, drawing = product.layout, product.layout.window, self.drawing
        if layout.aggregation != "sum":
            return drawing.add_bias(self._aggregate(name, layout, x), name, bias)
        if window is None and not layout.are(FIXED).all():
            return self._dense(name, product, x, bias)
        if window is not None and window.slides:
            return self._convolution(name, product, x, bias)
        if window is not None and window.flattens:
            return self._matrix(name, layout, x.flatten(1), bias)
        maps = window is not None and bool(window.target)
        if window is not None and window.pools:
            x = drawing.layer(name, _pool(window), x)
            x = x if maps else x.flatten(1)
        x = drawing.wire(x, name, layout.rows, layout.columns, (layout.outputs, layout.inputs))
        return drawing.add_bias(x, name, bias, maps)

    def _weights(self, layout: ProductLayout) -> np.ndarray:
        """(n, *kernel) float64; an identity multiplies by 1."""
        window = layout.window
        return self.numbers.of("weight", layout.ids, 1.0, () if window is None else window.kernel)

    def _dense(self, name: str, product: ProductPlan, x: Value, bias: Vector) -> Value:
        """Numbers between scalars."""
        layout, add_bias = product.layout, self.drawing.add_bias
        if product.lowering == "grouped":
            return add_bias(self._blocks(name, layout, x), name, bias)
        if product.lowering in ("sparse", "torch_sparse") and len(layout.ids) * FEW < layout.inputs * layout.outputs:
            return add_bias(self._gathered(name, layout, x), name, bias)
        return self._matrix(name, layout, x, bias)

    def _matrix(self, name: str, layout: ProductLayout, x: Value, bias: Vector) -> Value:
        """One matrix; a whole map is as many of its columns as it has values."""
        weights = self._weights(layout)
        kind: Any = nn.Linear if layout.full else layers.MaskedLinear
        module = made(kind, layout.inputs * prod(weights.shape[1:]), layout.outputs, bias=bias is not None)
        return self.drawing.layer(name, module, x, bias=bias, **_slots(layout, weights, matrix=True))

    def _blocks(self, name: str, layout: ProductLayout, x: Value) -> Value:
        groups, drawing = _groups(layout), self.drawing
        (many, outputs), inputs = groups.rows.shape, groups.columns.shape[1]
        weight = self._weights(layout)[groups.order].reshape(many, outputs, inputs).transpose(0, 2, 1)
        x = drawing.pick(x, name, groups.columns.ravel(), layout.inputs)
        x = drawing.layer(name, made(layers.Blocks, many, inputs, outputs), x, weight=weight)
        return drawing.place(x, name, groups.rows.ravel(), layout.outputs)

    def _gathered(self, name: str, layout: ProductLayout, x: Value) -> Value:
        """Synapse by synapse: a table where fan-ins are about equal."""
        weights, drawing = self._weights(layout), self.drawing
        synapse, fan_in = table(layout.rows, layout.outputs)
        if synapse.size > RAGGED * len(weights):
            module = made(layers.Scatter, layout.outputs, len(weights))
            return drawing.layer(name, module, x, weight=weights, source=layout.columns, target=layout.rows)
        module = made(layers.Sparse, *synapse.shape, ragged=bool((fan_in < synapse.shape[1]).any()))
        source, weight = np.append(layout.columns, layout.inputs)[synapse], np.append(weights, 0.0)[synapse]
        return drawing.layer(name, module, x, weight=weight, source=source)

    def _aggregate(self, name: str, layout: ProductLayout, x: Value) -> Value:
        synapse, _ = table(layout.rows, layout.outputs)
        source, weight = np.append(layout.columns, 0)[synapse], np.append(self._weights(layout), 0.0)[synapse]
        module = made(layers.Aggregate, layout.aggregation, *synapse.shape)
        empty = synapse == len(layout.ids)
        return self.drawing.layer(name, module, x, weight=weight, source=source, empty=empty)

    def _convolution(self, name: str, product: ProductPlan, x: Value, bias: Vector) -> Value:
        layout, window, drawing = product.layout, product.layout.window, self.drawing
        assert window is not None
        slides = {"stride": window.stride, "padding": window.padding, "dilation": window.dilation}
        weights = self._weights(layout)
        if product.lowering != "conv_grouped":
            kind: Any = nn.Conv2d if layout.full else layers.MaskedConv2d
            options = slides | {"bias": bias is not None}
            module = made(kind, layout.inputs, layout.outputs, window.kernel, **options)
            return drawing.layer(name, module, x, bias=bias, **_slots(layout, weights))
        groups = _groups(layout)
        (many, _), columns, rows = groups.rows.shape, groups.columns.ravel(), groups.rows.ravel()
        straight = np.array_equal(rows, np.arange(layout.outputs))
        options = slides | {"groups": many, "bias": straight and bias is not None}
        module = made(nn.Conv2d, len(columns), len(rows), window.kernel, **options)
        x = drawing.pick(x, name, columns, layout.inputs)
        x = drawing.layer(name, module, x, weight=weights[groups.order], bias=bias if straight else None)
        return x if straight else drawing.add_bias(drawing.place(x, name, rows, layout.outputs), name, bias, True)


def _pool(window: Window) -> Made:
    slides: dict[str, Any] = {"stride": window.stride, "padding": window.padding, "ceil_mode": window.ceil_mode}
    if window.op == "max_pool":
        return made(nn.MaxPool2d, window.kernel, **slides, dilation=window.dilation)
    return made(nn.AvgPool2d, window.kernel, **slides, count_include_pad=window.count_include_pad)


def _slots(layout: ProductLayout, weights: np.ndarray, matrix: bool = False) -> dict[str, np.ndarray]:
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


def _groups(layout: ProductLayout) -> Groups:
    """The equal blocks; where every map reads just one, each is a block, whoever else reads that one."""
    rows, columns = layout.rows, layout.columns
    found = find_groups(rows, columns)
    return Groups(rows[:, None], columns[:, None], np.arange(len(rows))) if found is None else found
