"""What genomes in arrays are written in: numbers for kinds of neurons, forms of synapses and innovations."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from neurograph.schema.neuron import NeuronKind
from neurograph.schema.synapse import DELAY
from neurograph.storage.pools import Forms


class Vocabulary:
    """Numbers that mean the same in all genomes of a search; what was numbered once keeps its number.

    Attributes
    ----------
    kinds, genes
        What the numbers of kinds and innovations stand for.
    forms
        The attributes that synapses share; number 0 is a synapse with a weight and nothing else.
    """

    def __init__(self) -> None:
        self.kinds: list[NeuronKind] = []
        self.genes: list[str] = []
        self.forms = Forms()
        self._numbers: dict[Hashable, int] = {}

    def kind(self, kind: NeuronKind) -> int:
        """The number of a kind."""
        return self._number(self.kinds, kind)

    def gene(self, innovation: str) -> int:
        """The number of an innovation."""
        return self._number(self.genes, innovation)

    def form(self, form: Mapping[str, Any]) -> int:
        """The number of the attributes that a synapse shares with others."""
        return self.forms.number(form)

    def now(self, form: int) -> int:
        """The number of the same form without a delay."""
        return self.form({name: value for name, value in self.forms.bundles[form].items() if name != DELAY})

    def of_kinds(self, test: Any) -> np.ndarray:
        """(kinds,) what a function makes of each."""
        return np.array([test(kind) for kind in self.kinds])

    def does(self) -> np.ndarray:
        """(kinds,) int64 equal numbers for kinds of one activation and aggregation."""
        numbers: dict[tuple[str, str], int] = {}
        each = [(kind.activation, kind.aggregation) for kind in self.kinds]
        return np.array([numbers.setdefault(one, len(numbers)) for one in each], np.int64)

    def late(self) -> np.ndarray:
        """(forms,) bool: which have a delay."""
        return np.array([bool(form.get(DELAY)) for form in self.forms.bundles], bool)

    def free(self) -> np.ndarray:
        """(forms,) bool: which have a weight that is trained."""
        return np.array([form.get("trainable", True) for form in self.forms.bundles], bool)

    def _number(self, items: list, item: Any) -> int:
        found = self._numbers.get(item)
        if found is None:
            found = self._numbers[item] = len(items)
            items.append(item)
        return found

    def numbers(self, items: Iterable[Any], number: Any) -> np.ndarray:
        """(n,) int64 numbers of some items, each by `kind`, `gene` or `form`."""
        return np.fromiter(map(number, items), np.int64)
