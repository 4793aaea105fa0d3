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
        From a seed to the network to start from; None: a trained one, which has to be named.
    settings
        Options that differ from the defaults.
    """

    data: str
    graph: Callable[[int], NeuronGraph] | None
    settings: dict[str, Any] = field(default_factory=dict)


_FIRST_512 = {"between": ("pool3", "conv4_1"), "width": 512, "kernel": 3}
_ONE_256 = {"between": ("conv3_3", "conv4_1"), "width": 256, "kernel": 3, "place": "before"}
_VGG = {"batch_size": 128, "schedule": "cosine", "learning_rate": 5e-4, "positions": 4, "epochs": 60}


# What CompNet says of its experiments (3.1): the rest, such as the batches and what dropout there is, it does not say.
_PAPER = {
    "optimizer": "sgd", "momentum": 0.9, "weight_decay": 1e-6, "schedule": "constant", "batch_size": 128,
    "algorithm": 2, "penalty": 0.1, "alpha": 0.1, "target": None, "positions": 4,
}  # fmt: skip
_PAPER_VGG = _PAPER | {"learning_rate": 3e-4, "crop": 4, "flip": True, "epochs": 2000, "insert_after": 1000}
_CHILD_256 = {"between": ("conv3_3", "inserted"), "width": 256, "kernel": 3, "place": "before", "insert_after": 0}
_DROPOUT = 0.5  # of what the linear layer reads


def _vgg(depth: int, settings: dict[str, Any], share: float = 1.0) -> Preset:
    """A VGG with that share of its filters, and of those drawn."""
    drawn = {"width": round(settings["width"] * share)}
    return Preset("cifar10", lambda seed: vgg(depth, seed=seed, width=share), _VGG | settings | drawn)


def _paper(depth: int, settings: dict[str, Any]) -> Preset:
    """A VGG as CompNet trains it."""

    def graph(seed: int) -> NeuronGraph:
        made = vgg(depth, seed=seed)
        for neuron in made.population("pool5"):
            made.nodes[neuron]["dropout"] = _DROPOUT
        made.restart_journal()
        return made

    return Preset("cifar10", graph, _PAPER_VGG | settings)


def _child(settings: dict[str, Any], share: float = 1.0) -> Preset:
    """The VGG16 that became of VGG15 gets the layer that makes it VGG17 (3.4)."""
    return Preset("cifar10", None, settings | _CHILD_256 | {"width": round(256 * share)})


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
    "lenet4-mnist-paper": Preset(
        "mnist",
        lambda seed: lenet4(seed),
        _PAPER
        | {"learning_rate": 5e-3, "between": ("pool1", "conv2"), "width": 100, "kernel": 5, "positions": 16}
        | {"epochs": 300, "insert_after": 200},
    ),
    "vgg15-cifar10-paper": _paper(15, _FIRST_512),
    "vgg16-17-cifar10-paper": _child(_PAPER_VGG | {"epochs": 1000}),  # --graph: a run of the one before
    "vgg18-cifar10-paper": _paper(18, _FIRST_512),
    "vgg16-17-cifar10-eighth": _child(_VGG | {"epochs": 30}, 1 / 8),  # --graph: a run of the next one
    "vgg15-cifar10-eighth": _vgg(15, _FIRST_512, 1 / 8),  # for a CPU: 64 neurons are drawn
}
