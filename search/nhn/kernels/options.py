"""What can be chosen about how flat kernels are pruned."""

from dataclasses import dataclass

from neurograph.options import SCOPES

from ...growth.options import GrowingOptions, require_epochs
from ...options import Checked, option


@dataclass(frozen=True)
class KernelPruningOptions(Checked):
    """Which kernels go, and when; the texts below say what each field means.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    ratio: float = option(0.85, "share of the kernels of more than one number that go in the end", least=0, most=1)
    ratios: dict[str, float] = option(
        {}, "instead of one share: of each population named, the share of the kernels that it reads", least=0, most=1
    )
    threshold: float = option(
        0.0,
        "instead of shares: the standard deviation that a kernel must exceed to stay, in the end; 0 means shares",
        least=0,
        before=0.0,
    )
    scope: str = option("layer", "where the share is taken: in every layer, or over the whole network", choices=SCOPES)
    start: int = option(1, "the epoch after which kernels are first masked", least=1)
    every: int = option(1, "epochs between two maskings", least=1)
    settle: int = option(10, "epochs at the end, after what is flat has gone for good", least=1)


@dataclass(frozen=True)
class PruneNetworkOptions(KernelPruningOptions, GrowingOptions):
    """All options of `search.prune_network`: training and pruning in one table."""

    schedule: str = option(
        "cosine", "how the learning rate goes on from there", choices=("constant", "cosine", "restarts", "step")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_epochs(self, self.start + self.settle, "begin pruning")
