"""An evolution's run directory as a page: who was best in each generation, who came from whom, who lives."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from neurograph.core.graph import EditableGraph
from neurograph.view.generations import Best, Bred, Generations

from ..runs import Run, checkpoints, restored_from
from .ancestry import Birth, births
from .individual import Individual, fitness_of
from .kept import individual_from, options_from
from .options import EvolutionOptions

_OPTIONS = re.compile(r"\(.*\): ")  # of an edit in a journal's words


def generations_of(run: Run) -> Generations:
    """What a page shows of an evolution.

    Raises
    ------
    FileError
        A file of the run is damaged.
    """
    with restored_from(run.path / "config.json"):
        options = options_from(run.config()["options"])
    with restored_from(run.path / "journal.jsonl"):
        known = births(run.path)
    with restored_from(run.checkpoint):
        kept, living = _kept(run, options)
    with restored_from(run.path / "metrics.jsonl"):
        bests = _bests(known, run.metrics(), options)
    measure, weight = next(iter(options.objectives.items()))
    everyone = [_bred(one) for one in known.values()]
    genomes: dict[int, EditableGraph] = {one.number: one.graph for one in kept.values()}
    title = f"Evolution of {options.population} networks, {run.path.name}"
    return Generations(title, measure, weight < 0, "generation", everyone, bests, living, genomes)


def _kept(run: Run, options: EvolutionOptions) -> tuple[dict[int, Individual], list[int]]:
    """The individuals whose networks the last checkpoint has, and the numbers of those that live, the best first."""
    if not run.begun:
        return {}, []
    state = checkpoints.read(run.checkpoint)["state"]
    fitness = fitness_of(options.objectives)
    living = [individual_from(held, fitness) for held in _populations(state["search"])]
    hall = [individual_from(held, fitness) for held in state["hall"]]
    scored = [one for one in living if one.fitness.valid]
    order = sorted(scored, key=lambda one: one.fitness, reverse=True)
    return {one.number: one for one in (*hall, *living)}, list(dict.fromkeys(one.number for one in order))


def _populations(search: Mapping[str, Any]) -> Iterator[Any]:
    yield from search.get("population", [])
    for island in search.get("islands", []):
        yield from _populations(island)


def _bred(one: Birth) -> Bred:
    done = ", ".join(one.changes)
    value = one.fitness[0] if one.fitness and one.failure is None else None
    return Bred(one.individual, one.generation, one.parents, value, done + _edits(one))


def _edits(one: Birth) -> str:
    """What was born and died by the edits that made somebody; values alone are not worth the room."""
    words = [_OPTIONS.sub(": ", edit) for edit in one.edits if not edit.startswith("raw")]
    return f": {'; '.join(words)}" if words else ""


def _bests(known: Mapping[int, Birth], rows: list[dict[str, Any]], options: EvolutionOptions) -> list[Best]:
    """The best of each generation by the first objective: of those born so far, the youngest that was worth so much."""
    weight = next(iter(options.objectives.values()))
    side, found = "min" if weight < 0 else "max", []
    before: Birth | None = None
    for row in rows:
        if not row.get(side):
            continue  # everyone failed
        value = float(row[side][0])
        same = [one for one in known.values() if one.generation <= row["generation"] and one.fitness[:1] == (value,)]
        if before is not None and before.fitness[:1] == (value,):
            now: Birth | None = before  # who was best stays so
        else:
            now = same[-1] if same else None
        found.append(Best(row["generation"], value, now and now.individual, _changed(now, before)))
        before = now
    return found


def _changed(now: Birth | None, before: Birth | None) -> str:
    """What set the best apart from the one before it: nothing where it is the same."""
    if now is None or (before is not None and before.individual == now.individual):
        return ""
    if not now.parents:
        return "one of the first"
    whose = "the best before it" if before and before.individual in now.parents else f"#{now.parents[0]}"
    return f"from {whose} by {', '.join(now.changes) or 'training alone'}{_edits(now)}"
