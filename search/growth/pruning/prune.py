"""`prune`: train a network while it loses the synapses that matter least."""

from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.method import Grown, Method, grow
from search.growth.pruning.events import Pruning
from search.growth.pruning.feasible import check_prunable
from search.growth.pruning.options import PruneOptions


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw the error against what was left of the network, as it was before the next pruning; not where it is zero."""
    held_out = rows[0]["validation_error"] is not None
    errors = {row["parameters"]: [row["validation_error" if held_out else "train_error"]] for row in rows}
    curve = draw.Curve("this run", list(errors), list(errors.values()), strong=True)
    if min(map(min, curve.errors)) > 0.0:
        name = f"{'validation' if held_out else 'training'} error (%)"
        draw.tradeoff([curve], {}, folder / "tradeoff.png", error_name=name)


PRUNE = Method("prune", PruneOptions, check_prunable, Pruning, pictures)


def prune(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: PruneOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Grown:
    """Train a network while its least synapses go, many at first and few at last, until so many are left.

    Neurons that are left without synapses go too, and the optimizer's state follows. Begin with a trained network, or
    give it epochs before `start`; where few are to be left, several runs, each from what the one before has left, do
    better than one that goes all the way, since each brings the learning rate back up.

    Parameters
    ----------
    graph
        What to start from; it is changed in place. Inputs and outputs must be as many as the data has features and
        classes.
    data
        The name of a data set, or one that was loaded. Images are flattened where the network takes numbers.
    options
        See `PruneOptions`; `settings` win over it.
    run
        A directory to keep config, metrics, journal, graphs, checkpoints and pictures in; `search.resume` goes on from
        it.
    force
        Whether a run that lies there is thrown away.
    progress
        Whether to show the epochs as they come.
    settings
        Single options by name.

    Returns
    -------
    Grown

    Raises
    ------
    OptionError
        An impossible option; so few synapses left that no path could be; a population that reads nothing; a metric of
        gradients where synapses are frozen; a run directory that is taken.
    CompileError, DataError, DivergenceError
        From compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> result = prune(mlp([64, 24, 10]), "digits", epochs=8, settle=2, left=0.1)
    >>> result.graph.number_of_edges() < 190  # a tenth of 1,776, and the last of an output
    True
    """
    return grow(PRUNE, graph, data, options, run=run, force=force, progress=progress, settings=settings)
