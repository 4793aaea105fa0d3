"""`morph`: a trained network gets one more layer, as small as it can be, and trains on."""

from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.analysis.units import unit_of, with_unit
from neurograph.network import NeuronGraph

from ..method import Method
from .events import Insertion, begin, insertable
from .options import MorphOptions
from .presets import PRESETS


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw beta against neuron, and which neurons went, where a Lasso chose."""
    for entry in graph.journal:
        if entry.verb == "InsertLayer" and "beta" in entry.details:
            draw.sparsity(entry.details["beta"], entry.details["kept"], folder / "sparsity.png", title=summary(entry))


def summary(entry: Any) -> str:
    """One insertion in a few words."""
    details = entry.details
    words = f"{details['neurons']} of {details['width']} neurons"
    words += f", algorithm {entry.options['algorithm']}"
    if "penalty" in details:
        words += f", λ {details['penalty']:.3g}, α {details['alpha']:.3g}"
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
        lines.append(f"{details['population']}: {summary(entry)}")
        if "reconstruction_error" in details:
            lines.append(f"  {100 * details['reconstruction_error']:.3g}% of what the readers took in is missed")
        if "function_change" in event:
            lines.append(f"  outputs moved by {100 * event['function_change']:.3g}% on training examples")
        if event.get("held_out_before") is not None:
            unit = unit_of([event])
            before, after = (with_unit(event[f"held_out_{when}"], unit) for when in ("before", "after"))
            lines.append(f"  error on held-out examples {before} before, {after} right after")
        if event:
            lines.append(f"  parameters {event['parameters_before']:,} -> {event['parameters_after']:,}")
    return "\n".join(lines) or "nothing was inserted"


morph = Method(
    "morph",
    MorphOptions,
    insertable,
    Insertion,
    pictures,
    begin,
    help="insert a layer, as small as it can be, into a network (CompNet)",
    hidden=(32,),
    presets=PRESETS,
    report=report,
    about="""Train a network, insert a layer that is as small as it can be, and train on (CompNet).

The new layer keeps the function as nearly as a regression on recorded activations can (`neurograph.edits
.InsertLayer`); the optimizer's state follows. `report` says what the insertion did.

A parent that is trained already, such as a loaded graph or a lifted PyTorch module, is morphed at once with
`insert_after=0`.""",
    refused="An impossible option; nothing between the two populations, and whatever else `InsertLayer` refuses.",
    example=""">>> from neurograph.builders import mlp
>>> result = morph(mlp([64, 16, 10]), "digits", epochs=6, insert_after=4, width=60, target=20)
>>> len(result.graph.population("inserted"))
20""",
)

__test__ = {"morph": morph.example}
