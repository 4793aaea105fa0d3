"""What can be chosen about how a network is pruned."""

from dataclasses import dataclass, fields

from neurograph.errors import OptionError
from neurograph.options import SCOPES

from ...options import Checked, option
from ..expansion.metrics import METRICS
from ..options import GrowingOptions, require_epochs

_SCHEDULE = next(f.metadata for f in fields(GrowingOptions) if f.name == "schedule")  # the same, but for the default


@dataclass(frozen=True)
class PruningOptions(Checked):
    """Which synapses go, and when; the texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    left: int | float = option(
        0.1, "synapses that are left at the end: a share of those that may go, or, from 2 on, how many", above=0
    )
    metric: str = option("activation_deviation", "what the least of goes", choices=METRICS)
    scope: str = option(
        "network", "compared with all synapses, or with those of the same layer, which then lose the same share",
        choices=SCOPES,
    )  # fmt: skip
    into: tuple[str, ...] | None = option(None, "populations whose incoming synapses may go; none means every one")
    skip_frozen: bool = option(False, "whether a metric of gradients passes over frozen synapses, else it refuses them")
    observed: int = option(4096, "training examples that the metric is taken over", least=1)
    take_over: bool = option(True, "whether biases take over the mean of what their neurons no longer read")
    start: int = option(1, "the epoch after which pruning begins", least=1)
    every: int = option(1, "epochs between two prunings", least=1)
    settle: int = option(5, "epochs at the end in which nothing is pruned", least=1)

    def __post_init__(self) -> None:
        if self.scope == "graph":
            object.__setattr__(self, "scope", "network")  # the word in runs of before
        super().__post_init__()
        if 1 < self.left < 2 or (self.left >= 2 and self.left != int(self.left)):
            raise OptionError(f"left must be a share of at most 1 or a whole number of at least 2, not {self.left!r}")


@dataclass(frozen=True)
class PruneOptions(PruningOptions, GrowingOptions):
    """All options of `search.prune` and `neurograph prune`: training and pruning in one table."""

    schedule: str = option("cosine", _SCHEDULE["help"], choices=_SCHEDULE["choices"])

    def __post_init__(self) -> None:
        super().__post_init__()
        require_epochs(self, self.start + self.settle, "begin pruning")
