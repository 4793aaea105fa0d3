"""Recorded activations in plain numpy: what `compiler.record` must agree with, and what edits are tested with alone."""

import numpy as np

from neurograph.insertion import NewLayer, Pair, Regression, Sums

ACTIVATIONS = {"relu": lambda x: np.maximum(x, 0.0), "tanh": np.tanh, "identity": lambda x: x}


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
        x, y = ACTIVATIONS[layer.activation](self.taken_in(layer)), self.values @ pair.dense()[:, :, 0, 0]
        cross = (x - x.mean(0)).T @ (y - y.mean(0)) / len(x)
        return Regression(moments(x), cross, y.mean(0), y.var(0))
