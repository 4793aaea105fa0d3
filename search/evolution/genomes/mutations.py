"""Mutation of many genomes in arrays at once: what `mutation` does to a graph, each kind of change to all of them.

What is drawn is valid, as there; it is drawn for all genomes together, so a seed gives other genomes than graph by
graph.
"""

from collections.abc import Callable, Sequence

import numpy as np

from neurograph.schema.synapse import DELAY

from .changes import Added, Cut, Joined, Removed, Split, Turned
from .changing import BIAS, Changing, turn
from .drawing import Draws, acyclic_pairs, one_of_each
from .innovations import free
from .policy import RATES, Policy


class Mutating(Changing):
    """Genomes while they are mutated; see `Changing`."""

    def by(self, policies: Sequence[Policy], which: np.ndarray) -> None:
        """Mutate some genomes, by their numbers, under all policies in turn."""
        for policy in policies:
            chances = self.rng.random((len(which), len(RATES)))
            for name, chance in zip(RATES, chances.T, strict=True):
                drawn = which[chance < getattr(policy, name)]
                if len(drawn):
                    for at in _VERBS[name](self, policy, drawn).tolist():
                        self.done[at].append(name)

    # ------------------------------------------------------------------------------------- each kind of change
    def connect(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """A synapse more, that closes no cycle."""
        return self._joined(policy, which, 0)

    def recur(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """A synapse more that reads the step before."""
        return self._joined(policy, which, 1)

    def _joined(self, policy: Policy, which: np.ndarray, delay: int) -> np.ndarray:
        which = self.with_room(policy, which, 0, 1)
        outputs, inputs = self._each(lambda kind: kind.is_output), self._each(lambda kind: kind.role == "input")
        sources = np.ones(len(outputs), bool) if delay or policy.from_outputs else ~outputs
        draws = Draws(self.genomes, which, self.rng)
        of, source, target = acyclic_pairs(draws, sources, ~inputs & self.mine(policy), joined=False, acyclic=not delay)
        weight = self.rng.normal(size=len(which))[np.searchsorted(which, of)] * policy.spread
        form = {DELAY: 1} if delay else {}
        ends = self.names(source), self.names(target)
        for at, u, v, value in zip(of.tolist(), *ends, weight.tolist(), strict=True):
            self.changes[at].append(Joined(u, v, value, form))
        numbers = np.full(len(of), self.genomes.words.form(form))
        self.genomes = self.genomes.with_synapses(of, source, target, numbers, weight)
        return of

    def split(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """A neuron in the middle of a synapse."""
        which = self.with_room(policy, which, 1, 1)
        genomes = self.genomes
        of, wires = one_of_each(Draws(genomes, which, self.rng), genomes.reader, self.mine(policy)[genomes.target])
        chosen = self._activations(policy, which)[np.searchsorted(which, of)]
        u, v, late = genomes.source[wires], genomes.target[wires], genomes.words.late()[genomes.form[wires]]
        each = zip(of.tolist(), u.tolist(), v.tolist(), late.tolist(), strict=True)
        genes = [self._gene(at, source, target, delayed) for at, source, target, delayed in each]
        for at, name, other, activation, gene in zip(
            of.tolist(), self.names(u), self.names(v), chosen.tolist(), genes, strict=True
        ):
            self.changes[at].append(Split(name, other, activation, policy.population, gene, policy.bias))
        words, old, weight = genomes.words, genomes.form[wires], genomes.weight[wires]
        gone = np.zeros(len(genomes.reader), bool)
        gone[wires] = True
        self.genomes = genomes.without_synapses(gone)
        u, v, new = self._born(policy, of, chosen, genes, (u, v), split=True)
        into = np.where(late, words.form({DELAY: 1}), words.form({}))
        out_of = np.array([words.now(form) for form in old.tolist()], np.int64)
        self._wired(of, (u, new, v), (into, out_of), (np.ones(len(of)), weight))
        return of

    def add(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """A neuron more between two that are joined or could be."""
        which = self.with_room(policy, which, 1, 2)
        outputs, inputs = self._each(lambda kind: kind.is_output), self._each(lambda kind: kind.role == "input")
        sources = np.ones(len(outputs), bool) if policy.from_outputs else ~outputs
        draws = Draws(self.genomes, which, self.rng)
        of, u, v = acyclic_pairs(draws, sources, ~inputs & self.mine(policy), joined=True, acyclic=True)
        rows = np.searchsorted(which, of)
        weights = (self.rng.normal(size=(len(which), 2)) * policy.spread)[rows]
        chosen = self._activations(policy, which)[rows]
        genes = [free(policy.population, self._taken(at)) for at in of.tolist()]
        ends = self.names(u), self.names(v)
        for at, a, b, pair, activation, gene in zip(
            of.tolist(), *ends, weights.tolist(), chosen.tolist(), genes, strict=True
        ):
            change = Added(a, b, (pair[0], pair[1]), activation, policy.population, gene, policy.bias)
            self.changes[at].append(change)
        u, v, new = self._born(policy, of, chosen, genes, (u, v))
        plain = np.full(len(of), self.genomes.words.form({}))
        self._wired(of, (u, new, v), (plain, plain), (weights[:, 0], weights[:, 1]))
        return of

    def cut(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """A synapse less."""
        genomes = self.genomes
        of, wires = one_of_each(Draws(genomes, which, self.rng), genomes.reader, self.mine(policy)[genomes.target])
        ends = self.names(genomes.source[wires]), self.names(genomes.target[wires])
        for at, u, v in zip(of.tolist(), *ends, strict=True):
            self.changes[at].append(Cut(u, v))
        gone = np.zeros(len(genomes.reader), bool)
        gone[wires] = True
        self.genomes = genomes.without_synapses(gone)
        return of

    def remove(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """A hidden neuron less."""
        genomes = self.genomes
        of, neurons = one_of_each(Draws(genomes, which, self.rng), genomes.owner, self.inner(policy))
        gone = np.zeros(len(genomes.owner), bool)
        gone[neurons] = True
        lost = np.bincount(genomes.reader[gone[genomes.source] | gone[genomes.target]], minlength=len(genomes))
        for at, name in zip(of.tolist(), self.names(neurons), strict=True):
            self.changes[at].append(Removed(name, int(lost[at])))
        self.genomes = genomes.without_neurons(gone)
        return of

    def activation(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """Another activation of a hidden neuron."""
        return self._turned(policy, which, "activation", policy.activations)

    def aggregation(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """Another aggregation of a hidden neuron."""
        return self._turned(policy, which, "aggregation", policy.aggregations)

    def _turned(self, policy: Policy, which: np.ndarray, what: str, allowed: Sequence[str]) -> np.ndarray:
        genomes, words = self.genomes, self.genomes.words
        others = [[name for name in allowed if name != getattr(kind, what)] for kind in words.kinds]
        can = np.array([bool(names) for names in others], bool)[genomes.kind] & self.inner(policy)
        of, neurons = one_of_each(Draws(genomes, which, self.rng), genomes.owner, can)
        shares = self.rng.random(len(which))[np.searchsorted(which, of)]
        kind, values = genomes.kind.copy(), genomes.values.copy()
        for at, place, name, share in zip(
            of.tolist(), neurons.tolist(), self.names(neurons), shares.tolist(), strict=True
        ):
            choices = others[kind[place]]
            value = choices[int(share * len(choices))]
            along = turn(words, kind, values, place, {what: value})
            self.changes[at].append(Turned(name, what, value, along))
        self.genomes = genomes.changed(kind=kind, values=values)
        return of

    def perturb(self, policy: Policy, which: np.ndarray) -> np.ndarray:
        """Noise on weights and biases, or others in their place."""
        genomes, words, chosen = self.genomes, self.genomes.words, np.zeros(len(self.genomes), bool)
        chosen[which] = True
        mine, bias = self.mine(policy), genomes.values[BIAS]
        wires = np.flatnonzero(chosen[genomes.reader] & words.free()[genomes.form] & mine[genomes.target])
        free_ = self._each(lambda kind: kind.trainable) & mine & ~np.isnan(bias)
        neurons = np.flatnonzero(chosen[genomes.owner] & free_)
        weight, values = genomes.weight.copy(), genomes.values.copy()
        weight[wires] = self._moved(weight[wires], policy)
        values[BIAS, neurons] = self._moved(bias[neurons], policy)
        self.genomes = genomes.changed(weight=weight, values=values)
        there = np.zeros(len(genomes), bool)
        there[genomes.reader[wires]] = there[genomes.owner[neurons]] = True
        return np.flatnonzero(there)


_VERBS: dict[str, Callable[[Mutating, Policy, np.ndarray], np.ndarray]] = {
    "connect": Mutating.connect,
    "split": Mutating.split,
    "cut": Mutating.cut,
    "add": Mutating.add,
    "remove": Mutating.remove,
    "activation": Mutating.activation,
    "aggregation": Mutating.aggregation,
    "perturb": Mutating.perturb,
    "recur": Mutating.recur,
}
