"""What can be chosen about every run in which a network changes."""

from dataclasses import dataclass
from typing import Any

from neurograph.errors import OptionError

from ..options import option
from ..training import TrainingOptions
from ..training.moving import shared


@dataclass(frozen=True)
class GrowingOptions(TrainingOptions):
    """What can be chosen about every run in which a network changes; `option`'s texts below say what each means."""

    measured: int = option(
        1024, "training examples on which an event's loss and function change are measured; 0 means never", least=0
    )
    checkpoint: int = option(1, "epochs between checkpoints of a run directory", least=1)
    standardise: bool = option(False, "whether each channel's (or feature's) mean and deviation are taken out")
    whiten: bool = option(False, "whether contrast is made even and the pixels' correlations are taken out (ZCA)")
    keep_weights: str = shared("keep_weights", "float32")
    weights_limit: int = shared("weights_limit", 64)
    watch_test: bool = option(
        False, "whether the test error of every epoch is measured and logged beside the others, for curves"
    )


def require_epochs(options: Any, least: int, what: str) -> None:
    """Refuse fewer epochs than it takes to begin after `start` and to `settle`, by `OptionError`; 0 trains nothing.

    Parameters
    ----------
    options
        With `epochs`, `start` and `settle`.
    least
        Epochs that there must be.
    what
        What begins, in words.
    """
    if 0 < options.epochs < least:
        raise OptionError(
            f"epochs={options.epochs} is too few to {what} after epoch start={options.start} and to settle for the "
            f"last settle={options.settle}: choose at least {least}, or a smaller start or settle"
        )
