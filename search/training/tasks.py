"""What a network is asked: to tell classes apart (targets are whole numbers) or to predict numbers (they are not)."""

from math import prod
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from neurograph.errors import DataError


def loss_of(answers: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
    """The mean loss of a batch.

    Parameters
    ----------
    answers
        (n, classes) or (n, targets).
    y
        (n,) int64 class numbers: cross-entropy in nats. Floating, (n, targets) or (n,): mean square error.
    smoothing
        Share of each class's target that is spread evenly over all classes (Szegedy et al. 2016, "Rethinking the
        inception architecture", section 7); of classes only.

    Examples
    --------
    >>> import torch
    >>> loss_of(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])).item()
    2.0
    """
    if y.is_floating_point():
        return F.mse_loss(answers, y.reshape(answers.shape))
    return F.cross_entropy(answers, y, label_smoothing=smoothing)


def check_answers(answers: Any, y: Tensor, of: str = "the network") -> None:
    """Refuse, by `DataError`, answers that targets cannot be held against.

    Parameters
    ----------
    answers
        What a network gives for some examples: (n, classes) or (n, targets).
    y
        (m,) class numbers or (m, targets) floating numbers, of all examples.
    of
        Whose answers they are, in errors.
    """
    if not isinstance(answers, Tensor):
        given = f"{len(answers)} outputs" if isinstance(answers, tuple | list) else type(answers).__name__
        raise DataError(f"{of} answers with {given}, and one tensor of a row an example is learned from")
    check_outputs(tuple(answers.shape[1:]), y, of)


def check_outputs(sizes: tuple[int, ...], y: Tensor, of: str = "the network") -> None:
    """Refuse, by `DataError`, targets that one answer of these sizes cannot be held against; see `check_answers`."""
    if y.is_floating_point():
        wanted = y[:1].numel() if len(y) else prod(sizes)
        if prod(sizes) != wanted:
            raise DataError(f"{of} answers with {_numbers(sizes)} an example, and the targets are {wanted} each")
        return
    if len(sizes) != 1:
        raise DataError(f"{of} answers with {_numbers(sizes)} an example, and classes take one number for each class")
    if len(y) and int(y.min()) < 0:
        raise DataError(f"y[{int(y.argmin())}] is {int(y.min())}, which is no class: they count from 0")
    if len(y) and int(y.max()) >= sizes[0]:
        raise DataError(
            f"{of} answers with {_numbers(sizes)} an example, one for each class, and y[{int(y.argmax())}] is class "
            f"{int(y.max())}, which takes {int(y.max()) + 1}"
        )


def _numbers(sizes: tuple[int, ...]) -> str:
    return f"maps of {' x '.join(map(str, sizes))}" if len(sizes) > 1 else f"{prod(sizes)} numbers"


def faults(answers: Tensor, y: Tensor) -> Tensor:
    """How many classes are wrong; or the sum of the squared errors."""
    if y.is_floating_point():
        return (answers.double() - y.reshape(answers.shape).double()).square().sum()
    return (answers.argmax(1) != y).sum()
