"""`morph`: a trained network gets one more layer, as small as it can be, and trains on."""

from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.network import NeuronGraph
from search.datasets import Dataset
from search.growth.method import Grown, Method, grow
from search.growth.morphing.events import Insertion, begin, insertable
from search.growth.morphing.options import MorphOptions


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw beta against neuron, and which neurons went, where a Lasso chose."""
    for entry in graph.journal:
        if entry.verb == "InsertLayer" and "beta" in entry.details:
            draw.sparsity(entry.details["beta"], entry.details["kept"], folder / "sparsity.png", title=told(entry))


MORPH = Method("morph", MorphOptions, insertable, Insertion, pictures, begin)


def morph(
    graph: NeuronGraph,
    data: str | Dataset = "digits",
    options: MorphOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    progress: bool = False,
    **settings: Any,
) -> Grown:
    """Train a network, insert a layer that is as small as it can be, and train on (CompNet).

    The new layer keeps the function as nearly as a regression on recorded activations can (`neurograph.edits
    .InsertLayer`); the optimizer's state follows. `report` says what the insertion did.

    Parameters
    ----------
    graph
        The parent; it is changed in place. One that is trained already, such as a loaded graph or a lifted PyTorch
        module, is morphed at once with `insert_after=0`.
    data
        The name of a data set, or one that was loaded. Images are flattened where the network takes numbers.
    options
        See `MorphOptions`; `settings` win over it.
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
    OptionError, MissingError, EditError
        An impossible option; nothing between the two populations, and whatever else `InsertLayer` refuses.
    CompileError, DataError, DivergenceError
        From compiling, loading and training.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> result = morph(mlp([64, 16, 10]), "digits", epochs=6, insert_after=4, width=60, target=20)
    >>> len(result.graph.population("inserted"))
    20
    """
    return grow(MORPH, graph, data, options, run=run, force=force, progress=progress, settings=settings)


def told(entry: Any) -> str:
    """One insertion in a few words."""
    details = entry.details
    words = f"{details['neurons']} of {details['width']} neurons"
    if "penalty" in details:
        words += f", algorithm {entry.options['algorithm']}, λ {details['penalty']:.3g}, α {details['alpha']:.3g}"
    return words


def report(graph: NeuronGraph) -> str:
    """What the insertions in a graph's journal did, a paragraph each: neurons, function, error right before and after.

    Parameters
    ----------
    graph
        That `morph` returned, or read from a run.
    """
    lines = []
    for entry in graph.journal:
        if entry.verb != "InsertLayer":
            continue
        details, event = entry.details, entry.details.get("event", {})
        lines.append(f"{details['population']}: {told(entry)}")
        if "reconstruction_error" in details:
            lines.append(f"  {100 * details['reconstruction_error']:.3g}% of what the readers took in is missed")
        if "function_change" in event:
            lines.append(f"  outputs moved by {100 * event['function_change']:.3g}% on training examples")
        if event.get("held_out_before") is not None:
            before, after = event["held_out_before"], event["held_out_after"]
            lines.append(f"  error on held-out examples {before:.2f}% before, {after:.2f}% right after")
        if event:
            lines.append(f"  parameters {event['parameters_before']:,} -> {event['parameters_after']:,}")
    return "\n".join(lines) or "nothing was inserted"
