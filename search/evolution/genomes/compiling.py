"""Genomes in arrays as one program, and what that has learned on its way back."""

import warnings
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from neurograph.core.merging import MergedGraphs, joined
from neurograph.schema.neuron import VALUES
from neurograph.schema.synapse import form_of

from .arrays import Genomes


def merged_genomes(genomes: Genomes) -> MergedGraphs:
    """All of them as the arrays of one graph, for the compiler; neurons are numbered as in `graph`."""
    words, (neuron, synapse) = genomes.words, genomes.first
    keys, ids = (np.arange(len(of)) - first[of] for of, first in ((genomes.owner, neuron), (genomes.reader, synapse)))
    populations = tuple(dict.fromkeys(name for names in genomes.populations for name in names))
    return MergedGraphs(
        genomes.owner,
        keys,
        genomes.kind.astype(np.int32),
        _ranks(genomes),
        dict(zip(VALUES, genomes.values, strict=True)),
        genomes.source,
        genomes.target,
        joined(genomes.reader, ids),
        genomes.form.astype(np.int32),
        np.zeros(len(ids), np.int8),
        np.arange(len(ids), dtype=np.int32),
        Named(genomes),  # pyright: ignore[reportArgumentType]
        tuple(words.kinds),
        tuple(form_of(form) for form in words.forms.bundles),
        (genomes.weight,),
        populations,
    )


def _ranks(genomes: Genomes) -> np.ndarray:
    """(N,) the place of each neuron's population among those of its genome."""
    orders: dict[tuple[str, ...], int] = {}
    which = np.array([orders.setdefault(names, len(orders)) for names in genomes.populations], np.int64)
    places = [{name: at for at, name in enumerate(order)} for order in orders]
    table = np.array([[place.get(k.population, -1) for k in genomes.words.kinds] for place in places], np.int64)
    return table[which[genomes.owner], genomes.kind]


class Named(Sequence):
    """The names of genomes' neurons, where graphs would be asked for them."""

    def __init__(self, genomes: Genomes) -> None:
        self.genomes = genomes

    def __len__(self) -> int:
        return len(self.genomes)

    def __getitem__(self, at: Any) -> Any:
        start = int(self.genomes.first[0][at])
        return SimpleNamespace(table=SimpleNamespace(names=self.genomes.names[start:]))


def with_numbers(genomes: Genomes, population: Any) -> Genomes:
    """Genomes with the numbers that their program holds now, where these are others than theirs would be there.

    As with graphs, a number that is not finite is left as it was, with a warning.

    Parameters
    ----------
    genomes
        They are left as they are.
    population
        An `ArrayPopulation` that was compiled from them.
    """
    weight, values, neurons, synapses = genomes.weight.copy(), genomes.values.copy(), *genomes.first
    for (name, _), individual, number, now in population.numbers():
        first = synapses if name == "weight" else neurons
        column = weight if name == "weight" else values[VALUES.index(name)]
        rows = first[individual] + number
        moved, finite = now != population.rounded(column[rows]), np.isfinite(now)
        if (wild := moved & ~finite).any():
            warnings.warn(
                f"{np.count_nonzero(wild)} {name} values are not finite (first: of individual {individual[wild][0]}), "
                "so training has diverged; genomes keep the last finite values of these",
                stacklevel=2,
            )
        moved &= finite
        column[rows[moved]] = now[moved]
    return genomes.changed(weight=weight, values=values)
