"""What training makes small, and what it counts as an error: by name, or as functions of yours."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor
from torch.nn import functional as F

from neurograph.errors import DataError, OptionError

from . import tasks
from .measures import MEASURES, Function, Measure, Targets, measure_of

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """A loss, and how errors are counted.

    Parameters
    ----------
    loss
        The mean loss of a batch, from answers (n, outputs) and targets.
    targets
        Which it is for: "classes", "numbers" or "labels" (numbers from 0 to 1); "" for all.
    measure
        How errors are counted; None: as the loss and the targets suggest.
    """

    loss: Loss = tasks.loss_of
    targets: str = ""
    measure: Measure | None = None

    def measured(self, y: Tensor) -> Measure:
        """How errors of answers to such targets are counted."""
        if self.measure is not None:
            return self.measure
        if self.targets == "labels":
            return MEASURES["labels"]
        return MEASURES["unexplained" if y.is_floating_point() else "wrong"]

    def faults(self, answers: Tensor, y: Tensor) -> Tensor:
        """The faults of a batch, summed."""
        return self.measured(y).faults(answers, y)

    def error(self, total: float, y: Tensor) -> float:
        """The error, from the faults of all batches and all targets."""
        return self.measured(y).mean(total, Targets.of(y))

    def unit(self, y: Tensor) -> str:
        """Of the error: "%" and of what, if not of the examples; else the name of the measure."""
        return self.measured(y).unit

    def check(self, y: Tensor) -> None:
        """Refuse, by `DataError`, targets that it is not for."""
        _check("loss", self.targets, y)
        if self.measure is not None:
            _check("error", self.measure.targets, y)


def _check(name: str, wanted: str, y: Tensor) -> None:
    if not wanted:
        return
    if y.is_floating_point() == (wanted == "classes"):
        given = "numbers to predict" if y.is_floating_point() else "classes"
        raise DataError(f"this {name} is for {wanted}, and these targets are {given}: {name}=auto fits them")
    if wanted == "labels" and len(y) and not bool(((y >= 0) & (y <= 1)).all()):
        raise DataError(f"this {name} is for labels from 0 to 1, and there are targets from {y.min():g} to {y.max():g}")


def _alike(function: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    return lambda answers, y: function(answers, y.reshape(answers.shape))


AUTO = Objective()  # cross-entropy for classes, mean square error for numbers
OBJECTIVES = {
    "auto": AUTO,
    "cross_entropy": Objective(targets="classes"),
    "mse": Objective(targets="numbers"),
    "mae": Objective(_alike(F.l1_loss), "numbers"),
    "huber": Objective(_alike(F.smooth_l1_loss), "numbers"),
    "bce": Objective(_alike(F.binary_cross_entropy_with_logits), "labels"),
}


def objective_of(loss: "str | Loss | Objective", error: "str | Function | Measure" = "auto") -> Objective:
    """An objective by name, as it is, or with a loss or a measure of error of one's own.

    Raises
    ------
    OptionError
        For another name, or what cannot be called.

    Examples
    --------
    >>> import torch
    >>> objective_of("mae").loss(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])).item()
    1.0
    >>> objective_of("mse", "mae").unit(torch.zeros(2))
    'mae'
    """
    measure = measure_of(error)
    found = _named(loss)
    return found if measure is None else replace(found, measure=measure)


def _named(loss: "str | Loss | Objective") -> Objective:
    if isinstance(loss, Objective):
        return loss
    if isinstance(loss, str) and loss in OBJECTIVES:
        return OBJECTIVES[loss]
    if not callable(loss):
        raise OptionError(
            f"loss must be one of {', '.join(OBJECTIVES)}, or a function of answers and targets: {loss!r}"
        )
    return Objective(loss)
