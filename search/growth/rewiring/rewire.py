"""`rewire`: train a sparse network whose synapses move to where they are of use."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurograph import draw
from neurograph.builders import mlp
from neurograph.draw.reading import LEAST, fan_out_of_inputs
from neurograph.network import NeuronGraph

from ..method import Method
from .events import Rewiring, begin
from .feasible import check_rewirable
from .options import RewireOptions


def build(sizes: Sequence[int], activation: str, options: Any) -> NeuronGraph:
    """Layers that are sparse from the start, so that the full network is never made."""
    density = 1.0 if options.density is None else options.density
    how = {"activation": activation, "seed": options.seed, "distribution": options.distribution}
    return mlp(sizes, density=density, **how)


def pictures(rows: list[dict[str, Any]], graph: NeuronGraph, folder: Path) -> None:
    """Draw which inputs are read, where these are numbers enough to make a picture."""
    if len(fan_out_of_inputs(graph)) >= LEAST:
        draw.reading(graph, folder / "reading.png")


rewire = Method(
    "rewire",
    RewireOptions,
    check_rewirable,
    Rewiring,
    pictures,
    begin,
    help="train a sparse network whose synapses move to where they are of use",
    hidden=(300, 100),
    build=build,
    about="""Train a sparse network at a constant number of synapses that move to where they are of use.

Where the network has more synapses than `density` allows, some go at random before the first epoch. Then, after each
epoch but the last ones, the smallest weights of each layer go and as many synapses are born in it: where the loss would
fall most (RigL), or at random (SET). What is done costs time and room by the synapses that there are; so it is faster
than the full network where these are few (`docs/results/rewiring.md`).""",
    refused=(
        "An impossible option; a density that leaves neurons without inputs, or every two neurons joined; a network "
        "without trained synapses; a run directory that is taken."
    ),
    example=""">>> from neurograph.builders import mlp
>>> result = rewire(mlp([64, 100, 10], density=0.1), "digits", epochs=8, settle=3, learning_rate=0.01)
>>> result.graph.number_of_edges(), result.test_error < 15
(740, True)""",
)

__test__ = {"rewire": rewire.example}
