"""Where the authors of self-expanding networks start from, and with what."""

from dataclasses import dataclass, field
from typing import Any

from neurograph.builders import mlp
from neurograph.network import NeuronGraph

from ...options import read_options
from .options import ExpandOptions


@dataclass(frozen=True)
class Preset:
    """A start.

    Parameters
    ----------
    data
        The data set's name.
    sizes
        Neurons of each layer, without biases.
    settings
        Options that differ from the defaults.
    """

    data: str
    sizes: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)

    def graph(self, seed: int = 0) -> NeuronGraph:
        """The network to start from."""
        return mlp(self.sizes, seed=seed, bias=False, initializer="xavier_uniform")

    def options(self, **settings: Any) -> ExpandOptions:
        """The options, with single ones set otherwise."""
        return read_options(ExpandOptions, settings=self.settings | settings)


_LINEAR = {
    "epochs": 30,
    "batch_size": 128,
    "learning_rate": 0.002,
    "schedule": "cosine",
    "validation": 0.1,
    "window": 1,
    "change": 0.05,
    "pause": 2,
    "expansions": 1,
    "most": 64,
    "most_each": 7,  # of ten classes, so that each gets its share
    "threshold": 0.0,
    "rule": "by_sign",
    "connected": "all",
}
PRESETS: dict[str, Preset] = {
    "linear-digits": Preset(
        "digits",
        (64, 10),
        _LINEAR | {"epochs": 60, "batch_size": 32, "learning_rate": 0.01, "most": 32, "most_each": 4},
    ),
    "linear-mnist": Preset("mnist", (784, 10), _LINEAR),
    "linear-fashion-mnist": Preset("fashion-mnist", (784, 10), _LINEAR),
}
