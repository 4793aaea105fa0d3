"""A network that grows, as a regressor of scikit-learn."""

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from .base import GrowingEstimator


class GrowingRegressor(RegressorMixin, GrowingEstimator):
    """Predicts numbers, one or several an example, by a network that grows while it is fitted.

    Targets, too, are learned less their mean and over their deviation where `standardise` is set.

    Parameters
    ----------
    hidden
        Neurons of each hidden layer to begin with.
    method
        How it changes: one of `search.METHODS`, such as "metabolize", "expand", "train" (stays as it is).
    activation
        Of the hidden layers.
    epochs, batch_size, learning_rate, validation
        As in `TrainingOptions`.
    loss
        A name of `search.training.OBJECTIVES`, or a function of answers and targets.
    standardise
        Whether each feature's mean and deviation (`mean_`, `scale_`) are taken out before the network sees it.
    options
        Other options of the method by name, such as {"growth_limit": 64}.
    callbacks
        Called after each epoch with trainer and row; see `search.training.Trainer`.
    random_state
        Of the first weights and everything after.

    Attributes
    ----------
    graph_
        The network, a `NeuronGraph` of standardised features.
    network_
        It, compiled in float64.
    history_
        A row of metrics an epoch; see `Trainer`.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 60)[:, None]
    >>> model = GrowingRegressor(hidden=(8,), epochs=200, random_state=0).fit(x, np.sin(2 * x[:, 0]))
    >>> bool(model.score(x, np.sin(2 * x[:, 0])) > 0.9)
    True
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train and grow a network on examples (n, features) and numbers (n,) or (n, targets)."""
        checked: Any = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        x, y = checked
        self._measure_targets(y)
        return self._fit(x, self._learned(y), y[:1].size)

    def partial_fit(self, X: Any, y: Any) -> Self:
        """Train one epoch more on these examples; means and deviations are those of the first call."""
        first = not hasattr(self, "graph_")
        checked: Any = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=first)
        x, y = checked
        if first:
            self._measure_targets(y)
        return self._partial_fit(x, self._learned(y), y[:1].size)

    def predict(self, X: Any) -> np.ndarray:
        """(n,) or (n, targets) numbers, as `y` was."""
        answers = self._answers(X) * self.target_scale_ + self.target_mean_
        return answers[:, 0] if self._flat else answers

    def _learned(self, y: np.ndarray) -> np.ndarray:
        """(n, targets) float32, standardised."""
        y = y[:, None] if y.ndim == 1 else y
        return ((y - self.target_mean_) / self.target_scale_).astype(np.float32)

    def _measure_targets(self, y: np.ndarray) -> None:
        columns = y[:, None] if y.ndim == 1 else y
        self._flat = y.ndim == 1
        self.target_mean_ = columns.mean(0) if self.standardise else np.zeros(columns.shape[1])
        deviation = columns.std(0) if self.standardise else np.ones(columns.shape[1])
        self.target_scale_ = np.where(deviation > 0, deviation, 1.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
