"""What counts as the error of a network's answers: by name, or as a function of yours; each with its unit."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from neurograph.errors import OptionError

from . import tasks

Function = Callable[[Tensor, Tensor], Tensor | float]


@dataclass(frozen=True)
class Targets:
    """Targets in sum, which faults are held against.

    Parameters
    ----------
    rows
        How many examples there are.
    numbers
        How many targets: as many, or several an example.
    variation
        Sum of the squared differences from the targets' means; 0 for classes.
    """

    rows: int
    numbers: int
    variation: float = 0.0

    @classmethod
    def of(cls, y: Tensor) -> "Targets":
        """The sum of (n,) class numbers, or of (n, targets) numbers."""
        varied = (y.double() - y.double().mean(0)).square().sum().item() if y.is_floating_point() else 0.0
        return cls(len(y), y.numel(), varied)


@dataclass(frozen=True)
class Measure:
    """A way to count errors.

    Parameters
    ----------
    faults
        The faults of a batch, summed, from answers (n, outputs) and targets.
    mean
        From the faults of all batches, and their targets, to the error.
    unit
        Of the error: "%" and of what, if not of the examples; else a name.
    targets
        Which it is for: "classes", "numbers" or "labels" (numbers from 0 to 1); "" for all.
    """

    faults: Callable[[Tensor, Tensor], Tensor]
    mean: Callable[[float, Targets], float]
    unit: str
    targets: str = ""


def _wrong_labels(answers: Tensor, y: Tensor) -> Tensor:
    return ((answers > 0) != (y.reshape(answers.shape) > 0.5)).sum()


def _outside_five(answers: Tensor, y: Tensor) -> Tensor:
    five = answers.topk(min(5, answers.shape[1]), 1).indices
    return (five != y[:, None]).all(1).sum()


def _missed(answers: Tensor, y: Tensor) -> Tensor:
    return (answers.double() - y.reshape(answers.shape).double()).abs().sum()


def _of_rows(total: float, targets: Targets) -> float:
    return 100.0 * total / targets.rows


def _of_numbers(total: float, targets: Targets) -> float:
    return 100.0 * total / max(targets.numbers, 1)


def _of_variation(total: float, targets: Targets) -> float:
    """100% is what always answering with the mean target would get."""
    return 100.0 * total / targets.variation if targets.variation > 0 else float(total > 0.0) * 100.0


def _each(total: float, targets: Targets) -> float:
    return total / max(targets.numbers, 1)


MEASURES = {
    "wrong": Measure(tasks.faults, _of_rows, "%", "classes"),
    "top5": Measure(_outside_five, _of_rows, "% not among the first five", "classes"),
    "labels": Measure(_wrong_labels, _of_numbers, "% of the labels", "labels"),
    "unexplained": Measure(tasks.faults, _of_variation, "% of the targets' variance", "numbers"),
    "mse": Measure(tasks.faults, _each, "mse", "numbers"),
    "rmse": Measure(tasks.faults, lambda total, targets: _each(total, targets) ** 0.5, "rmse", "numbers"),
    "mae": Measure(_missed, _each, "mae", "numbers"),
}


def measure_of(error: "str | Function | Measure") -> Measure | None:
    """A measure by name, as it is, or made of a function of answers and targets; None for "auto".

    A function gives the mean error of a batch; that of more is the mean over batches, weighted by their sizes. Its
    `unit`, where it has such an attribute, else its name, is the unit.

    Raises
    ------
    OptionError
        For another name, or what cannot be called.

    Examples
    --------
    >>> measure_of(lambda answers, y: (answers[:, 0] - y).abs().max()).unit
    'error'
    """
    if isinstance(error, Measure):
        return error
    if isinstance(error, str) and error in ("auto", *MEASURES):
        return MEASURES.get(error)
    if not callable(error):
        known = ", ".join(("auto", *MEASURES))
        raise OptionError(f"error must be one of {known}, or a function of answers and targets: {error!r}")
    name = getattr(error, "__name__", type(error).__name__)
    return Measure(_weighted(error), _of_batches, getattr(error, "unit", "error" if name == "<lambda>" else name))


def _weighted(function: Function) -> Callable[[Tensor, Tensor], Tensor]:
    def faults(answers: Tensor, y: Tensor) -> Tensor:
        found = torch.as_tensor(function(answers, y), dtype=torch.float64, device=y.device)
        if found.numel() != 1:
            raise OptionError(f"error must give one number a batch, and it gave {tuple(found.shape)}")
        return found.detach().reshape(()) * len(y)

    return faults


def _of_batches(total: float, targets: Targets) -> float:
    return total / targets.rows
