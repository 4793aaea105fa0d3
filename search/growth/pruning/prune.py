"""`prune`: train a network while it loses the synapses that matter least."""

from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.analysis.units import unit_of
from neurograph.network import NeuronGraph

from ..method import Method
from .events import Pruning
from .feasible import check_prunable
from .options import PruneOptions


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw the error against what was left of the network, as it was before the next pruning; not where it is zero."""
    held_out = rows[0]["validation_error"] is not None
    errors = {row["parameters"]: [row["validation_error" if held_out else "train_error"]] for row in rows}
    curve = draw.Curve("this run", list(errors), list(errors.values()), strong=True)
    if min(map(min, curve.errors)) > 0.0:
        name = f"{'validation' if held_out else 'training'} error ({unit_of(rows)})"
        draw.tradeoff([curve], {}, folder / "tradeoff.png", error_name=name)


prune = Method(
    "prune",
    PruneOptions,
    check_prunable,
    Pruning,
    pictures,
    help="train a network while it loses the synapses that matter least",
    hidden=(300, 100),
    about="""Train a network while its least synapses go, many at first and few at last, until so many are left.

Neurons that are left without synapses go too, and the optimizer's state follows. Begin with a trained network, or
give it epochs before `start`; where few are to be left, several runs, each from what the one before has left, do
better than one that goes all the way, since each brings the learning rate back up.""",
    refused=(
        "An impossible option; so few synapses left that no path could be; a population that reads nothing; a "
        "metric of gradients where synapses are frozen; a run directory that is taken."
    ),
    example=""">>> from neurograph.builders import mlp
>>> result = prune(mlp([64, 24, 10]), "digits", epochs=8, settle=2, left=0.1)
>>> result.graph.number_of_edges() < 190  # a tenth of 1,776, and the last of an output
True""",
)

__test__ = {"prune": prune.example}
