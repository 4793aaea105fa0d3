"""The paper's experiments as starts: a parent, where its layer goes, and how it trains."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from neurograph.builders import lenet4, mlp, vgg
from neurograph.network import NeuronGraph


@dataclass(frozen=True)
class Preset:
    """A start.

    Parameters
    ----------
    data
        The data set's name.
    graph
        From a seed to the network to start from.
    settings
        Options that differ from the defaults.
    """

    data: str
    graph: Callable[[int], NeuronGraph]
    settings: dict[str, Any] = field(default_factory=dict)


_FIRST_512 = {"between": ("pool3", "conv4_1"), "width": 512, "kernel": 3}
_ONE_256 = {"between": ("conv3_3", "conv4_1"), "width": 256, "kernel": 3, "place": "before"}
_VGG = {"batch_size": 128, "schedule": "cosine", "learning_rate": 5e-4, "positions": 4, "epochs": 60}


def _vgg(depth: int, settings: dict[str, Any], share: float = 1.0) -> Preset:
    """A VGG with that share of its filters, and of those drawn."""
    drawn = {"width": round(settings["width"] * share)}
    return Preset("cifar10", lambda seed: vgg(depth, seed=seed, width=share), _VGG | settings | drawn)


PRESETS: dict[str, Preset] = {
    "mlp-digits": Preset("digits", lambda seed: mlp([64, 32, 10], seed=seed), {"learning_rate": 3e-3}),
    "lenet4-mnist": Preset(
        "mnist",
        lambda seed: lenet4(seed),
        {
            "algorithm": 1,
            "between": ("pool1", "conv2"),
            "width": 100,
            "kernel": 5,
            "target": 36,
            "positions": 16,
            "epochs": 10,
            "insert_after": 5,
            "batch_size": 128,
        },
    ),
    "vgg15-cifar10": _vgg(15, _FIRST_512),
    "vgg16-cifar10": _vgg(16, _ONE_256),
    "vgg18-cifar10": _vgg(18, _FIRST_512),
    "vgg15-cifar10-eighth": _vgg(15, _FIRST_512, 1 / 8),  # for a CPU: 64 neurons are drawn
}
