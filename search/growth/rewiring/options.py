"""What can be chosen about how synapses move."""

from dataclasses import dataclass, fields

from neurograph.analysis.densities import DISTRIBUTIONS
from neurograph.initializers import INITIALIZERS

from ...options import Checked, option
from ..options import GrowingOptions, require_epochs

_SCHEDULE = next(f.metadata for f in fields(GrowingOptions) if f.name == "schedule")  # the same, but for the default
GROWTH = ("gradient", "random")


@dataclass(frozen=True)
class RewiringOptions(Checked):
    """How sparse the network is, and how many synapses move when; the texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    density: float | None = option(
        0.1, "share of the weights that are left before the first epoch; none leaves the network as it is",
        above=0, most=1,
    )  # fmt: skip
    distribution: str = option("erk", "how the density is dealt out among the layers", choices=tuple(DISTRIBUTIONS))
    fraction: float = option(0.3, "share of each layer's synapses that moves at first", above=0, most=1)
    fall: str = option(
        "cosine",
        "how that share goes on: down to nothing by half a cosine, or as it is",
        choices=("cosine", "constant"),
    )
    growth: str = option(
        "gradient", "where synapses are born: where the gradient is largest (RigL), or anywhere (SET)", choices=GROWTH
    )
    initializer: str = option("zeros", "what newborn synapses weigh", choices=INITIALIZERS)
    into: tuple[str, ...] | None = option(None, "populations whose incoming synapses move; none means every one")
    observed: int = option(1024, "training examples that gradients of absent synapses are taken over", least=1)
    piece: int = option(64, "MiB that gradients of absent synapses may take at a time", least=1, reach=2**20)
    start: int = option(1, "the epoch after which synapses move first", least=1)
    every: int = option(1, "epochs between two moves", least=1)
    settle: int = option(5, "epochs at the end before which the last synapses have moved", least=1)


@dataclass(frozen=True)
class RewireOptions(RewiringOptions, GrowingOptions):
    """The options of `search.rewire` and `neurograph rewire`: training and rewiring in one table."""

    schedule: str = option("cosine", _SCHEDULE["help"], choices=_SCHEDULE["choices"])

    def __post_init__(self) -> None:
        super().__post_init__()
        require_epochs(self, self.start + self.settle + 1, "move synapses")
