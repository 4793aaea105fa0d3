"""What can be chosen about the search for a layer hierarchy."""

from dataclasses import dataclass, fields, replace
from typing import Any

from neurograph.builders.enas import OPERATIONS
from neurograph.errors import OptionError
from neurograph.initializers import INITIALIZERS

from ...datasets import Dataset
from ...nhn.layers.samplers import SAMPLERS, Sampler, make_sampler
from ...nhn.layers.space import MacroSpace
from ...options import of_option, option
from ...training import TrainingOptions
from ...training.moving import shared


@dataclass(frozen=True)
class HierarchyOptions(TrainingOptions):
    """All options of `search.find_hierarchy`.

    Defaults are those of "Neuron hierarchical networks" (and of ENAS, where it says no other) on CIFAR-10, but for
    cutout, which squares of 16 pixels add.

    The options of training are those of the shared weights. An epoch trains them on networks that the sampler proposes,
    a new one for each batch; then the sampler learns from `steps` times `asked` networks, each rated on one batch of
    held-out examples.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    epochs: int = option(310, "passes over the training examples", least=0)
    batch_size: int = option(128, "examples a step", least=1)
    optimizer: str = shared("optimizer", "sgd", help="what moves the shared weights")
    learning_rate: float = shared("learning_rate", 0.05, help="of the first epoch, for the shared weights")
    schedule: str = option(
        "restarts", "how the learning rate goes on from there", choices=("constant", "cosine", "restarts", "step")
    )
    least_rate: float = option(0.001, "what schedules cosine and restarts fall towards", least=0)
    nesterov: bool = shared("nesterov", True)
    weight_decay: float = shared("weight_decay", 2.5e-4)
    clip: float = shared("clip", 5.0)
    crop: int = option(4, "zeros put around an image, each side, before it is cropped back at random", least=0)
    flip: bool = option(True, "whether every second image, at random, is mirrored")
    validation: float = option(0.1, "share of the training examples that networks are rated on", above=0, below=1)

    layers: int = option(12, "layers of the network", least=1, reach=64)
    segments: int = option(3, "parts of the network, between which the maps are halved", least=1, reach=16)
    channels: int = option(36, "of every layer of the first segment", least=1, reach=2**16)
    widen: int = option(1, "factor on the channels from a segment to the next", least=1, reach=64)
    stem: int = option(0, "channels of the stem; 0 means as many as a layer has", least=0, reach=2**16)
    trained_channels: int = option(
        0,
        "of every layer of the first segment of the network that is made of the winner; 0 means as many as searched",
        least=0,
        reach=2**16,
        before=0,
    )
    trained_widen: int = option(
        0, "its factor on the channels from a segment to the next; 0 means the search's", least=0, reach=64, before=0
    )
    operations: tuple[str, ...] = option(OPERATIONS, "those a layer may have; convolutions alone can be pruned later")
    read_out: str = option(
        "grouped", "how maps become numbers: their average, or a kernel of their size", choices=("average", "grouped")
    )
    initializer: str = option("he_smooth", "of all weights", choices=INITIALIZERS)
    standardise: bool = option(True, "whether each channel's mean and deviation are taken out of the images")
    examples: int = option(0, "training examples used, the same share of each class; 0 means all", least=0)

    sampler: str = option("controller", "what proposes networks", choices=SAMPLERS)
    sampler_options: dict[str, int | float] = option(
        {}, "the sampler's own, such as {rate = 0.01} for controller, {population = 20, tournament = 5} for evolution"
    )
    steps: int = option(50, "steps of the sampler after each epoch", least=0)
    asked: int = option(20, "networks rated in each of them", least=1, reach=100_000)
    rated_on: int = option(128, "held-out examples that a network is rated on, the same within a step", least=1)
    finalists: int = option(20, "networks compared on all held-out examples at the end", least=1, reach=100_000)
    inherit: bool = option(False, "whether the winner's graph keeps the shared weights; else it is initialised anew")
    checkpoint: int = option(1, "epochs between checkpoints of a run directory", least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        least = 2 ** (self.segments - 1)  # the smallest image there is; what cannot be is refused before data are read
        space = self._space(inputs=1, image=least, classes=1)
        with of_option("sampler_options"):
            self.make_sampler(space)
        if self.trained(space) != space and self.inherit:
            raise OptionError(
                "inherit=true keeps the shared weights, which fit no other width: leave trained_channels and "
                "trained_widen at 0"
            )

    def space(self, data: Dataset) -> MacroSpace:
        """The space for some data.

        Raises
        ------
        OptionError
            Data that are no square images of classes, or images that cannot be halved between the segments.
        """
        shape = data.input_shape
        if len(shape) != 3 or shape[1] != shape[2] or data.train_y.is_floating_point():
            raise OptionError(
                f"a layer hierarchy is for square images of classes, and {data.name} has examples of {shape}"
            )
        space = self._space(inputs=shape[0], image=shape[1], classes=data.classes)
        single = [name for name in ("batch_size", "rated_on") if getattr(self, name) == 1]
        if single and space.side(self.segments - 1) == 1:
            raise OptionError(f"{single[0]} must be at least 2, for batch norms see one value an example in small maps")
        return space

    def trained(self, space: MacroSpace) -> MacroSpace:
        """The space that the winner is made in: searched narrow, trained wide (as ENAS does).

        Parameters
        ----------
        space
            That is searched.
        """
        wider = {"channels": self.trained_channels or space.channels, "widen": self.trained_widen or space.widen}
        return replace(space, **wider)

    def _space(self, **of_data: Any) -> MacroSpace:
        chosen: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(MacroSpace) if f.name not in of_data}
        return MacroSpace(**chosen | of_data)

    def make_sampler(self, space: MacroSpace) -> Sampler:
        """The sampler, before it has seen any reward."""
        return make_sampler(self.sampler, space, self.seed, self.sampler_options)
