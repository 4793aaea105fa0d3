"""What can be chosen about training, and the two things made of it: the optimizer and the learning rate of an epoch."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, pi
from typing import Protocol

import torch

from neurograph.errors import OptionError

from ..options import Checked, option
from ..training.augment import Augmentation
from ..training.moving import HasMomentum, check_nesterov, shared


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
    optimizer: str = shared("optimizer", "adam")
    learning_rate: float = shared("learning_rate", 1e-3, help="of the first epoch")
    schedule: str = option(
        "constant", "how the learning rate goes on from there", choices=("constant", "cosine", "restarts", "step")
    )
    least_rate: float = option(0.0, "what schedules cosine and restarts fall towards", least=0)
    restart_after: int = option(10, "epochs before the first restart of schedule restarts", least=1)
    restart_factor: int = option(2, "how many times as long each stretch between restarts is as the last", least=1)
    step_every: int = option(20, "epochs between the steps of schedule step", least=1)
    step_factor: float = option(0.1, "what each of those steps multiplies the learning rate by", above=0, most=1)
    momentum: float = shared("momentum", 0.9)
    nesterov: bool = shared("nesterov", False)
    newborn_state: str = shared("newborn_state", "own")
    weight_decay: float = shared("weight_decay", 0.0)
    clip: float = shared("clip", 0.0)
    label_smoothing: float = option(
        0.0, "share of a class's target that is spread over all classes while training", least=0, below=1
    )
    crop: int = option(0, "zeros put around an image, each side, before it is cropped back at random", least=0)
    flip: bool = option(False, "whether every second image, at random, is mirrored")
    cutout: int = option(0, "side of the square cut out of every image; 0 means none", least=0)
    channels_last: bool = option(
        False, "whether images lie with their channels innermost: on a CPU often faster for narrow layers"
    )
    precision: str = option(
        "float32",
        "of products while training: bfloat16 is faster where a processor has it; all else stays float32",
        choices=("float32", "bfloat16"),
    )
    validation: float = option(0.15, "share of the training examples held out to validate on", least=0, below=1)
    patience: int = option(0, "epochs without a better loss after which training stops; 0 means never", least=0)
    evaluation_batch: int = option(1024, "examples at a time when only evaluating", least=1)
    seed: int = shared("seed", 0)
    device: str = shared("device", "cpu")
    loss: str = shared("loss", "auto")
    error: str = shared("error", "auto")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_nesterov(self)
        if self.least_rate > self.learning_rate:
            raise OptionError(
                f"least_rate must be at most learning_rate={self.learning_rate:g}, not {self.least_rate:g}"
            )

    def augmentation(self) -> Augmentation:
        """What happens to the images of an epoch."""
        return Augmentation(self.crop, self.flip, self.cutout)


def learning_rate(options: TrainingOptions, epoch: int) -> float:
    """The learning rate of an epoch, epochs counted from 1.

    Schedules cosine and restarts are eq. 5 of Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with
    warm restarts", taken once an epoch; restart_after is its T_0 and restart_factor its T_mult. Four restarts from 10
    epochs on, each stretch twice the last, end with epoch 310.

    Examples
    --------
    >>> [learning_rate(TrainingOptions(schedule="step", step_every=2, learning_rate=1.0), e) for e in (1, 2, 3)]
    [1.0, 1.0, 0.1]
    """
    if options.schedule in ("cosine", "restarts"):
        done, length = epoch - 1, max(options.epochs, 1)
        if options.schedule == "restarts":
            done, length = _since_restart(done, options.restart_after, options.restart_factor)
        fall = options.learning_rate - options.least_rate
        return options.least_rate + fall * 0.5 * (1.0 + cos(pi * done / length))
    if options.schedule == "step":
        return options.learning_rate * options.step_factor ** ((epoch - 1) // options.step_every)
    return options.learning_rate


def _since_restart(done: int, length: int, factor: int) -> tuple[int, int]:
    """How many of the epochs done came after the last restart, and how many there are from it to the next."""
    while done >= length:
        done, length = done - length, length * factor
    return done, length


class OptimizerOptions(HasMomentum, Protocol):
    """What options say of an optimizer, those of streams as well."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...


def make_optimizer(
    parameters: Iterable[torch.nn.Parameter], options: OptimizerOptions, fused: bool | None = None
) -> torch.optim.Optimizer:
    """The optimizer the options ask for, over these parameters; `fused` makes Adam's step one kernel."""
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay, fused=fused)
    momentum, nesterov = options.momentum, options.nesterov
    return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=momentum, nesterov=nesterov)
