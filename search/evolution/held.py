"""Whether what a checkpoint holds of an evolution is one: every piece, and the pieces against each other."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..runs.shapes import ANYTHING, COUNT, NUMBER, TABLE, TEXT, check, maybe, need
from .individual import Individual
from .options import EvolutionOptions

_SEARCH = {
    "generation": COUNT,
    "born": COUNT,
    "population": ANYTHING,  # which whoever makes individuals of it checks, as those below
    "generator": TABLE,
    "selection": maybe(TABLE),
}
_SOMETIMES = {"elders": ANYTHING, "waiting": ANYTHING, "order": [(COUNT, maybe(TEXT))], "islands": [TABLE]}
_SOMETIMES |= {"breeding": TEXT}
_STATE = {"search": TABLE, "hall": ANYTHING, "rows": [TABLE], "ancestry": TABLE}
_BIRTH = (COUNT, [COUNT], [TEXT])
_SPECIES = {"representatives": TABLE, "best": TABLE, "born": COUNT}
_BEST = (NUMBER, COUNT)


def check_state(state: Any) -> None:
    """Refuse, by `Misfit`, a state that has not all the parts of an evolution's, or parts of another kind."""
    check(state, _STATE, "state")
    _check_search(state["search"], "state.search")
    for at, island in enumerate(state["search"].get("islands", [])):
        _check_search(island, f"state.search.islands[{at}]")
    search, rows = state["search"], state["rows"]
    generations = [row.get("generation") for row in rows]
    whole = len(rows) == search["generation"] + 1 and generations == list(range(len(rows)))
    need(whole, "state.rows", "are not one for each generation")
    check_ancestry(state["ancestry"], search["generation"], search["born"])


def _check_search(search: Any, where: str) -> None:
    """Check what a search keeps always, and what only some do."""
    known = {name: shape for name, shape in _SOMETIMES.items() if name in search}
    check(search, _SEARCH | known, where)


def check_ancestry(ancestry: Mapping[Any, Any], generation: int, born: int) -> None:
    """Refuse an ancestry of which somebody was never born, or before the parents."""
    whole = len(ancestry) == born and ancestry.keys() == set(range(len(ancestry)))
    need(whole, "state.ancestry", f"is not of the {born} that were born")
    for number, birth in ancestry.items():
        where = f"state.ancestry[{number}]"
        check(birth, _BIRTH, where)
        need(birth[0] <= generation, where, f"is of generation {birth[0]}, and there were {generation}")
        need(all(parent < number for parent in birth[1]), where, f"has parents {birth[1]} that were born later")


def check_individuals(individuals: Iterable[Individual], options: EvolutionOptions, born: int, what: str) -> None:
    """Refuse individuals who are twice there, were never born, or whose fitness is not what a score is."""
    numbers = [one.number for one in individuals]
    need(len(set(numbers)) == len(numbers), f"state.{what}", "has somebody twice")
    for one in individuals:
        where = f"individual {one.number} of the {what}"
        need(one.number < born and all(p < one.number for p in one.parents), where, "was never born")
        values = one.fitness.values
        need(len(values) == len(options.objectives), where, f"has {len(values)} objectives")
        scored = Individual(one.graph, type(one.fitness)(), one.number)
        scored.score(values, one.failure)
        fits = (scored.fitness.values, scored.failure) == (values, one.failure)
        need(fits, where, f"has the fitness {values} and the failure {one.failure!r:.60}")


def check_species(state: Any) -> None:
    """Refuse what species remember where it is of none."""
    check(state, _SPECIES, "state.selection")
    best = state["best"]
    need(best.keys() == state["representatives"].keys(), "state.selection", "remembers other species than it has")
    for number, found in best.items():
        check(number, COUNT, "a species")
        need(number < state["born"], f"species {number}", "was never founded")
        check(found, _BEST, f"state.selection.best[{number}]")
