"""Many genomes as arrays side by side: what breeding, distances and compiling of a whole population work on.

A genome in arrays is worth a graph, and becomes one where somebody asks for it. What arrays cannot say, feature maps
and attributes of the user's own among it, stays with graphs (`as_graphs.as_arrays`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurograph.storage.pools import ranges

from .vocabulary import Vocabulary

NEURON, SYNAPSE = ("owner", "kind", "gene", "names"), ("reader", "source", "target", "form", "weight")


@dataclass(frozen=True, eq=False)
class Genomes:
    """Genomes side by side: neurons by (genome, order of birth), synapses likewise.

    Parameters
    ----------
    words
        What the numbers below stand for.
    owner, kind, gene
        (N,) int64 the genome of each neuron, its kind and its innovation.
    names
        (N,) object, the networkx nodes.
    values
        (6, N) float64 the columns of `VALUES`, NaN where there is none.
    reader
        (E,) int64 the genome of each synapse.
    source, target
        (E,) int64 places among the neurons.
    form
        (E,) int64.
    weight
        (E,) float64.
    next_name, keys
        (genomes,) int64: below the first no whole number is free as a name; so many neurons have been born, in the
        genome as it is numbered now.
    populations, attributes
        Of each genome the names of its populations, and the attributes of its graph.
    """

    words: Vocabulary
    owner: np.ndarray
    kind: np.ndarray
    gene: np.ndarray
    names: np.ndarray
    values: np.ndarray
    reader: np.ndarray
    source: np.ndarray
    target: np.ndarray
    form: np.ndarray
    weight: np.ndarray
    next_name: np.ndarray
    keys: np.ndarray
    populations: list[tuple[str, ...]]
    attributes: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def neurons(self) -> np.ndarray:
        """(genomes,) how many neurons each has."""
        return np.bincount(self.owner, minlength=len(self))

    @cached_property
    def synapses(self) -> np.ndarray:
        """(genomes,) how many synapses each has."""
        return np.bincount(self.reader, minlength=len(self))

    @cached_property
    def first(self) -> tuple[np.ndarray, np.ndarray]:
        """(genomes,) each: the first neuron and the first synapse of each."""
        return np.cumsum(self.neurons) - self.neurons, np.cumsum(self.synapses) - self.synapses

    def take(self, which: np.ndarray) -> "Genomes":
        """Some genomes, numbered afresh, in the order given and as often."""
        neurons, synapses = self.neurons[which], self.synapses[which]
        n, e = (ranges(first[which], counts) for first, counts in zip(self.first, (neurons, synapses), strict=True))
        shift = np.repeat(np.cumsum(neurons) - neurons - self.first[0][which], synapses)
        chosen = which.tolist()
        return Genomes(
            self.words,
            np.repeat(np.arange(len(which)), neurons),
            self.kind[n],
            self.gene[n],
            self.names[n],
            self.values[:, n],
            np.repeat(np.arange(len(which)), synapses),
            self.source[e] + shift,
            self.target[e] + shift,
            self.form[e],
            self.weight[e],
            self.next_name[which],
            neurons.copy(),
            [self.populations[at] for at in chosen],
            [self.attributes[at] for at in chosen],
        )

    def replaced(self, which: np.ndarray, by: "Genomes") -> "Genomes":
        """With others in the places of some, (k,) by their numbers."""
        order = np.arange(len(self))
        order[which] = len(self) + np.arange(len(which))
        return side_by_side([self, by]).take(order)

    def written_in(self, words: Vocabulary) -> "Genomes":
        """The same genomes in the numbers of another vocabulary."""
        if words is self.words:
            return self
        kinds, genes, forms = (
            words.numbers(items, number)
            for items, number in (
                (self.words.kinds, words.kind),
                (self.words.genes, words.gene),
                (self.words.forms.bundles, words.form),
            )
        )
        return self.changed(words=words, kind=kinds[self.kind], gene=genes[self.gene], form=forms[self.form])

    # ------------------------------------------------------------------------------------- births and deaths
    def with_synapses(
        self, reader: np.ndarray, source: np.ndarray, target: np.ndarray, form: np.ndarray, weight: np.ndarray
    ) -> "Genomes":
        """With synapses more, each the youngest of its genome."""
        new = (reader, source, target, form, weight)
        columns = [np.concatenate([getattr(self, name), more]) for name, more in zip(SYNAPSE, new, strict=True)]
        by = np.argsort(columns[0], kind="stable")
        return self.changed(**{name: column[by] for name, column in zip(SYNAPSE, columns, strict=True)})

    def without_synapses(self, gone: np.ndarray) -> "Genomes":
        """Without some, (E,) bool."""
        return self.changed(**{name: getattr(self, name)[~gone] for name in SYNAPSE})

    def with_neurons(
        self, owner: np.ndarray, kind: np.ndarray, gene: np.ndarray, names: np.ndarray, values: np.ndarray
    ) -> tuple["Genomes", np.ndarray]:
        """With neurons more, each the youngest of its genome; and where these are."""
        new = (owner, kind, gene, names)
        columns = [np.concatenate([getattr(self, name), more]) for name, more in zip(NEURON, new, strict=True)]
        by, place = np.argsort(columns[0], kind="stable"), np.empty(len(columns[0]), np.int64)
        place[by] = np.arange(len(by))
        made = self.changed(
            **{name: column[by] for name, column in zip(NEURON, columns, strict=True)},
            values=np.concatenate([self.values, values], 1)[:, by],
            source=place[self.source],
            target=place[self.target],
            keys=self.keys + np.bincount(owner, minlength=len(self)),
        )
        return made, place[len(self.owner) :]

    def without_neurons(self, gone: np.ndarray) -> "Genomes":
        """Without some, (N,) bool, and all their synapses."""
        kept, place = ~gone, np.cumsum(~gone) - 1
        left = self.without_synapses(gone[self.source] | gone[self.target])
        return left.changed(
            **{name: getattr(self, name)[kept] for name in NEURON},
            values=self.values[:, kept],
            source=place[left.source],
            target=place[left.target],
        )

    def changed(self, **columns: Any) -> "Genomes":
        """The same genomes with other columns."""
        return replace(self, **columns)


def side_by_side(parts: Sequence[Genomes]) -> Genomes:
    """Genomes of one vocabulary, those of the first first."""
    if len(parts) == 1:
        return parts[0]
    sizes = zip(*((len(part.owner), len(part)) for part in parts), strict=True)
    neurons, genomes = (np.cumsum([0, *counts[:-1]]) for counts in sizes)

    def together(name: str, shifts: Any = None) -> np.ndarray:
        shifts = [0] * len(parts) if shifts is None else shifts
        columns = [getattr(part, name) for part in parts]
        return np.concatenate(columns if not any(shifts) else [c + s for c, s in zip(columns, shifts, strict=True)], -1)

    return Genomes(
        words=parts[0].words,
        owner=together("owner", genomes),
        reader=together("reader", genomes),
        source=together("source", neurons),
        target=together("target", neurons),
        populations=[names for part in parts for names in part.populations],
        attributes=[own for part in parts for own in part.attributes],
        **{name: together(name) for name in ("kind", "gene", "names", "values", "form", "weight", "next_name", "keys")},
    )
