"""What can be chosen about training, and the two things made of it: the optimizer and the learning rate of an epoch."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, pi

import torch

from neurograph.errors import OptionError
from search.options import Checked, option


@dataclass(frozen=True)
class TrainingOptions(Checked):
    """How a network is trained; `option`'s texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    epochs: int = option(60, "passes over the training examples", least=0)
    batch_size: int = option(64, "examples a step", least=1)
    optimizer: str = option("adam", "what moves the parameters", choices=("adam", "sgd"))
    learning_rate: float = option(1e-3, "of the first epoch", above=0)
    schedule: str = option(
        "constant", "how the learning rate goes on from there", choices=("constant", "cosine", "step")
    )
    step_every: int = option(20, "epochs between the steps of schedule step", least=1)
    step_factor: float = option(0.1, "what each of those steps multiplies the learning rate by", above=0, most=1)
    momentum: float = option(0.9, "of sgd", least=0, below=1)
    weight_decay: float = option(0.0, "L2 penalty", least=0)
    validation: float = option(0.15, "share of the training examples held out to validate on", least=0, below=1)
    patience: int = option(0, "epochs without a better loss after which training stops; 0 means never", least=0)
    evaluation_batch: int = option(1024, "examples at a time when only evaluating", least=1)
    seed: int = option(0, "of everything random", least=0)
    device: str = option("cpu", "where to train, in torch's words: cpu, cuda, cuda:1")


def learning_rate(options: TrainingOptions, epoch: int) -> float:
    """The learning rate of an epoch, epochs counted from 1.

    Examples
    --------
    >>> [learning_rate(TrainingOptions(schedule="step", step_every=2, learning_rate=1.0), e) for e in (1, 2, 3)]
    [1.0, 1.0, 0.1]
    """
    if options.schedule == "cosine":
        return options.learning_rate * 0.5 * (1.0 + cos(pi * (epoch - 1) / max(options.epochs, 1)))
    if options.schedule == "step":
        return options.learning_rate * options.step_factor ** ((epoch - 1) // options.step_every)
    return options.learning_rate


def make_optimizer(parameters: Iterable[torch.nn.Parameter], options: TrainingOptions) -> torch.optim.Optimizer:
    """The optimizer the options ask for, over these parameters."""
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
    return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=options.momentum)


def usable_device(options: TrainingOptions) -> torch.device:
    """The device the options name; `OptionError` where torch knows no such device or this machine has none."""
    try:
        device = torch.device(options.device)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise OptionError(f"device {options.device!r} cannot be used here: {reason}. device=cpu always can") from None
    return device
