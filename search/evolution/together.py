"""The individuals of a generation as one program, and each of them as a part of it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from neurograph import compiler
from neurograph.errors import CompileError

from ...compiler import CompiledPopulation
from ...compiler.population.arrays import ArrayPopulation, compile_arrays
from .genomes.arrays import Genomes
from .genomes.as_graphs import Graphs, graph_of
from .genomes.compiling import merged_genomes, with_numbers
from .individual import Individual
from .seats import gathered


class Shared:
    """The genomes of a generation, as one program once somebody asks for it, and its answers.

    Parameters
    ----------
    individuals
        Whose they are.
    dtype
        Of the program.
    forgets
        Whether what is learned is none of the individuals' own.
    """

    def __init__(self, individuals: Sequence[Individual], dtype: torch.dtype, forgets: bool) -> None:
        self.individuals, self.dtype, self.forgets = individuals, dtype, forgets
        self.genomes = in_arrays(individuals)
        self.answers: dict[Any, Any] = {}
        self.refusal: CompileError | None = None  # why they are no program, which is nobody's failure alone

    @cached_property
    def graphs(self) -> list[Any]:
        """The graphs, where the genomes are not in arrays; copies where learning is forgotten."""
        return [one.graph.copy() if self.forgets else one.graph for one in self.individuals]

    @cached_property
    def population(self) -> CompiledPopulation:
        """All of them, in eval mode."""
        if self.genomes is not None and any(one.seat is None for one in self.individuals):
            self.genomes = None  # somebody was given a graph, which may be another by now
        try:
            made = self._compiled()
        except CompileError as error:
            self.refusal = error
            raise
        made.eval()
        return made

    def _compiled(self) -> CompiledPopulation:
        if self.genomes is None:
            return compiler.compile_population(self.graphs, dtype=self.dtype, cut_off=True)
        return compile_arrays(merged_genomes(self.genomes), Graphs(self.genomes), dtype=self.dtype, cut_off=True)

    def learned(self) -> None:
        """Let the genomes have what their program has learned; graphs see it by themselves."""
        if self.genomes is None or not isinstance(self.population, ArrayPopulation):
            return
        self.genomes = genomes = with_numbers(self.genomes, self.population)
        for at, one in enumerate(self.individuals if not self.forgets else ()):
            assert one.seat is not None
            one.seat = replace(one.seat, genomes=genomes, at=at)

    def graph(self, index: int) -> Any:
        """The graph of one of them, as it was trained."""
        one = self.individuals[index]
        if self.genomes is None:
            return self.graphs[index]
        return graph_of(self.genomes, index) if self.forgets or one.seat is not None else one.graph

    def release(self) -> None:
        """Let nothing but the graphs hold their values."""
        if self.genomes is None and "graphs" in self.__dict__:
            for graph in self.graphs:
                graph.release()


class Part:
    """One individual of a compiled population, called like a network.

    All individuals run when the first of them is asked about a batch; the others have their answers then.

    Parameters
    ----------
    shared
        What all of them have in common.
    index
        Which of them it is.
    """

    def __init__(self, shared: Shared, index: int) -> None:
        self._shared, self.index = shared, index

    @property
    def population(self) -> CompiledPopulation:
        """All of them; compiled when somebody first asks for it."""
        return self._shared.population

    def refused(self, error: Exception) -> bool:
        """Whether an error is that all of them could not be compiled."""
        return error is self._shared.refusal

    @property
    def memory(self) -> Any:
        """What this individual remembers from step to step, nothing or some neurons; see `CompiledNetwork.memory`."""
        return self._acting.memory

    def act(self, *inputs: Any) -> Any:
        """What this individual makes of one row, from NumPy to NumPy; see `CompiledNetwork.act`. Compiles nothing."""
        return self._acting.act(*inputs)

    @cached_property
    def _acting(self) -> compiler.Actor:
        return compiler.Actor(self._shared.graph(self.index))

    def __call__(self, *inputs: Tensor) -> Any:
        """(batch, neurons) per output population, a bare tensor where there is one; without gradients.

        Individuals that remember run step by step: `act` does, or `population(x, state)` for all of them.
        """
        answers, key = self._shared.answers, tuple((id(x), x._version) for x in inputs)
        if key not in answers:
            with torch.no_grad():
                answers[key] = self.population(*inputs), inputs  # kept: an id is one tensor's while it lives
        found = answers[key][0]
        if self.population.memory:
            found = found[0]
        return found[self.index] if isinstance(found, Tensor) else tuple(y[self.index] for y in found)


def in_arrays(individuals: Sequence[Individual]) -> Genomes | None:
    """The genomes of individuals side by side, where none of them is a graph."""
    seats = [one.seat for one in individuals]
    if not seats or any(seat is None for seat in seats):
        return None
    return gathered(seats, seats[0].genomes.words)  # pyright: ignore[reportOptionalMemberAccess]
