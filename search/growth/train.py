"""`train`: train a network that stays as it is, kept and gone on with like those that change."""

from pathlib import Path
from typing import Any

from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.method import GrowingOptions, Grown, Method, grow
from search.training.loop import Callback


def _leave(trainer: Any, row: dict[str, Any]) -> None:
    """No epoch is followed by an edit."""


def _callback(options: Any, keep: Any) -> Callback:
    return _leave


def _any(graph: NeuronGraph, options: Any) -> None:
    """Any graph may be trained; what cannot be compiled says so itself."""


TRAIN = Method("train", GrowingOptions, _any, _callback)


def train(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: GrowingOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Grown:
    """Train a network that stays as it is: the baseline of those that grow, and what comes before or after growth.

    Parameters
    ----------
    graph
        What to train; its weights change in place.
    data, options, run, force, progress, settings
        See `search.metabolize`.

    Returns
    -------
    Grown

    Raises
    ------
    OptionError, CompileError, DataError, DivergenceError
        From options, compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> train(mlp([64, 16, 10], activation="relu"), "digits", epochs=9, learning_rate=0.01).test_error < 10
    True
    """
    return grow(TRAIN, graph, data, options, run=run, force=force, progress=progress, settings=settings)
