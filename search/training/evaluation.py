"""How good a network is on given examples."""

import torch
from torch import Tensor, nn

from search.training.tasks import faults, loss_of, no_faults, percent


def evaluate(net: nn.Module, x: Tensor, y: Tensor, batch_size: int = 1024) -> tuple[float, float]:
    """Mean loss and error, in evaluation mode; the network's mode is put back.

    Parameters
    ----------
    net
        Gives (n, classes) or (n, targets) for (n, ...).
    x, y
        Examples and their int64 class numbers or floating targets, on the network's device.
    batch_size
        Examples at a time.

    Returns
    -------
    loss, error
        Of classes: mean cross-entropy in nats, and the share of wrong answers in percent. Of numbers: mean square
        error, and the share of the targets' variance that is not explained in percent.

    Raises
    ------
    ValueError
        When there are no examples.
    """
    if not len(y):
        raise ValueError("there are no examples to evaluate on")
    training = net.training
    net.eval()
    try:
        loss = torch.zeros((), dtype=torch.float64, device=y.device)
        wrong = no_faults(y)
        with torch.no_grad():
            for some_x, some_y in zip(x.split(batch_size), y.split(batch_size), strict=True):
                answers = net(some_x)
                loss = loss + loss_of(answers, some_y) * len(some_y)
                wrong = wrong + faults(answers, some_y)
    finally:
        net.train(training)
    return loss.item() / len(y), percent(wrong, y)
