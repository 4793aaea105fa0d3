"""A network that grows, as a classifier of scikit-learn."""

from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d, validate_data

from .base import GrowingEstimator


class GrowingClassifier(ClassifierMixin, GrowingEstimator):
    """Tells classes apart, or gives each example several labels, by a network that grows.

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
    classes_
        The labels, in the order of the network's outputs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> model = GrowingClassifier(hidden=(4,), random_state=0).fit(x, y)
    >>> bool(model.score(x, y) > 0.9), len(model.graph_.population("hidden1")) > 4
    (True, True)
    """

    classes_: np.ndarray

    def fit(self, X: Any, y: Any) -> Self:
        """Train and grow a network on examples (n, features) and labels (n,), or (n, labels) of 0 and 1."""
        checked: Any = validate_data(self, X, y, dtype=np.float64, multi_output=True)
        x, y = checked
        return self._fit(x, *self._encoded(y, None))

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Train one epoch more on these examples; the first call says all `classes` where `y` lacks some."""
        first = not hasattr(self, "graph_")
        checked: Any = validate_data(self, X, y, dtype=np.float64, multi_output=True, reset=first)
        x, y = checked
        return self._partial_fit(x, *self._encoded(y, classes if first or classes is not None else self.classes_))

    def _encoded(self, y: np.ndarray, classes: Any) -> tuple[np.ndarray, int]:
        """Targets as the network learns them, and how many outputs that takes."""
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._several = type_of_target(y) == "multilabel-indicator"
        if self._several:
            self.classes_ = np.arange(y.shape[1])
            return y.astype(np.float32), y.shape[1]
        if y.ndim != 1:
            raise ValueError("Unknown label type: several classes an example, each of more than two")
        known = np.unique(y if classes is None else classes)
        strange = np.setdiff1d(y, known)
        if len(strange):
            raise ValueError(f"y holds {strange[0]!r}, which is none of the classes {known.tolist()}")
        if hasattr(self, "graph_") and classes is not None and not np.array_equal(known, self.classes_):
            raise ValueError(f"classes={known.tolist()} are not those of the first call, {self.classes_.tolist()}")
        self.classes_ = known
        return np.searchsorted(known, y).astype(np.int64), max(len(known), 2)

    def _loss(self) -> Any:
        return "bce" if self._several and self.loss == "auto" else self.loss

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, classes) probabilities; of several labels, (n, labels), each its own."""
        answers = self._answers(X)
        return expit(answers) if self._several else softmax(answers[:, : len(self.classes_)], axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """(n,) labels of the largest probability; or (n, labels) of 0 and 1."""
        found = self.predict_proba(X)
        return (found > 0.5).astype(int) if self._several else self.classes_[found.argmax(1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
