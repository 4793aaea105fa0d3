"""Where the authors of self-expanding networks start from, and with what."""

from dataclasses import dataclass, field
from typing import Any

from neurograph.builders import mlp
from neurograph.graph import NeuronGraph
from search.expansion.options import ExpandOptions
from search.options import read_options


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
    "rule": "pair",
    "connected": "all",
    "most": 16,
    "threshold": 0.0,
    "expansions": 3,
    "pause": 4,
    "change": 0.01,
    "settle": 8,
}
PRESETS: dict[str, Preset] = {
    "linear-digits": Preset("digits", (64, 10), _LINEAR | {"epochs": 60, "batch_size": 64}),
    "linear-mnist": Preset("mnist", (784, 10), _LINEAR),
    "linear-fashion-mnist": Preset("fashion-mnist", (784, 10), _LINEAR),
}
