"""`metabolize`: train a network that grows where it has to."""

from pathlib import Path
from typing import Any

from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.metabolism.events import Metabolism, growing_populations
from search.growth.metabolism.options import MetabolizeOptions
from search.growth.method import Grown, Method, grow

METABOLIZE = Method("metabolize", MetabolizeOptions, growing_populations, Metabolism)


def metabolize(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: MetabolizeOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Grown:
    """Train a network that grows and eats its neurons while it trains (MetaNet, "Metabolize Neural Network").

    After each metabolism cycle in which the loss no longer falls (eq. 1), neurons are eaten (eq. 9 to 15), and each
    inner population gets newborns (eq. 2) with the weights of others (eq. 3 to 6). The optimizer's state follows.

    Parameters
    ----------
    graph
        What to start from; it is changed in place. Inputs and outputs must be as many as the data has features and
        classes.
    data
        The name of a data set, or one that was loaded. Images are flattened.
    options
        See `MetabolizeOptions`; `settings` win over it.
    run
        A directory to keep config, metrics, journal, graphs, checkpoints and pictures in; `resume` goes on from it.
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
        An impossible option; a population that cannot grow; a run directory that is taken.
    CompileError, DataError, DivergenceError
        From compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> result = metabolize(mlp([64, 8, 10]), "digits", epochs=12, first_cycle=2, cycle=2, newborns=4, slope=1.0)
    >>> len(result.graph.population("hidden1")) > 8
    True
    """
    return grow(METABOLIZE, graph, data, options, run=run, force=force, progress=progress, settings=settings)
