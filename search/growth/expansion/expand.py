"""`expand`: train a network whose synapses become neurons where they cannot do their job."""

from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.network import NeuronGraph

from ..method import Method
from .events import Expansion
from .options import ExpandOptions
from .presets import PRESETS
from .scores import scorable


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw the scores of the synapses that were chosen, where any were."""
    events = [entry.details for entry in graph.journal if entry.verb == "Expand" and "scores" in entry.details]
    if events:
        found = [draw.Scored(d["event"]["epoch"], d["scores"], d.get("histogram", ())) for d in events]
        draw.scores(found, folder / "scores.png", metric=events[-1]["metric"])


expand = Method(
    "expand",
    ExpandOptions,
    scorable,
    Expansion,
    pictures,
    help="train a network whose synapses become neurons where they have to",
    hidden=(),
    presets=PRESETS,
    open_ended=True,
    about="""Train a network that expands where its synapses cannot do their job ("Self Expanding Neural Networks").

When the loss stands still, the synapses of the highest score become paths through new neurons, which form a layer
of their own (`neurograph.edits.Expand`); some epochs later, those of the newborn synapses that the same metric
finds in excess are removed. The optimizer's state follows.""",
    refused=(
        "An impossible option; a population that reads nothing; a metric of gradients where synapses are "
        "frozen; a run directory that is taken."
    ),
    example=""">>> from neurograph.builders import mlp
>>> result = expand(mlp([64, 10], bias=False), "digits", epochs=12, pause=2, window=1, change=1.0, most=4)
>>> len(result.graph.population("expanded1"))
4""",
)

__test__ = {"expand": expand.example}
