"""The numbers of a population, as its graphs hold on to them: one set of tensors for all individuals."""

from collections.abc import Iterable
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch

from neurograph.core.merging import OWN, SHIFT

from ..lowering.held import emptied
from ..slots import Quantity, SlotMap
from ..sync.holding import Holding

Vectors = dict[tuple[Quantity, torch.dtype], tuple[np.ndarray, np.ndarray]]


class PopulationHolding(Holding):
    """The tensors of a population, and which number of which individual each of theirs is.

    Individuals write themselves back one at a time; what all of them need for it is made once for each moment.
    """

    def __init__(self, network: Any) -> None:
        self._individuals: WeakValueDictionary[int, Any] = WeakValueDictionary()
        self._stale: set[int] = set()
        super().__init__(network)

    def enlist(self, individuals: Iterable[Any]) -> None:
        """Have these individuals, all of them stale for now."""
        self._individuals = WeakValueDictionary({one.index: one for one in individuals})
        self._stale = set(self._individuals)
        super().turn(False)

    def stale_ones(self) -> list[Any]:
        """The individuals whose graphs are not what they were."""
        return [self._individuals[index] for index in sorted(self._stale)]

    def turned(self, index: int, fresh: bool) -> None:
        """Be fresh where all individuals are."""
        (self._stale.discard if fresh else self._stale.add)(index)
        if self.fresh == bool(self._stale):
            super().turn(not self._stale)

    def install(self, slots: SlotMap) -> None:
        super().install(slots)
        self._today: tuple[tuple[int, ...], Vectors] | None = None
        for one in self._individuals.values():
            one.written_at = None

    def rest(self) -> None:
        super().rest()
        moment = self.moment()
        for one in self._individuals.values():
            one.written_at = moment

    def today(self) -> tuple[tuple[int, ...], Vectors]:
        """The moment, and every quantity's numbers, rising, with their values."""
        moment = self.moment()
        if self._today is None or self._today[0] != moment:
            filled = [emptied(entry.module, entry.tensor) for entry in self.slots.slots if entry.trained]
            if any(filled):
                moment = self.moment()
            self._today = moment, self._vectors()
        return self._today

    def _vectors(self) -> Vectors:
        found: dict[tuple[Quantity, torch.dtype], list] = {}
        for entry in self.slots.slots:
            found.setdefault((entry.quantity, entry.tensor.dtype), []).append(entry)
        vectors = {}
        for key, entries in found.items():
            numbers = np.concatenate([entry.numbers for entry in entries])
            values = np.concatenate([SlotMap.get(entry, entry.tensor) for entry in entries])
            order = np.argsort(numbers, kind="stable")
            vectors[key] = numbers[order], values[order]
        return vectors

    def _written(self, name: str, number: int) -> bool:
        one = self._individuals.get(number >> SHIFT)
        return one is not None and one.has_written(name, number & OWN)
