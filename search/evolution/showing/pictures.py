"""The pictures of an evolution, drawn from its run directory."""

from collections.abc import Mapping
from typing import Any

from neurograph import NeuronGraph, draw
from neurograph.draw.generations import Objective

from ...runs import Run, restored_from
from ..ancestry import Birth, births
from ..bests import kept
from ..kept import options_from
from ..options import EvolutionOptions


def redraw(run: Run) -> bool:
    """Draw fitness and sizes by generation, the front of two objectives, and the best network.

    False where no generation is over.

    Raises
    ------
    FileError
        A file of the run is damaged.
    """
    with restored_from(run.path / "config.json"):
        options = options_from(run.config()["options"])
    with restored_from(run.path / "journal.jsonl"):
        known = births(run.path)
    rows = run.metrics()
    if not rows or not run.graph.exists():
        return False
    name, panels = f"Evolution of {options.population} networks", _objectives(known, options)
    draw.generations([*panels, *_sizes(run, rows)], run.pictures / "fitness.png", title=name)
    if len(panels) > 1:
        _front(run, known, options)
    draw.topology(NeuronGraph.load(run.graph), run.pictures / "best.png", title="The best individual")
    return True


def _objectives(known: Mapping[int, Birth], options: EvolutionOptions) -> list[Objective]:
    """What everyone was worth who did not fail, an objective a panel; those nobody has a value of left out."""
    found = []
    for at, (name, weight) in enumerate(options.objectives.items()):
        values = [(one.generation, one.fitness[at]) for one in known.values() if one.failure is None]
        born = [(generation, value) for generation, value in values if value is not None]
        if born:
            found.append(Objective(name, born, lower=weight < 0))
    return found


def _sizes(run: Run, rows: list[dict[str, Any]]) -> list[Objective]:
    """Synapses of the population and of the bests that were kept, and neurons of these."""
    graphs = [(generation, NeuronGraph.load(path)) for generation, _, path in kept(run.path)]
    times = [generation for generation, _ in graphs]
    mean = [(row["generation"], row["synapses"]) for row in rows if isinstance(row.get("synapses"), int | float)]
    synapses: dict[str, Any] = {"best": (times, [g.number_of_edges() for _, g in graphs])} if graphs else {}
    synapses |= {"mean": tuple(zip(*mean, strict=True))} if mean else {}
    neurons: dict[str, Any] = {"best": (times, [len(g) for _, g in graphs])} if graphs else {}
    named = (("synapses of the best, and of everyone on average", synapses), ("neurons of the best", neurons))
    return [Objective(name, lines=lines) for name, lines in named if lines]


def _front(run: Run, known: Mapping[int, Birth], options: EvolutionOptions) -> None:
    """Draw the front of the first two objectives."""
    (first, one), (second, other), *_ = options.objectives.items()
    points = [
        (birth.generation, birth.fitness[0], birth.fitness[1])
        for birth in known.values()
        if birth.failure is None and None not in birth.fitness[:2]
    ]
    title = f"{first} against {second}"
    draw.front(points, (first, second), (one < 0, other < 0), run.pictures / "front.png", title=title)  # type: ignore[arg-type]
