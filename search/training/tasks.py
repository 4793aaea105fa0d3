"""What a network is asked: to tell classes apart (targets are whole numbers) or to predict numbers (they are not)."""

import torch
from torch import Tensor
from torch.nn import functional as F


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
    >>> loss_of(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])).item()
    2.0
    """
    if y.is_floating_point():
        return F.mse_loss(answers, y.reshape(answers.shape))
    return F.cross_entropy(answers, y, label_smoothing=smoothing)


def no_faults(y: Tensor) -> Tensor:
    """The sum of no `faults`, to add others to: whole where they are counted, float64 where they are measured."""
    return torch.zeros((), dtype=torch.float64 if y.is_floating_point() else torch.int64, device=y.device)


def faults(answers: Tensor, y: Tensor) -> Tensor:
    """How many classes are wrong; or the sum of the squared errors."""
    if y.is_floating_point():
        return (answers.double() - y.reshape(answers.shape).double()).square().sum()
    return (answers.argmax(1) != y).sum()


def percent(total: Tensor, y: Tensor) -> float:
    """The faults over all targets y as a percentage: of the examples, or of the variation of the targets.

    100% is what always answering with the mean target would get.
    """
    if not y.is_floating_point():
        return 100.0 * total.item() / len(y)
    variation = (y.double() - y.double().mean(0)).square().sum().item()
    return 100.0 * total.item() / variation if variation else float(total.item() > 0.0) * 100.0
