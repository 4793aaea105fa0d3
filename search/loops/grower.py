"""`Grower`: called by any training loop, step by step or epoch by epoch, it changes the network by a method's rules."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from neurograph import compiler
from neurograph.errors import OptionError, did_you_mean

from ..datasets import Dataset, Split, as_dataset
from ..growth.method import Method
from ..methods import METHODS
from ..options import MOST_WHOLE, read_options
from ..runs.held import held_rows
from ..training import Trainer, evaluate, neurons_per_population, parameter_count
from ..training.fit import check_fit, fitting
from ..training.own import objective_with, taken_own

_SEEN = 1024  # examples that an error is measured on, where the loop brings none
_STATE = Path("the state")


class Grower:
    """Lets a network grow, expand, thin out or rewire in a training loop that is not ours.

    The loop calls `step` after each step of its optimizer. Every `every` of them count as an epoch: then the method's
    own rules look at the losses so far, and where an event is due the graph is edited, and network and optimizer follow
    (`net.refresh`), as in `search.metabolize` and the others. A loop that thinks in epochs leaves `every` out and calls
    `end_epoch`.

    Parameters
    ----------
    net
        Compiled; it may be part of a larger module.
    optimizer
        What moves its Parameters; None where nothing does.
    data
        Examples that the rules look at, `(x, y)` or any form of `search.datasets.as_dataset`, as the network takes
        them: utilities, gradients, how loss and function move with an event.
    method
        One of `search.METHODS`, or a `Method`.
    every
        Steps that count as an epoch; None: the loop says so by `end_epoch`.
    options
        The method's, by name. `epochs` is how many there will be: methods with a calendar (prune, rewire, morph) need
        it, metabolize and expand may go on for ever. Options of training itself are the loop's own business.

    Attributes
    ----------
    rows
        A row an epoch, as `search.training.Trainer` has them.
    events
        What was done so far, one of `rows` each.

    Raises
    ------
    OptionError
        An unknown method or option; a method with a calendar without `epochs`; what the method refuses.
    DataError
        Data that are not what the network takes and answers.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> net = compiler.compile(mlp([4, 3, 2], activation="relu", seed=0))
    >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    >>> x, y = torch.rand(64, 4), torch.arange(64) % 2
    >>> soon = {"first_cycle": 1, "cycle": 1, "slope": 1.0, "newborns": 2, "growth": "static"}
    >>> grower = Grower(net, optimizer, (x, y), every=10, **soon)
    >>> for _ in range(20):
    ...     optimizer.zero_grad()
    ...     loss = torch.nn.functional.cross_entropy(net(x), y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     event = grower.step(loss)
    >>> event["kind"], event["born"]
    ('metabolism', {'hidden1': 2})
    """

    def __init__(
        self,
        net: compiler.CompiledNetwork,
        optimizer: torch.optim.Optimizer | None,
        data: Any,
        method: str | Method = "metabolize",
        *,
        every: int | None = None,
        **options: Any,
    ) -> None:
        if every is not None and every < 1:
            raise OptionError(f"every must be at least 1 step, or None, not {every!r}")
        self.method, self.every = _method(method), every
        own = taken_own(options)
        chosen = {"epochs": MOST_WHOLE} | options if self.method.open_ended else options
        if "epochs" not in chosen:
            raise OptionError(f"{self.method.command} has a calendar: say epochs=, how many there will be")
        made = read_options(self.method.options, settings=chosen | {"device": str(net.device)})
        self.method.check(net.graph, made)
        found = fitting(as_dataset(data), net.graph)
        check_fit(net, found)
        self._trainer = _Borrowed(net, _split(found), made, optimizer, objective_with(made, own))
        self._trainer.utility = self.method.gathered(net, made) if self.method.gathered else None
        self._change = self.method.callback(made, None)
        self._loss, self._error, self._steps = 0.0, None, 0
        if self.method.begin:
            self.method.begin(self._trainer, made, lambda line: None)

    @property
    def net(self) -> compiler.CompiledNetwork:
        """The network."""
        return self._trainer.net

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row an epoch."""
        return self._trainer.rows

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was done so far."""
        return [row["event"] for row in self.rows if row["event"]]

    def step(self, loss: Tensor | float) -> dict[str, Any] | None:
        """Count a step that the optimizer has made.

        Parameters
        ----------
        loss
            Of its batch; a tensor is not waited for before the epoch ends.

        Returns
        -------
        dict or None
            The event, where one was due: its kind, who was born and died, how loss and function moved, and why.
        """
        self._loss = self._loss + (loss.detach().double() if isinstance(loss, Tensor) else float(loss))
        self._steps += 1
        if self.every is None or self._steps < self.every:
            return None
        return self.end_epoch()

    def end_epoch(
        self,
        loss: float | None = None,
        *,
        error: float | None = None,
        validation_loss: float | None = None,
        validation_error: float | None = None,
    ) -> dict[str, Any] | None:
        """Count an epoch, and do what is due.

        Parameters
        ----------
        loss
            Its mean training loss; that of the steps since the last epoch when None.
        error
            Its training error, in percent or the unit of `error`; measured on some of the data when None.
        validation_loss, validation_error
            On held-out examples, where the loop has some.

        Returns
        -------
        dict or None
            The event, where one was due.

        Raises
        ------
        OptionError
            No loss is known.
        DivergenceError
            Where an event left the loss not finite.
        """
        if loss is None and not self._steps:
            raise OptionError("an epoch needs a loss: call step(loss) before, or end_epoch(loss)")
        loss = float(self._loss) / self._steps if loss is None else float(loss)
        trainer, self._loss, self._steps = self._trainer, 0.0, 0
        row = trainer.row(loss, trainer.error_now() if error is None else error, validation_loss, validation_error)
        trainer.rows.append(row)
        self._change(trainer, row)
        return row["event"]

    def state_dict(self) -> dict[str, Any]:
        """What it depends on beside network and optimizer, to be kept with theirs."""
        utility = self._trainer.utility
        state = {"rows": list(self.rows), "loss": float(self._loss), "steps": self._steps}
        return state | ({} if utility is None else {"utility": utility.state_dict()})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; the network is that of its time.

        Raises
        ------
        OptionError
            What is no such state.
        """
        try:
            rows, loss, steps = held_rows(state["rows"], _STATE), float(state["loss"]), int(state["steps"])
            if self._trainer.utility is not None:
                self._trainer.utility.load_state_dict(state["utility"])
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise OptionError(f"this is no state of a Grower: {error}") from None
        self._trainer.rows, self._loss, self._steps = [dict(row) for row in rows], loss, steps


class _Borrowed(Trainer):
    """What a method's rules ask of a trainer, where the loop is somebody else's."""

    def __init__(self, net: Any, split: Split, options: Any, optimizer: Any, objective: Any) -> None:
        options = replace(options, batch_size=min(options.batch_size, len(split.train_y)))
        super().__init__(
            net, split, options, optimizer or torch.optim.SGD(net.parameters(), lr=0.0), objective=objective
        )
        self.optimizer = optimizer

    def error_now(self) -> float:
        """The error on some of the data."""
        x, y = self.sample(_SEEN)
        return evaluate(self.net, x, y, self.options.evaluation_batch, self.objective)[1]

    def row(self, loss: float, error: float, *validation: float | None) -> dict[str, Any]:
        """The row of an epoch that is over."""
        groups = self.optimizer.param_groups if self.optimizer else [{}]
        return {
            "epoch": len(self.rows) + 1,
            "train_loss": loss,
            "train_error": error,
            "validation_loss": validation[0],
            "validation_error": validation[1],
            "learning_rate": groups[0].get("lr"),
            "neurons": neurons_per_population(self.net),
            "parameters": parameter_count(self.net),
            "seconds": 0.0,
            "edit": None,
            "event": None,
        }


def _method(method: str | Method) -> Method:
    if isinstance(method, Method):
        return method
    if method not in METHODS:
        meant = did_you_mean(method, METHODS)
        raise OptionError(f"there is no method {method!r}{meant}; there are {', '.join(METHODS)}")
    return METHODS[method]


def _split(data: Dataset) -> Split:
    return Split(data.train_x, data.train_y, data.train_x[:0], data.train_y[:0])
