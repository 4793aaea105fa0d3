"""Location-direction search: where add-on neurons go, and then whom they connect (algorithm 1 of the paper)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any

from neurograph.errors import OptionError
from neurograph.network import NeuronGraph

from ...executors import Executor, Task
from ...runs import Run, refuse_links_out
from .found import Found
from .genes import Genome
from .kept import origin_of
from .options import EvolutionOptions
from .searches import go_on, search
from .supernet import AddOnEvaluator

OWN, SENSITIVE, DRAWN = "own", "sensitive", "drawn"


@dataclass(frozen=True, eq=False)
class AddOnsFound:
    """What a location-direction search made of a network.

    Parameters
    ----------
    graph
        The network with its add-ons, and what they learned; the rest of it as it was.
    genome
        Where they are.
    directions
        Which connections proved best: "own", those that they had in the first search; "drawn", the best combination of
        the second; "sensitive", those of highest sensitivity after it. None where the best network has no add-ons.
    error, loss, bare_error, bare_loss
        With and without the add-ons, on everything that is held out.
    locations, ways
        The two searches; the second is None where there was nothing to direct.
    compared
        Error and loss of each of the three kinds of directions, by name.
    """

    graph: NeuronGraph
    genome: Genome
    directions: str | None
    error: float
    loss: float
    bare_error: float
    bare_loss: float
    locations: Found
    ways: Found | None
    compared: dict[str, tuple[float, float]] = field(default_factory=dict)


def locate_and_direct(
    task: Task,
    options: EvolutionOptions | None = None,
    directions: EvolutionOptions | None = None,
    *,
    run: str | Path | None = None,
    force: bool = False,
    executor: Executor | None = None,
    callbacks: Sequence[Any] = (),
    progress: bool = False,
) -> AddOnsFound:
    """Search for places by evolution, then for directions by drawing them anew in each cycle.

    The second search begins with the weights that the first one left. In the end the best combination that was drawn,
    the most sensitive connections (the paper's recommendation, 2.3; by the option `sensitivity`) and those that the
    add-ons had all through the first search meet on everything held out.

    Parameters
    ----------
    task
        From `add_on_task`, without a genome.
    options, directions
        Of the two searches; the second's strategy is always "random". None: as the first.
    run
        A directory that gets one run for each search, `locations` and `directions`. What is finished or begun there is
        gone on with.
    force
        Whether searches that lie there are thrown away.
    executor, callbacks, progress
        See `search`.

    Raises
    ------
    FileError
        A link in the directory leads out of it.
    OptionError
        What lies there came of other options, another network or other data names, and `force` is not set.
    """
    options = options or EvolutionOptions()
    if run is not None:
        refuse_links_out(run)
    directions = replace(directions or options, strategy="random", renewal="regenerate")
    shown: dict[str, Any] = {"executor": executor, "callbacks": callbacks, "progress": progress}
    located = _searched(task, options, _inside(run, "locations"), force, shown)
    genome = located.best.genome
    evaluator: AddOnEvaluator = task.built()
    nobody = (-1,) * len(genome)
    evaluator.take(located.weights)
    bare = evaluator.rate(nobody)
    if genome == nobody:
        return AddOnsFound(evaluator.build(genome, {}), genome, None, *bare, *bare, located, None)
    task = replace(task, arguments=task.arguments | {"genome": list(genome)})
    ways = _searched(task, directions, _inside(run, "directions"), force, shown, located)
    return _chosen(task.built(), genome, bare, located, ways)


def _chosen(
    evaluator: AddOnEvaluator, genome: Genome, bare: tuple[float, float], located: Found, ways: Found
) -> AddOnsFound:
    """The genome with the best of its directions."""
    evaluator.take(ways.weights)
    sensitive, drawn = evaluator.sensitive(), ways.best.genome[0]
    scores = {SENSITIVE: evaluator.rate(genome, sensitive), DRAWN: evaluator.rate(genome, drawn)}
    evaluator.take(located.weights)
    scores[OWN] = evaluator.rate(genome)
    name = min(scores, key=lambda name: _rank(scores[name]))
    weights = located.weights if name == OWN else ways.weights
    graph = evaluator.build(genome, weights, {SENSITIVE: sensitive, DRAWN: drawn, OWN: None}[name])
    return AddOnsFound(graph, genome, name, *scores[name], *bare, located, ways, scores)


def _rank(score: tuple[float, float]) -> tuple[float, ...]:
    """To sort by: what is no number is worst."""
    return tuple(value if isfinite(value) else inf for value in score)


def _inside(run: str | Path | None, name: str) -> Path | None:
    return None if run is None else Path(run) / name


def _searched(
    task: Task,
    options: EvolutionOptions,
    run: Path | None,
    force: bool,
    shown: dict[str, Any],
    before: Found | None = None,
) -> Found:
    """A search, begun or gone on with."""
    weights = before.weights if before else None
    if run is None or force or not Run(run).begun:
        return search(task, options, run=run, weights=weights, force=True, **shown)
    origin = Run(run).config().get("origin")
    if origin not in (None, origin_of(task, options, weights)):  # searches from before there was one have none
        raise OptionError(f"{run} holds a search with other options or inputs; name a new directory, or use force")
    return go_on(run, task, **shown)
