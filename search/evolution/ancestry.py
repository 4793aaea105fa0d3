"""Who came from whom, by which edits: written by an evolution as it goes on, read from its run directory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from neurograph.errors import FileError, MissingError

from ..runs import open_run
from ..runs.shapes import COUNT, NUMBER, TEXT, check, maybe
from .individual import Individual
from .seats import Seat

Ancestry = dict[int, tuple[int, tuple[int, ...], tuple[str, ...]]]
LINE = {
    "individual": COUNT,
    "generation": COUNT,
    "parents": [COUNT],
    "changes": [TEXT],
    "edits": [TEXT],
    "fitness": [maybe(NUMBER)],
    "failure": maybe(TEXT),
}


@dataclass(frozen=True)
class Birth:
    """How an individual came to be, and what it was worth then.

    Parameters
    ----------
    individual
        Its number.
    generation
        Which it was born in.
    parents
        Their numbers.
    changes
        "crossover" and the names of mutations.
    edits
        The edits of those mutations, in the words of a journal.
    fitness
        A value for each objective; None where that was not finite.
    failure
        Why its evaluation failed, or None.
    """

    individual: int
    generation: int
    parents: tuple[int, ...]
    changes: tuple[str, ...]
    edits: tuple[str, ...]
    fitness: tuple[float | None, ...]
    failure: str | None = None

    def __str__(self) -> str:
        values = ", ".join("none" if value is None else f"{value:.4g}" for value in self.fitness)
        came = f" from {' and '.join(map(str, self.parents))}" if self.parents else ""
        done = f" by {', '.join(self.changes)}" if self.changes else ""
        worth = f"failed: {self.failure}" if self.failure else f"fitness {values}"
        return f"individual {self.individual}, generation {self.generation}{came}{done}; {worth}"


def edits_of(newborn: Individual) -> list[str]:
    """The edits that made a newborn of its parents, in words."""
    genome = newborn.genome
    return genome.edits() if isinstance(genome, Seat) else [str(entry) for entry in genome.journal]


def birth_line(one: Individual, generation: int, edits: Sequence[str]) -> dict[str, Any]:
    """A birth as a line of a run's journal."""
    return {
        "individual": one.number,
        "generation": generation,
        "parents": list(one.parents),
        "changes": list(one.changes),
        "edits": list(edits),
        "fitness": [value if isfinite(value) else None for value in one.fitness.values],
        "failure": one.failure,
    }


def births(run: str | Path) -> dict[int, Birth]:
    """Everyone who was born in a run of an evolution, by number, in the order in which they were scored.

    Raises
    ------
    FileError
        No such run lies there; its journal is damaged.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from neurograph.builders import mlp
    >>> from neurograph.search.evolution import EvolutionOptions, evolve
    >>> options = EvolutionOptions(population=4, generations=2)
    >>> found = evolve(mlp([2, 1]), lambda one: one.graph.number_of_edges(), options, run=f"{mkdtemp()}/run")
    >>> known = births(found.run)
    >>> line(known, found.best.number)[-1].parents
    ()
    """
    kept, found = open_run(run), {}
    for at, entry in enumerate(kept.journal()):
        where = f"{kept.path / 'journal.jsonl'}: line {at + 1}"
        check(entry, LINE, where)
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
        }
        if entry["individual"] in found:
            raise FileError(f"{where} has individual {entry['individual']} a second time")
        found[entry["individual"]] = Birth(**plain)
    return found


def line(known: Mapping[int, Birth], number: int) -> list[Birth]:
    """An individual and those it came from, each by its fitter parent (the first), back to the start.

    Raises
    ------
    MissingError
        No individual has that number.
    """
    if number not in known:
        raise MissingError(f"individual {number!r} was never born: there are {len(known)}")
    found = [known[number]]
    while found[-1].parents and found[-1].parents[0] in known:
        if found[-1].parents[0] >= found[-1].individual:
            raise FileError(f"individual {found[-1].individual} has a parent that was born later")
        found.append(known[found[-1].parents[0]])
    return found
