"""How good a network is on given examples."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from neurograph.errors import DataError

from ..datasets.checks import check_examples, check_targets
from .batches import in_batches
from .objectives import AUTO, Objective
from .tasks import check_answers


def evaluate(
    net: nn.Module, x: Tensor, y: Tensor, batch_size: int = 1024, objective: Objective = AUTO
) -> tuple[float, float]:
    """Mean loss and error, in evaluation mode; the network's mode is put back.

    Parameters
    ----------
    net
        Gives (n, classes) or (n, targets) for (n, ...).
    x, y
        Examples and their int64 class numbers or floating targets, on the network's device.
    batch_size
        Examples at a time.
    objective
        What loss and error are, where they are others than below.

    Returns
    -------
    loss, error
        Of classes: mean cross-entropy in nats, and the share of wrong answers in percent. Of numbers: mean square
        error, and the share of the targets' variance that is not explained in percent.

    Raises
    ------
    DataError
        When there are no examples, or examples, targets and answers do not fit each other, naming the row.
    """
    x = check_examples(x, "x")
    y = check_targets(y, "y", len(x))
    if not len(y):
        raise DataError("there are no examples to evaluate on")
    parts = zip(*(_parts(net, some, batch_size) for some in (x, y)), strict=True)
    training = net.training
    net.eval()
    try:
        loss = torch.zeros((), dtype=torch.float64, device=y.device)
        wrong = torch.zeros_like(loss)
        with torch.no_grad():
            for number, (some_x, some_y) in enumerate(parts):
                answers = net(some_x)
                if not number:
                    check_answers(answers, y)
                loss = loss + objective.loss(answers, some_y) * len(some_y)
                wrong = wrong + objective.faults(answers, some_y)
    finally:
        net.train(training)
    return loss.item() / len(y), objective.error(wrong.item(), y)


def _parts(net: nn.Module, rows: Tensor, size: int) -> tuple[Tensor, ...]:
    """Rows a batch; none of a single row where norms take their statistics from the batch also when evaluating."""
    by_batch = any(isinstance(module, _BatchNorm) and not module.track_running_stats for module in net.modules())
    return in_batches(rows, size) if by_batch else rows.split(size)
