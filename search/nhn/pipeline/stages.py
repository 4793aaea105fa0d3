"""The stages of algorithm 2: each reads the graph of an earlier one and leaves its own, with a result in plain JSON.

A stage has a folder of its own in the run directory. `result.json` in it says that it is finished; before that, the
checkpoints of its own run say where to go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from neurograph import NeuronGraph
from neurograph.builders import parameter_count
from neurograph.edits import Reinitialize, RemoveNeurons

from ...datasets import Dataset
from ...executors import make_executor
from ...growth.grown import Grown
from ...growth.running import go_on, grow
from ...growth.train import train
from ...growth.way import Way
from ...runs import Run
from ...training.loop import Callback
from ..kernels import prune_network
from ..layers import find_hierarchy, resume_hierarchy
from ..locations.lds import locate_and_direct
from ..locations.supernet import add_on_task
from .measure import measured
from .options import NeuronHierarchyOptions

Result = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Context:
    """What a stage works with.

    Parameters
    ----------
    path
        The run directory of the pipeline.
    data
        As loaded by its name.
    options
        Of all stages.
    progress
        Whether to show what goes on.
    callbacks
        Called after each epoch of each stage that trains, with trainer and row; the row says which under "stage".
    own
        Functions of the user's own in the place of a loss or a measure, for all stages that train.
    """

    path: Path
    data: Dataset
    options: NeuronHierarchyOptions
    progress: bool = False
    callbacks: Sequence[Callback] = ()
    own: Mapping[str, Any] = field(default_factory=dict)

    def folder(self, stage: str) -> Path:
        """Where a stage keeps what it makes."""
        return self.path / stage

    def callbacks_of(self, stage: str) -> tuple[Callback, ...]:
        """The callbacks, as a stage calls them."""
        return tuple(partial(_call, callback, stage) for callback in self.callbacks)

    def graph(self, stage: str) -> NeuronGraph:
        """What a finished stage made."""
        return NeuronGraph.load(self.folder(stage) / "graph.safetensors")


def _call(callback: Callback, stage: str, trainer: Any, row: dict[str, Any]) -> None:
    callback(trainer, row | {"stage": stage})


def layers(context: Context) -> Result:
    """Find the layer hierarchy; the network begins anew (SmoothInit and ENAS of algorithm 2)."""
    folder, hierarchy_options = context.folder("layers"), context.options.hierarchy
    how: dict[str, Any] = {"progress": context.progress, "callbacks": context.callbacks_of("layers")}
    if Run(folder).begun:
        found = resume_hierarchy(folder, context.data, own=context.own, **how)
    else:
        found = find_hierarchy(context.data, hierarchy_options, run=folder, force=True, **how, **context.own)
    genes = [[gene.operation, *gene.skips] for gene in found.genes]
    return {
        "genes": genes,
        "shared_weights_error": found.ranking[0].error,
        "compared": len(found.ranking),
        "parameters": parameter_count(found.graph),
    }


def trained(context: Context) -> Result:
    """Train it."""
    return _train(context, "trained", "layers", context.options.train)


def pruned(context: Context) -> Result:
    """Prune flat kernels away while it trains on (DNP of algorithm 2)."""
    grown = _trained(context, "pruned", prune_network, lambda: context.graph("trained"), context.options.prune)
    entry = next(entry for entry in reversed(list(grown.graph.journal)) if entry.verb == "PruneKernels")
    return _result(grown) | {"kernels": entry.details["kernels"], "kernels_pruned": entry.details["pruned"]}


def retrained(context: Context) -> Result:
    """Train what pruning left, as algorithm 2 does, from its own weights or from new ones."""
    drawn = context.options.shared.retrain_from == "drawn"
    return _train(context, "retrained", "pruned", context.options.retrain, drawn)


def add_ons(context: Context) -> Result:
    """Search for places and directions of add-on neurons (LDS of algorithm 2); the rest of the network stands still."""
    options, folder = context.options, context.folder("add-ons")
    task = add_on_task(
        context.folder("retrained") / "graph.safetensors",
        context.data.name,
        kernels=options.shared.kernels,
        addons=options.addons,
        batches=options.batches,
    )
    with make_executor(options.executor) as executor:
        found = locate_and_direct(
            task, options.locations, options.directions, run=folder, executor=executor, progress=context.progress
        )
    found.graph.save(folder / "graph.safetensors")
    return {
        "genome": list(found.genome),
        "places": [list(place) for place in task.built().locations.places(found.genome)],
        "directions": found.directions,
        "compared_errors": {name: error for name, (error, _) in found.compared.items()},
        "held_out_error": found.error,
        "held_out_error_without": found.bare_error,
        "parameters": parameter_count(found.graph),
        "add_ons": len(_add_ons(found.graph)),
    }


def final(context: Context) -> Result:
    """Train the network with its add-ons; say what becomes of it when they are taken away."""
    drawn = context.options.shared.final_from == "drawn"
    result = _train(context, "final", "add-ons", context.options.final, drawn)
    graph = context.graph("final")
    without = _add_ons(graph)
    if without:
        graph.apply(RemoveNeurons(without))
        result["removed"] = measured(graph, context.data, context.options.final, context.own)
    return result


def control(context: Context) -> Result:
    """Train the pruned network without add-ons for as long: what the add-ons are held against."""
    if not context.options.shared.ablations:
        return {}
    drawn = context.options.shared.final_from == "drawn"
    return _train(context, "control", "retrained", context.options.final, drawn)


STAGES: dict[str, Callable[[Context], Result]] = {
    "layers": layers,
    "trained": trained,
    "pruned": pruned,
    "retrained": retrained,
    "add-ons": add_ons,
    "final": final,
    "control": control,
}


def _train(context: Context, stage: str, before: str, options: Any, drawn: bool = False) -> Result:
    def graph() -> NeuronGraph:
        found = context.graph(before)
        if drawn:
            found.apply(Reinitialize(context.options.shared.initializer, seed=options.seed))
        return found

    return _result(_trained(context, stage, train, graph, options))


def _trained(context: Context, stage: str, way: Way, graph: Callable[[], NeuronGraph], options: Any) -> Grown:
    """A run of that way of training in the stage's folder: begun, or gone on with."""
    folder, callbacks = context.folder(stage), context.callbacks_of(stage)
    if Run(folder).begun:
        longer = options.epochs > Run(folder).config()["options"]["epochs"]
        more = {"epochs": options.epochs} if longer else {}
        return go_on(way, folder, context.data, context.progress, callbacks, context.own, more)
    how: dict[str, Any] = {"progress": context.progress, "callbacks": callbacks, "settings": dict(context.own)}
    return grow(way, graph(), context.data, options, run=folder, force=True, **how)


def _result(grown: Grown) -> Result:
    last = grown.rows[-1] if grown.rows else {}
    return {
        "held_out_error": last.get("validation_error"),
        "test_error": grown.test_error,
        "parameters": parameter_count(grown.graph),
        "epochs": len(grown.rows),
        "seconds": sum(row["seconds"] for row in grown.rows),
    }


def _add_ons(graph: NeuronGraph) -> list:
    """The neurons that `AddOnNeurons` edits of its journal made and that are still there."""
    born = [entry.neurons_born for entry in graph.journal if entry.verb == "AddOnNeurons"]
    keys = {int(key) for some in born for key in some}
    return [name for name in graph if int(graph.keys_of([name])[0]) in keys]
