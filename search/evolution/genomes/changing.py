"""Genomes in arrays while they are changed: what there is to draw from, and births."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from neurograph.schema.neuron import VALUES, NeuronKind, default_values, may_have

from .arrays import Genomes
from .changes import Change
from .innovations import split
from .policy import Policy
from .vocabulary import Vocabulary

BIAS, SLOPE = VALUES.index("bias"), VALUES.index("slope")


class Changing:
    """Genomes while they are changed.

    Parameters
    ----------
    genomes
        They are left as they are.
    rng
        What is drawn comes from it.

    Attributes
    ----------
    genomes
        As they are by now.
    done, changes
        Of each genome the names of what was done, and the changes of its wiring and kinds in their order.
    """

    def __init__(self, genomes: Genomes, rng: np.random.Generator) -> None:
        self.genomes, self.rng = genomes, rng
        self.done: list[list[str]] = [[] for _ in range(len(genomes))]
        self.changes: list[list[Change]] = [[] for _ in range(len(genomes))]

    # ------------------------------------------------------------------------------------- what there is to draw from
    def mine(self, policy: Policy) -> np.ndarray:
        """(N,) bool: whom a policy is about."""
        return self._each(lambda kind: policy.of is None or kind.population in policy.of)

    def inner(self, policy: Policy) -> np.ndarray:
        """(N,) bool: the hidden neurons that a policy is about."""
        return self._each(lambda kind: kind.role != "input" and not kind.is_output) & self.mine(policy)

    def _each(self, test: Callable[[NeuronKind], bool]) -> np.ndarray:
        return self.genomes.words.of_kinds(test).astype(bool)[self.genomes.kind]

    def with_room(self, policy: Policy, which: np.ndarray, neurons: int, synapses: int) -> np.ndarray:
        """Those of some genomes that may have so many more."""
        there = np.ones(len(which), bool)
        if policy.neurons is not None:
            there &= self.genomes.neurons[which] + neurons <= policy.neurons
        if policy.synapses is not None:
            there &= self.genomes.synapses[which] + synapses <= policy.synapses
        return which[there]

    def names(self, places: np.ndarray) -> list:
        """The names of neurons by their places."""
        return self.genomes.names[places].tolist()

    # ------------------------------------------------------------------------------------- births
    def _moved(self, values: np.ndarray, policy: Policy) -> np.ndarray:
        noise = self.rng.normal(size=len(values))
        anew = self.rng.random(len(values)) < policy.replace
        return np.where(anew, noise * policy.spread, values + noise * policy.power)

    def _activations(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        names = list(policy.activations)
        return np.array(names, object)[self.rng.integers(len(names), size=len(which))]

    def _taken(self, at: int) -> set[str]:
        """The innovations of a genome."""
        start = self.genomes.first[0][at]
        genes = self.genomes.gene[start : start + self.genomes.neurons[at]].tolist()
        return {self.genomes.words.genes[gene] for gene in genes}

    def _gene(self, at: int, u: int, v: int, late: bool) -> str:
        """The innovation of a neuron born by a split, as `of_split` has it."""
        words, known, taken, occurrence = self.genomes.words, self.genomes.gene, self._taken(at), 0
        ends = words.genes[known[u]], words.genes[known[v]]
        does = "weight" + (" of the step before" if late else "")
        while (innovation := split(*ends, does, occurrence)) in taken:
            occurrence += 1
        return innovation

    def _born(
        self,
        policy: Policy,
        of: np.ndarray,
        activations: np.ndarray,
        genes: list[str],
        others: tuple[np.ndarray, ...],
        split: bool = False,
    ) -> tuple[np.ndarray, ...]:
        """A neuron more in each of some genomes: where others are by now, and where it is."""
        words = self.genomes.words
        kinds = {name: NeuronKind(activation=name, population=policy.population) for name in policy.activations}
        values = np.full((len(VALUES), len(of)), np.nan)
        values[BIAS] = np.nan if policy.bias is None else policy.bias
        for name, kind in kinds.items():
            slope = default_values(kind).get("slope")
            if slope is not None:
                values[SLOPE, activations == name] = 1.0 if split else slope
        numbers = np.array([words.kind(kinds[name]) for name in activations.tolist()], np.int64)
        names = np.empty(len(of), object)
        names[:] = [self._free_name(at) for at in of.tolist()]
        before = self.genomes
        made, new = before.with_neurons(of, numbers, words.numbers(genes, words.gene), names, values)
        next_name, populations = made.next_name.copy(), list(made.populations)
        next_name[of] = [name + 1 for name in names.tolist()]
        for at in of.tolist():
            if policy.population not in populations[at]:
                populations[at] = (*populations[at], policy.population)
        self.genomes = made.changed(next_name=next_name, populations=populations)
        shift = np.searchsorted(of, before.owner, side="left")  # so many newborns stand before each neuron
        return (*(place + shift[place] for place in others), new)

    def _free_name(self, at: int) -> int:
        """The name that a graph would give its next neuron."""
        genomes, start = self.genomes, self.genomes.first[0][at]
        name = max(int(genomes.next_name[at]), int(genomes.keys[at]))
        taken = set(genomes.names[start : start + genomes.neurons[at]].tolist())
        while name in taken:
            name += 1
        return name

    def _wired(self, of: np.ndarray, through: tuple[np.ndarray, ...], forms: Any, weights: Any) -> None:
        """Two synapses more in each of some genomes: from the first neuron by the second to the third."""
        u, new, v = through
        pairs = [np.stack(columns, 1).ravel() for columns in ((u, new), (new, v), forms, weights)]
        self.genomes = self.genomes.with_synapses(np.repeat(of, 2), *pairs)


def turn(
    words: Vocabulary, kind: np.ndarray, values: np.ndarray, place: int, changes: dict[str, str]
) -> tuple[str, ...]:
    """Give a neuron another kind in place: values go that it cannot have now, and those come that it must have.

    Returns
    -------
    tuple of str
        The names of these values.
    """
    new, moved = replace(words.kinds[kind[place]], **changes), []
    kind[place] = words.kind(new)
    needed = default_values(new)
    for row, name in enumerate(VALUES):
        there = not np.isnan(values[row, place])
        if there and not may_have(new, name):
            values[row, place] = np.nan
            moved.append(name)
        elif not there and name in needed:
            values[row, place] = needed[name]
            moved.append(name)
    return tuple(moved)
