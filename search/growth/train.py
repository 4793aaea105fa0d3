"""`train`: train a network that stays as it is, kept and gone on with like those that change."""

from typing import Any

from neurograph.network import NeuronGraph

from ..training.loop import Callback
from .method import Method
from .options import GrowingOptions


def _leave(trainer: Any, row: dict[str, Any]) -> None:
    """No epoch is followed by an edit."""


def _callback(options: Any, keep: Any) -> Callback:
    return _leave


def _any(graph: NeuronGraph, options: Any) -> None:
    """Any graph may be trained; what cannot be compiled says so itself."""


train = Method(
    "train",
    GrowingOptions,
    _any,
    _callback,
    help="train a network that stays as it is",
    hidden=(16, 16),
    open_ended=True,
    about="""Train a network that stays as it is: the baseline of those that grow, and what comes
before or after growth.""",
    example=""">>> from neurograph.builders import mlp
>>> train(mlp([64, 16, 10], activation="relu"), "digits", epochs=9, learning_rate=0.01).test_error < 10
True""",
)

__test__ = {"train": train.example}
