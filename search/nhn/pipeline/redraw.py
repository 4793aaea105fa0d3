"""The pictures of a pipeline and of its stages, drawn again from its directory."""

from neurograph import NeuronGraph, draw

from ...growth.pictures import leave_pictures
from ...runs import Run
from ..layers.redraw import redraw_hierarchy

_TRAINING = ("trained", "pruned", "retrained", "final", "control")  # stages that train a network


def redraw_neuron_hierarchy(run: Run) -> bool:
    """Draw what there is of a pipeline so far: its search, its trainings, and the network with its add-ons.

    False where there is nothing yet.
    """
    drawn = [name for name in ("layers", *_TRAINING) if _draw_stage(Run(run.path / name), name)]
    before = run.path / "retrained" / "graph.safetensors"
    if run.graph.exists():
        draw.before_and_after(NeuronGraph.load(before), NeuronGraph.load(run.graph), run.pictures / "add-ons.png")
    return bool(drawn)


def _draw_stage(stage: Run, name: str) -> bool:
    """Draw a stage's own pictures into its folder; False where it has no epoch yet."""
    if not stage.begun or not stage.metrics():
        return False
    if name == "layers":
        redraw_hierarchy(stage)
    else:
        leave_pictures(stage, stage.metrics(), NeuronGraph.load(stage.graph))
    return True
