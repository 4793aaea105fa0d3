"""What an algorithm is asked, and what it answers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurograph.errors import EditError
from neurograph.insertion.layer import NewLayer
from neurograph.insertion.least_squares import least_squares
from neurograph.insertion.pair import Pair
from neurograph.insertion.sums import Recorded, Regression


@dataclass(frozen=True, eq=False)
class Problem:
    """A layer to insert; see `neurograph.edits.InsertLayer` for what the options mean.

    Parameters
    ----------
    pair
        Between whom.
    layer
        As it was drawn.
    recorded
        The data, or None.
    """

    pair: Pair
    layer: NewLayer
    recorded: Recorded | None
    target: int | float | None = None
    penalty: float | None = None
    alpha: float | None = None
    iterations: int | None = None
    tolerance: float = 1e-8
    ridge: float = 0.0
    refit: bool = True
    seed: int = 0
    restarts: int = 0
    sparse: bool = False

    @property
    def data(self) -> Recorded:
        """What was recorded; `EditError` where nothing was."""
        if self.recorded is None:
            raise EditError(
                "this needs recorded activations: InsertLayer(..., observations=compiler.record(network, batches)); "
                "algorithms 'identity', 'netmorph' and 'residual' do without, where the new layer has no norm"
            )
        return self.recorded

    def regression(self, layer: NewLayer) -> Regression:
        """What the targets would see of a layer."""
        return self.data.regression(self.pair, layer)


@dataclass(frozen=True, eq=False)
class Solution:
    """A layer that is ready to be inserted.

    Parameters
    ----------
    layer
        Those that stay.
    weights
        (neurons, targets, height, width) float64, W(new2).
    intercept
        (targets,) what the targets' biases gain.
    wired
        (neurons, targets) bool, or None: each target reads every neuron.
    reads
        (sources, neurons) bool, or None: each neuron reads every source.
    beside
        Whether what the targets read before stays.
    details
        Details for the journal, plain values.
    """

    layer: NewLayer
    weights: np.ndarray
    intercept: np.ndarray
    wired: np.ndarray | None = None
    reads: np.ndarray | None = None
    beside: bool = False
    details: dict[str, Any] = field(default_factory=dict)


def fitted(
    problem: Problem,
    layer: NewLayer,
    regression: Regression | None = None,
    wired: np.ndarray | None = None,
    reads: np.ndarray | None = None,
    **details: Any,
) -> Solution:
    """The layer with W(new2) by least squares (eq. 11), where `wired` says so only; see `Solution`."""
    found = problem.regression(layer) if regression is None else regression
    fit = least_squares(found, problem.ridge, problem.pair.through_origin, wired)
    details_of_all = details | {"neurons": layer.neurons, "reconstruction_error": fit.error, "rows": found.inputs.count}
    return Solution(layer, outgoing(problem.pair, fit.weights), fit.intercept, wired, reads, details=details_of_all)


def outgoing(pair: Pair, weights: np.ndarray) -> np.ndarray:
    """(neurons, targets, height, width) kernels from (neurons * window, targets) weights."""
    return weights.reshape(-1, *pair.window, weights.shape[1]).transpose(0, 3, 1, 2)
