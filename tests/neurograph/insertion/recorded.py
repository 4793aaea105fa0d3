"""Recorded activations in plain numpy: what `compiler.record` must agree with, and what edits are tested with alone."""

import numpy as np

from neurograph.insertion import NewLayer, Pair, Regression, Sums
from neurograph.schema.derivatives import activated


def moments(rows: np.ndarray) -> Sums:
    return Sums(len(rows), rows.mean(0), np.cov(rows.T, bias=True).reshape(rows.shape[1], -1))


class Dense:
    """Between scalars: (samples, neurons) values of the sources, which are the readers."""

    def __init__(self, values: np.ndarray, version: int) -> None:
        self.values, self.version = values, version

    def taken_in(self, layer: NewLayer) -> np.ndarray:
        return self.values @ layer.weights[:, :, 0, 0] + (0.0 if layer.bias is None else layer.bias)

    def sums(self, pair: Pair, layer: NewLayer) -> Sums:
        return moments(self.taken_in(layer))

    def regression(self, pair: Pair, layer: NewLayer) -> Regression:
        x, y = activated(layer.activation, self.taken_in(layer))[0], self.values @ pair.dense()[:, :, 0, 0]
        cross = (x - x.mean(0)).T @ (y - y.mean(0)) / len(x)
        return Regression(moments(x), cross, y.mean(0), y.var(0))

    def maps(self, pair: Pair, most: int) -> tuple[np.ndarray, np.ndarray]:
        found = self.values[: max(1, most // self.values[0].nbytes), :, None, None]
        return found, found
