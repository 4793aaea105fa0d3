"""What training makes small, and what it counts as an error: by name, or as a function of yours."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from neurograph.errors import DataError, OptionError

from . import tasks

Loss = Callable[[Tensor, Tensor], Tensor]


def _wrong_labels(answers: Tensor, y: Tensor) -> Tensor:
    return ((answers > 0) != (y.reshape(answers.shape) > 0.5)).sum()


def _share_of_labels(total: Tensor, y: Tensor) -> float:
    return 100.0 * total.item() / max(y.numel(), 1)


@dataclass(frozen=True)
class Objective:
    """A loss, and how errors are counted.

    Parameters
    ----------
    loss
        The mean loss of a batch, from answers (n, outputs) and targets.
    faults
        The faults of a batch, summed, from the same.
    percent
        From the faults over all targets, and these, to the error in percent.
    targets
        Which it is for: "classes", "numbers" or "labels" (numbers from 0 to 1); "" for all.
    """

    loss: Loss = tasks.loss_of
    faults: Callable[[Tensor, Tensor], Tensor] = tasks.faults
    percent: Callable[[Tensor, Tensor], float] = tasks.percent
    targets: str = ""

    def unit(self, y: Tensor) -> str:
        """What errors are shares of, in words; "" where that is the examples."""
        if self.targets == "labels":
            return "of the labels"
        return "of the targets' variance" if y.is_floating_point() else ""

    def check(self, y: Tensor, name: str = "this loss") -> None:
        """Refuse, by `DataError`, targets that it is not for."""
        if not self.targets:
            return
        if y.is_floating_point() == (self.targets == "classes"):
            given = "numbers to predict" if y.is_floating_point() else "classes"
            raise DataError(f"{name} is for {self.targets}, and these targets are {given}: loss=auto fits them")
        if self.targets == "labels" and len(y) and not bool(((y >= 0) & (y <= 1)).all()):
            raise DataError(f"{name} is for labels from 0 to 1, and there are targets from {y.min():g} to {y.max():g}")


def _alike(function: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    return lambda answers, y: function(answers, y.reshape(answers.shape))


AUTO = Objective()  # cross-entropy for classes, mean square error for numbers
OBJECTIVES = {
    "auto": AUTO,
    "cross_entropy": Objective(targets="classes"),
    "mse": Objective(targets="numbers"),
    "mae": Objective(_alike(F.l1_loss), targets="numbers"),
    "huber": Objective(_alike(F.smooth_l1_loss), targets="numbers"),
    "bce": Objective(_alike(F.binary_cross_entropy_with_logits), _wrong_labels, _share_of_labels, "labels"),
}


def objective_of(loss: "str | Loss | Objective") -> Objective:
    """An objective by name, as it is, or with a loss of one's own; errors are then counted as by "auto".

    Raises
    ------
    OptionError
        For another name, or what cannot be called.

    Examples
    --------
    >>> import torch
    >>> objective_of("mae").loss(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])).item()
    1.0
    """
    if isinstance(loss, Objective):
        return loss
    if isinstance(loss, str) and loss in OBJECTIVES:
        return OBJECTIVES[loss]
    if not callable(loss):
        raise OptionError(
            f"loss must be one of {', '.join(OBJECTIVES)}, or a function of answers and targets: {loss!r}"
        )
    return Objective(loss)
