"""`expand`: train a network whose synapses become neurons where they cannot do their job."""

from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.expansion.events import Expansion
from search.growth.expansion.options import ExpandOptions
from search.growth.expansion.scores import scorable
from search.growth.method import Grown, Method, grow


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw the scores of the synapses that were chosen, where any were."""
    events = [entry.details for entry in graph.journal if entry.verb == "Expand" and "scores" in entry.details]
    if events:
        found = [draw.Scored(d["event"]["epoch"], d["scores"], d.get("histogram", ())) for d in events]
        draw.scores(found, folder / "scores.png", metric=events[-1]["metric"])


EXPAND = Method("expand", ExpandOptions, scorable, Expansion, pictures)


def expand(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: ExpandOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Grown:
    """Train a network that expands where its synapses cannot do their job ("Self Expanding Neural Networks").

    When the loss stands still, the synapses of the highest score become paths through new neurons, which form a layer
    of their own (`neurograph.edits.Expand`); some epochs later, those of the newborn synapses that the same metric
    finds in excess are removed. The optimizer's state follows.

    Parameters
    ----------
    graph
        What to start from, such as `PRESETS["linear-mnist"].graph()`; it is changed in place. Inputs and outputs must
        be as many as the data has features and classes.
    data
        The name of a data set, or one that was loaded. Images are flattened where the network takes numbers. Targets
        that are no class numbers are met in mean square.
    options
        See `ExpandOptions`; `settings` win over it.
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
        An impossible option; a population that reads nothing; a metric of gradients where synapses are frozen; a run
        directory that is taken.
    CompileError, DataError, DivergenceError
        From compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> result = expand(mlp([64, 10], bias=False), "digits", epochs=12, pause=2, window=1, change=1.0, most=4)
    >>> len(result.graph.population("expanded1"))
    4
    """
    return grow(EXPAND, graph, data, options, run=run, force=force, progress=progress, settings=settings)
