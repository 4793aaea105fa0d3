"""What can be chosen about a network on a stream: how it trains, who dies and is born, and how it may grow."""

from dataclasses import dataclass

from neurograph.initializers import INITIALIZERS

from .....compiler.statistics.utility import FORMS
from ....options import Checked, option
from ....training.moving import check_nesterov, shared

CHOSEN = ("low_utility", "chance", "none")


@dataclass(frozen=True)
class StreamOptions(Checked):
    """How a network learns from a stream and metabolizes; the texts below say what each field means.

    Numbers of a population count for every population that metabolizes; a table gives each its own.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    steps: int = option(0, "training steps; 0 means until the stream ends", least=0)
    row: int = option(0, "steps that a row of the metrics sums up; 0 means a task, or 1,000 steps", least=0)
    optimizer: str = shared("optimizer", "adam")
    learning_rate: float = shared("learning_rate", 1e-3)
    momentum: float = shared("momentum", 0.9)
    nesterov: bool = shared("nesterov", False)
    weight_decay: float = shared("weight_decay", 0.0)
    clip: float = shared("clip", 0.0)
    newborn_state: str = shared("newborn_state", "own")
    populations: tuple[str, ...] | None = option(None, "which populations metabolize; none means every inner one")
    chosen: str = option("low_utility", "who dies: by running contribution, by chance, or nobody", choices=CHOSEN)
    rate: float | dict[str, float] = option(
        10.0, "neurons of a population that die and are born a thousand steps", least=0
    )
    level: float = option(
        0.0,
        "beyond the rate, those die whose utility is below this many times their population's median",
        least=0,
        below=1,
    )
    age: int = option(100, "steps since its birth in which a neuron does not die", least=0)
    every: int = option(10, "steps from one look at who is to die to the next", least=1)
    utility: str = option(
        "contribution", "the running utility: Dohare et al.'s eq. 1, or its other forms", choices=FORMS
    )
    decay: float = option(0.99, "what it remembers from step to step (eta)", least=0, below=1)
    initializer: str = option("he_uniform", "newborns' incoming weights", choices=INITIALIZERS)
    newborn_scale: float = option(
        1.0, "what newborns' incoming weights are multiplied by: weights grow in training", least=1e-3, reach=1e3
    )
    newborns: int | dict[str, int] = option(
        0, "neurons that a population grows by where the stream asks for more; 0 means never", least=0, reach=100_000
    )
    cycle: int = option(3, "tasks (or rows, where there are none) whose losses tell whether it asks for more", least=1)
    slope: float = option(0.0, "grow when the loss falls by no more than this a task (eq. 1's threshold)")
    satisfied: float = option(0.0, "loss of a task below which nothing more is asked for", least=0)
    growth_limit: int | dict[str, int] = option(256, "neurons a population never grows beyond", least=1)
    tail: int = option(100, "newest entries of the journal that can be undone; of older ones counts are kept", least=1)
    checkpoint: int = option(1, "rows between checkpoints of a run directory", least=1)
    keep_weights: str = shared("keep_weights", "float32")
    weights_limit: int = shared("weights_limit", 64)
    loss: str = shared("loss", "auto")
    error: str = shared("error", "auto")
    seed: int = shared("seed", 0)
    device: str = shared("device", "cpu")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_nesterov(self)
