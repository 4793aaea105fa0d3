"""The joint fit: W(new1), its biases, W(new2) and the targets' biases together, against what the targets took in.

CompNet draws W(new1) at random and looks for the neurons that are needed. Here it is made for what it must carry: the
directions that are read (`start`), W(new2) by least squares, a few hundred steps of Adam on all four, least squares
once more. Whatever of the two fits is better is taken, so the steps never cost anything.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurograph.errors import EditError
from neurograph.insertion.layer import NewLayer
from neurograph.insertion.least_squares import least_squares
from neurograph.insertion.passes import Maps, Weights, forward_backward, wanted
from neurograph.insertion.problem import Problem, Solution, fitted, outgoing
from neurograph.insertion.reads import reads_of
from neurograph.insertion.start import started

STEPS = 400
_ROWS = 256  # of a step
_RATE = 0.02  # of the first step, in root mean squares of what is fitted; a cosine leads to nought
_MOST = 2**28  # bytes of recorded values
_PLACES = 20_000  # rows that directions are found on


@dataclass(frozen=True, eq=False)
class Fit:
    """A layer, what it misses of the targets, and how it came about."""

    layer: NewLayer
    error: float
    details: dict[str, Any]


def joint(problem: Problem) -> Solution:
    """So many neurons (`target`, or the width), or as few as miss at most a share (`target`), found by bisection."""
    values = problem.data.maps(problem.pair, _MOST)
    target, width = problem.target, problem.layer.neurons
    if isinstance(target, float):
        fit = _fewest(problem, values, target)
    else:
        fit = _fit(problem, values, width if target is None else target)
    kept = list(range(fit.layer.neurons))
    reads, wired = wiring(problem, fit.layer)
    return fitted(problem, fit.layer, wired=wired, reads=reads, kept=kept, **fit.details)


def wiring(problem: Problem, layer: NewLayer) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(sources, neurons) and (neurons, targets) bool of a sparse layer, None of one that is not.

    A neuron reads the one source that it was made for, and is read by the targets that read that source.
    """
    if not problem.sparse:
        return None, None
    pair, (row, column) = problem.pair, layer.padding
    reads = layer.weights[:, :, row, column] != 0
    before = np.zeros((len(pair.sources), len(pair.targets)), bool)
    before[pair.origin[pair.at[:, 0]], pair.at[:, 1]] = True
    return reads, before[reads.argmax(0)]


def _fewest(problem: Problem, values: tuple[np.ndarray, np.ndarray], most: float) -> Fit:
    """The fewest neurons that miss at most such a share: doubled until they do, then halved between."""
    low, high = 0, 1
    tried = {1: _fit(problem, values, 1)}
    while tried[high].error > most:
        if high == problem.layer.neurons:
            raise EditError(
                f"{high} neurons fitted together miss a share of {tried[high].error:.4g} of what the targets take in, "
                f"and target={most:g} was asked for: allow more neurons (width=), or a larger share"
            )
        low, high = high, min(2 * high, problem.layer.neurons)
        tried[high] = _fit(problem, values, high)
    while high - low > 1:
        middle = (low + high) // 2
        tried[middle] = _fit(problem, values, middle)
        low, high = (low, middle) if tried[middle].error <= most else (middle, high)
    details = {"tried": {str(count): fit.error for count, fit in sorted(tried.items())}}
    return replace(tried[high], details=tried[high].details | details)


def _fit(problem: Problem, values: tuple[np.ndarray, np.ndarray], neurons: int) -> Fit:
    pair, drawn = problem.pair, problem.layer.of(np.arange(neurons))
    start = started(pair, drawn, _rows(values[0], problem.seed), problem.sparse)
    if not start.neurons:
        raise EditError("no source varies on the recorded data, so there is nothing that sparse neurons could hand on")
    wired = wiring(problem, start)[1]
    regression = problem.regression(start)
    first = least_squares(regression, problem.ridge, pair.through_origin, wired)
    steps = STEPS if problem.iterations is None else problem.iterations
    old = outgoing(pair, first.weights)
    layer = descended(problem, Maps.of(*values), start, old, first.intercept, steps)
    error = np.inf
    if all(np.isfinite(part).all() for part in (layer.weights, 0.0 if layer.bias is None else layer.bias)):
        error = least_squares(problem.regression(layer), problem.ridge, pair.through_origin, wired).error
    details = {"steps": steps, "start_error": first.error}
    return Fit(layer, error, details) if error < first.error else Fit(start, first.error, details)


def descended(
    problem: Problem, maps: Maps, layer: NewLayer, old: np.ndarray, intercept: np.ndarray, steps: int
) -> NewLayer:
    """The layer after so many steps of Adam on both layers.

    Parameters
    ----------
    problem
        Whose targets are to take in what they do now.
    maps
        Recorded values.
    layer, old, intercept
        Where the steps begin: the layer, (neurons, targets, height, width) W(new2), (targets,) what is added to it.
    steps
        How many.
    """
    pair, reads = problem.pair, reads_of(problem.pair, layer)
    dtype = maps.sources.dtype
    before = pair.dense().transpose(2, 3, 0, 1).reshape(-1, len(pair.targets)).astype(dtype)
    weights = _flat(layer, old, intercept, dtype)
    free: list[Any] = [True, layer.bias is not None, True, ~pair.through_origin]
    own, wired = wiring(problem, layer)
    if own is not None and wired is not None:
        free[0], free[2] = np.tile(own, (reads.kernel.shape[1], 1)), np.tile(wired, (reads.window.shape[1], 1))
    rng, adam = np.random.default_rng(problem.seed), Adam(weights, steps)
    for _ in range(steps):
        images, places = rng.integers(len(maps.sources), size=_ROWS), rng.integers(reads.places, size=_ROWS)
        target = wanted(maps, reads, images, places, before)
        _, gradient = forward_backward(maps, reads, images, places, target, weights, layer.activation)
        adam.step(weights, [part * use for part, use in zip(gradient.parts(), free, strict=True)])
    return _unflat(layer, weights)


class Adam:
    """Adam (Kingma and Ba 2015), each of the four parts by a rate that is a share of its root mean square."""

    def __init__(self, weights: Weights, steps: int) -> None:
        self.steps, self.done = steps, 0
        self.sizes = [max(float(np.sqrt((part.astype(float) ** 2).mean())), 1e-3) for part in weights.parts()]
        self.moments = [(np.zeros_like(part), np.zeros_like(part)) for part in weights.parts()]

    def step(self, weights: Weights, gradient: list[np.ndarray]) -> None:
        """One step, in place."""
        self.done += 1
        rate = _RATE * 0.5 * (1.0 + np.cos(np.pi * (self.done - 1) / self.steps))
        for part, slope, size, (first, second) in zip(weights.parts(), gradient, self.sizes, self.moments, strict=True):
            first += 0.1 * (slope - first)
            second += 0.001 * (slope * slope - second)
            scale = np.sqrt(second / (1 - 0.999**self.done)) + 1e-12
            part -= (rate * size / (1 - 0.9**self.done)) * first / scale


def _rows(values: np.ndarray, seed: int) -> np.ndarray:
    """(rows, sources) values at places, all or so many drawn."""
    rows = values.transpose(0, 2, 3, 1).reshape(-1, values.shape[1])
    if len(rows) <= _PLACES:
        return rows
    return rows[np.random.default_rng(seed).choice(len(rows), _PLACES, replace=False)]


def _flat(layer: NewLayer, old: np.ndarray, intercept: np.ndarray, dtype: np.dtype) -> Weights:
    """As the passes take them."""
    new = layer.weights.transpose(2, 3, 0, 1).reshape(-1, layer.neurons)
    bias = np.zeros(layer.neurons) if layer.bias is None else layer.bias
    behind = old.transpose(2, 3, 0, 1).reshape(-1, old.shape[1])
    return Weights(*(np.array(part, dtype) for part in (new, bias, behind, intercept)))


def _unflat(layer: NewLayer, weights: Weights) -> NewLayer:
    height, width = layer.weights.shape[2:]
    new = weights.new.reshape(height, width, -1, layer.neurons).transpose(2, 3, 0, 1).astype(np.float64)
    return replace(layer, weights=new, bias=None if layer.bias is None else weights.bias.astype(np.float64))
