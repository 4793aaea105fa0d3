"""How good a network is on given examples."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def evaluate(net: nn.Module, x: Tensor, y: Tensor, batch_size: int = 1024) -> tuple[float, float]:
    """Mean cross-entropy and error of a classifier, in evaluation mode; the network's mode is put back.

    Parameters
    ----------
    net
        Gives (n, classes) for (n, ...).
    x, y
        Examples and their int64 class numbers, on the network's device.
    batch_size
        Examples at a time.

    Returns
    -------
    loss, error
        Mean cross-entropy in nats, and the share of wrong answers in percent.

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
        wrong = torch.zeros((), dtype=torch.int64, device=y.device)
        with torch.no_grad():
            for some_x, some_y in zip(x.split(batch_size), y.split(batch_size), strict=True):
                answers = net(some_x)
                loss = loss + F.cross_entropy(answers, some_y, reduction="sum")
                wrong = wrong + (answers.argmax(1) != some_y).sum()
    finally:
        net.train(training)
    return loss.item() / len(y), 100.0 * wrong.item() / len(y)
