"""An evolution's run directory as a page: who was best in each generation, who came from whom, who lives."""

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from neurograph import NeuronGraph
from neurograph.core.graph import EditableGraph
from neurograph.view import Best, Bred, Generations, Newer

from ...runs import Run, checkpoints, restored_from
from .. import bests
from ..ancestry import Birth, births
from ..genomes.innovations import align
from ..individual import Individual, fitness_of
from ..kept import individuals_from, options_from
from ..options import EvolutionOptions

_OPTIONS = re.compile(r"\(.*\): ")  # of an edit in a journal's words
_COUNT = re.compile(r"\b(\d+) (neuron|synapse)s? (born|died)")


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
    genomes: dict[int, EditableGraph] = {one.number: one.graph for one in kept.values()}
    genomes |= {number: NeuronGraph.load(path) for _, number, path in bests.kept(run.path) if number not in genomes}
    with restored_from(run.path / "metrics.jsonl"):
        found = _bests(known, run.metrics(), options, genomes)
    measure, weight = next(iter(options.objectives.items()))
    everyone = [_bred(one) for one in known.values()]
    title = f"Evolution of {options.population} networks, {run.path.name}"
    return Generations(title, measure, weight < 0, "generation", everyone, found, living, genomes)


def _kept(run: Run, options: EvolutionOptions) -> tuple[dict[int, Individual], list[int]]:
    """The individuals whose networks the last checkpoint has, and the numbers of those that live, the best first."""
    if not run.begun:
        return {}, []
    state = checkpoints.read(run.checkpoint)["state"]
    fitness = fitness_of(options.objectives)
    living = [one for held in _populations(state["search"]) for one in individuals_from(held, fitness)]
    hall = individuals_from(state["hall"], fitness)
    scored = [one for one in living if one.fitness.valid]
    order = sorted(scored, key=lambda one: one.fitness, reverse=True)
    return {one.number: one for one in (*hall, *living)}, list(dict.fromkeys(one.number for one in order))


def _populations(search: Mapping[str, Any]) -> Iterator[Any]:
    yield search.get("population", [])
    for island in search.get("islands", []):
        yield from _populations(island)


def _bred(one: Birth) -> Bred:
    value = one.fitness[0] if one.fitness and one.failure is None else None
    return Bred(one.individual, one.generation, one.parents, value, _how(one) if one.parents or one.changes else "")


def _how(one: Birth) -> str:
    """What was done to make somebody, each once with how often, and what was born and died by it."""
    often = Counter(one.changes)
    done = ", ".join(f"{change} ({count})" if count > 1 else change for change, count in often.items())
    return (done or "training alone") + _edits(one)


def _edits(one: Birth) -> str:
    """What was born and died by the edits that made somebody, all together; values alone are not worth the room."""
    edits = [_OPTIONS.sub(": ", edit) for edit in one.edits if not edit.startswith("raw")]
    totals: Counter[str] = Counter()
    for count, thing, fate in (found for edit in edits for found in _COUNT.findall(edit)):
        totals[f"{thing} {fate}"] += int(count)
    words = [f"{count} {what.replace(' ', 's ' if count != 1 else ' ', 1)}" for what, count in totals.items()]
    others = dict.fromkeys(edit for edit in edits if not _COUNT.search(edit))
    return f": {', '.join(words + list(others))}" if words or others else ""


def _bests(
    known: Mapping[int, Birth],
    rows: list[dict[str, Any]],
    options: EvolutionOptions,
    genomes: Mapping[int, EditableGraph],
) -> list[Best]:
    """The best of each generation by the first objective, and what sets it apart from the one before it."""
    weight = next(iter(options.objectives.values()))
    side, found = "min" if weight < 0 else "max", []
    before: Birth | None = None
    for row in rows:
        if not row.get(side):
            continue  # everyone failed
        value = float(row[side][0])
        now = _best(known, row, value, before)
        newer, lost = _differences(now, before, genomes)
        changed = _changed(now, before, known)
        found.append(Best(row["generation"], value, now and now.individual, changed, newer=newer, lost=lost))
        before = now
    return found


def _best(known: Mapping[int, Birth], row: Mapping[str, Any], value: float, before: Birth | None) -> Birth | None:
    """Who it was: as the row says; where it does not, of those born so far the youngest that was worth so much."""
    if row.get("best_individual") in known:
        return known[row["best_individual"]]
    if before is not None and before.fitness[:1] == (value,):
        return before  # who was best stays so
    same = [one for one in known.values() if one.generation <= row["generation"] and one.fitness[:1] == (value,)]
    return same[-1] if same else None


def _differences(
    now: Birth | None, before: Birth | None, genomes: Mapping[int, EditableGraph]
) -> tuple[Newer | None, tuple[int, int]]:
    """What the network of one has that the other's had not, and how many neurons and synapses it has lost."""
    if now is None or before is None or now is before or not {now.individual, before.individual} <= genomes.keys():
        return None, (0, 0)
    both = align(genomes[before.individual], genomes[now.individual])
    here, there, neurons, synapses = both.b, both.a, both.neurons, both.synapses
    lost = len(there.keys) - len(neurons), len(there.ids) - len(synapses)
    return Newer(np.delete(here.keys, neurons[:, 1]), np.delete(here.ids, synapses[:, 1])), lost


def _changed(now: Birth | None, before: Birth | None, known: Mapping[int, Birth]) -> str:
    """How the best came from the one before it: nothing where it is the same."""
    if now is None or (before is not None and before.individual == now.individual):
        return ""
    if not now.parents:
        return "one of the first"
    way = None if before is None else _way(known, now, before.individual)
    if way is None:
        return f"from #{now.parents[0]} by {_how(now)}"
    return "from the best before it by " + ", then ".join(_how(one) for one in way)


def _way(known: Mapping[int, Birth], now: Birth, ancestor: int) -> list[Birth] | None:
    """The shortest line of births from an ancestor to somebody, the ancestor left out; None where it is none."""
    ways, waiting = {now.individual: [now]}, deque([now])
    while waiting:
        one = waiting.popleft()
        for parent in one.parents:
            if parent == ancestor:
                return ways[one.individual]
            if parent in known and parent not in ways and parent > ancestor:  # parents are born before children
                ways[parent] = [known[parent], *ways[one.individual]]
                waiting.append(known[parent])
    return None
