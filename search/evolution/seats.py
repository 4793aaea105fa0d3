"""Where the genome of an individual is among genomes in arrays, and how it becomes a graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from .genomes.arrays import Genomes, side_by_side
from .genomes.as_graphs import as_arrays, graph_of, write_into
from .genomes.changes import Change, carry_out, in_words
from .genomes.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class Seat:
    """A genome among others in arrays.

    Parameters
    ----------
    genomes, at
        Which of them it is.
    before
        Where it was before `changes` were made; None where there are none.
    changes
        What mutation did to it since it was born of its parents.
    """

    genomes: Genomes
    at: int
    before: "Seat | None" = None
    changes: tuple[Change, ...] = ()

    def graph(self) -> Any:
        """A graph of its own, with the changes in its journal."""
        if self.before is None or not self.changes:
            return graph_of(self.genomes, self.at)
        graph = self.before.plain_graph()
        carry_out(graph, self.changes)
        write_into(graph, self.genomes, self.at)
        return graph

    def plain_graph(self) -> Any:
        """The same with an empty journal, numbered afresh: what a file needs of it."""
        return graph_of(self.genomes, self.at)

    def edits(self) -> list[str]:
        """The journal's entries, in words."""
        return in_words(self.changes)

    def kinds(self) -> tuple[np.ndarray, list]:
        """(n,) numbers of its neurons' kinds, and what they stand for."""
        start = self.genomes.first[0][self.at]
        return self.genomes.kind[start : start + self.genomes.neurons[self.at]], self.genomes.words.kinds

    def __deepcopy__(self, memo: dict) -> "Seat":
        before = self.before and self.before.__deepcopy__(memo)
        return Seat(self.genomes.take(np.array([self.at])), 0, before, self.changes)  # and none of the others


def gathered(seats: Sequence[Seat | Any], words: Vocabulary) -> Genomes | None:
    """Genomes side by side, in the order given.

    Parameters
    ----------
    seats
        Of each its seat, or its graph.
    words
        What the genomes are to be written in.

    Returns
    -------
    Genomes or None
        None where a graph is among them that arrays cannot say.
    """
    parts: list[Genomes] = []
    for genomes, run in groupby(seats, key=lambda one: one.genomes if isinstance(one, Seat) else None):
        if genomes is None:
            made = as_arrays(list(run), words)
            if made is None:
                return None
            parts.append(made)
        else:
            which = np.array([one.at for one in run])
            whole = len(which) == len(genomes) and (which == np.arange(len(which))).all()
            parts.append((genomes if whole else genomes.take(which)).written_in(words))
    return side_by_side(parts)
