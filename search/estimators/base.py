"""What both estimators do: make a network from the data's sizes, train and grow it, answer with what it computes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from neurograph import compiler
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ..datasets import Split, dataset_of
from ..growth.method import Method
from ..methods import METHODS
from ..options import read_options
from ..training import Trainer, make_optimizer, objective_of


class GrowingEstimator(BaseEstimator):
    """A network of neurons that may grow while it is fitted; see `GrowingClassifier` and `GrowingRegressor`."""

    graph_: NeuronGraph
    network_: compiler.CompiledNetwork
    history_: list[dict[str, Any]]

    def __init__(
        self,
        hidden: Sequence[int] = (16,),
        *,
        method: str = "metabolize",
        activation: str = "tanh",
        epochs: int = 60,
        batch_size: int = 32,
        learning_rate: float = 0.01,
        loss: "str | Callable[..., Any]" = "auto",
        standardise: bool = True,
        validation: float = 0.0,
        options: Mapping[str, Any] | None = None,
        callbacks: Sequence[Callable[..., None]] = (),
        random_state: Any = None,
    ) -> None:
        self.hidden, self.activation = hidden, activation
        self.method, self.options, self.callbacks = method, options, callbacks
        self.epochs, self.batch_size, self.learning_rate = epochs, batch_size, learning_rate
        self.loss, self.standardise, self.validation = loss, standardise, validation
        self.random_state = random_state

    def _fit(self, x: np.ndarray, y: np.ndarray, outputs: int) -> Self:
        """Train from the beginning; classes and numbers are as `dataset_of` takes them."""
        method, options = self._begin(x, outputs)
        data = dataset_of(self._scaled(x), y, name=type(self).__name__)
        data = replace(data, classes=max(data.classes, outputs))
        settings = {} if isinstance(self._loss(), str) else {"loss": self._loss()}
        made = method(self.graph_, data, options, callbacks=tuple(self.callbacks), **settings)
        self.history_ = made.rows
        self._settle()
        return self

    def _partial_fit(self, x: np.ndarray, y: np.ndarray, outputs: int) -> Self:
        """One epoch more on these examples, by the same rules, from where the last call stopped."""
        method, options = self._chosen() if hasattr(self, "graph_") else self._begin(x, outputs)
        options = replace(options, epochs=len(self.history_) + 2)  # this is never the last: edits may follow it
        data = dataset_of(self._scaled(x), y)
        split = Split(data.train_x, data.train_y, data.train_x[:0], data.train_y[:0])
        net = compiler.compile(self.graph_, batch_size=options.batch_size, device=options.device)
        optimizer = make_optimizer(net.parameters(), options)
        if self._moments is not None:
            net.load_optimizer_state(optimizer, self._moments)
        callbacks = (method.callback(options, None), *self.callbacks)
        trainer = Trainer(net, split, options, optimizer, callbacks, self.history_, objective_of(self._loss()))
        trainer.utility = method.gathered(net, options) if method.gathered else None
        trainer.run_epoch()
        net.write_back()
        self.history_, self._moments = trainer.rows, net.optimizer_state(optimizer)
        self._settle()
        return self

    def _begin(self, x: np.ndarray, outputs: int) -> tuple[Method, Any]:
        """A new network for these sizes, and how it will be trained."""
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        method, options = self._chosen()
        self.graph_ = method.build([x.shape[1], *self.hidden, outputs], self.activation, options)
        self.history_, self._moments = [], None
        self._measure(x)
        return method, options

    def _measure(self, x: np.ndarray) -> None:
        """Mean and deviation of each feature, which are taken out before the network sees it."""
        self.mean_ = x.mean(0) if self.standardise else np.zeros(x.shape[1])
        deviation = x.std(0) if self.standardise else np.ones(x.shape[1])
        self.scale_ = np.where(deviation > 0, deviation, 1.0)

    def _chosen(self) -> tuple[Method, Any]:
        if self.method not in METHODS:
            raise OptionError(f"there is no method {self.method!r}; there are {', '.join(METHODS)}")
        method, loss = METHODS[self.method], self._loss()
        chosen: dict[str, Any] = {name: getattr(self, name) for name in ("epochs", "batch_size", "learning_rate")}
        chosen |= {"validation": self.validation, "seed": self._seed}
        chosen |= {"loss": loss} if isinstance(loss, str) else {}
        return method, read_options(method.options, settings=chosen | dict(self.options or {}))

    def _loss(self) -> Any:
        return self.loss

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        return ((x - self.mean_) / self.scale_).astype(np.float32)

    def _settle(self) -> None:
        """A network to answer with: in float64, so that an example's answer does not hang on those beside it."""
        self.network_ = compiler.compile(self.graph_, dtype=torch.float64).eval()

    def _answers(self, x: Any) -> np.ndarray:
        """(n, outputs) float64."""
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, dtype=np.float64)
        with torch.no_grad():
            return self.network_(torch.from_numpy((x - self.mean_) / self.scale_)).numpy()

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "network_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "graph_"):
            self._settle()
