"""What can be chosen about a layer that is inserted into a network in training."""

from dataclasses import dataclass
from typing import Any

from neurograph.edits import InsertLayer
from neurograph.errors import OptionError
from neurograph.insertion import ALGORITHMS
from neurograph.insertion.pair import PLACES
from neurograph.schema.activations import ACTIVATIONS
from neurograph.schema.neuron import NORMS

from ...options import MOST_RATE, option
from ..options import GrowingOptions

NONE = "none"
AUTO = "auto"
WORDS = (*(name for name in ALGORITHMS if isinstance(name, str)), NONE)
_PASSED = ("width", "algorithm", "target", "penalty", "alpha", "kernel", "place", "ridge", "seed")

_LEAST_SHARE = 1e-9  # that a layer may miss: below, rounding alone decides


@dataclass(frozen=True)
class MorphOptions(GrowingOptions):
    """Options of `morph`: where, when and how the layer comes in; how to train; what to keep. See `InsertLayer`."""

    between: tuple[str, ...] | str = option(
        ("hidden1", "output"),
        "the two populations that the layer comes between; auto: where the loss asks most for what no weights can give",
    )
    insert_after: int = option(30, "epochs that the parent trains first; 0 for a graph that is trained", least=0)
    algorithm: int | str = option(
        "joint",
        "joint (fitted for what it must carry), CompNet's 1, 2 or 3, redundant (all stay), random, identity "
        "(Net2Net), residual (beside what is there), netmorph (weights taken apart), none (the parent trains on)",
        choices=WORDS,
        least=1,
        most=3,
    )
    width: int | None = option(
        200, "neurons that are drawn; for joint, at most; none for identity", least=1, reach=100_000
    )
    target: int | float | None = option(
        0.01,
        "neurons that stay, or the share of what the readers take in that may be missed; none: all, or penalty and "
        "alpha",
        least=0,
    )
    penalty: float | None = option(None, "the paper's lambda; at 1, nothing would be left", least=0, below=1)
    alpha: float | None = option(None, "the weight of similarity between neurons", least=0, reach=MOST_RATE)
    new_activation: str = option("relu", "activation of the new neurons", choices=ACTIVATIONS)
    new_norm: str = option("none", "norm of the new neurons", choices=NORMS)
    kernel: int | None = option(None, "side of the new kernels between maps; none means 3", least=1, reach=1024)
    place: str = option("after", "where pools lie between: behind or before them", choices=PLACES)
    ridge: float = option(1e-3, "penalty of the regression behind the new neurons", least=0, reach=MOST_RATE)
    recorded: int = option(5000, "training examples whose activations the regressions see", least=2)
    positions: int | None = option(None, "places of each map that they see; none means all", least=1)
    scratch: bool = option(False, "whether every weight is drawn anew once the layer is in, for comparison")

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.target, float) and 0 < self.target < _LEAST_SHARE:
            raise OptionError(
                f"target must be a number of neurons, or a share of at least {_LEAST_SHARE:g} that may be missed, "
                f"not {self.target:g}"
            )

    def edit(self, observations: Any = None) -> InsertLayer | None:
        """The edit, or None where nothing is to be inserted.

        Raises
        ------
        OptionError, NeuronError
            As `InsertLayer`.
        """
        if self.algorithm == NONE:
            return None
        given: dict[str, Any] = {name: getattr(self, name) for name in _PASSED} | {
            "activation": self.new_activation,
            "norm": self.new_norm,
        }
        if self.algorithm in ("redundant", "identity", "residual", "netmorph"):
            given["target"] = None
        if self.algorithm == "identity":
            given["width"] = None
        between = ("chosen", "later") if self.between == AUTO else self.between
        return InsertLayer(between, **given, observations=observations)
