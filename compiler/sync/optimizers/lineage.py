"""Whose heir a new Parameter is: where each of its numbers stood, and in which old Parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurograph.storage.sets import in_sorted

from ...slots import WEIGHT, Quantity, SlotMap, Slots
from ..stock import Stock, Stocks


@dataclass(frozen=True, eq=False)
class Lineage:
    """Where the numbers of a new Parameter come from.

    Parameters
    ----------
    entry
        The new Parameter's slots.
    place
        (n,) places in the old network's stock of survivors, -1 for newborns.
    heir
        (n,) likewise for newborns' heirs: the old number each continues, -1 where there is none.
    same
        (n,) places of survivors and of those numbers that newborns stand in for: gone, and of that newborn's weight.
    parents
        The old entries that hold any of them, in the old network's order.
    """

    entry: Slots
    place: np.ndarray
    heir: np.ndarray
    same: np.ndarray
    parents: tuple[Slots, ...]


class Lineages:
    """The trained numbers of a network before a refresh, to look newer ones up in.

    Parameters
    ----------
    stocks
        What it held.
    changes
        Since the network last looked: who is whose heir.
    new
        Its slots after the refresh.
    """

    def __init__(self, stocks: Stocks, changes: Any, new: SlotMap) -> None:
        self.stocks, self.changes = stocks, changes
        self.new = Stocks(new)
        self._known: dict[bool, Heirs] = {}

    def trace(self, entry: Slots) -> Lineage:
        """The ancestry of one new Parameter."""
        stock = self.stocks.of(entry.quantity)
        place = self._trained(stock, self.stocks.places(entry))
        if self.changes.copied is not None:
            place = self._with_copied(entry, stock, place)
        renewed = self.changes.renewed.get(entry.quantity[0], ())
        if len(renewed):
            place = np.where(np.isin(entry.numbers, renewed), np.int32(-1), place)  # others than were there
        heir, same = np.full(len(place), -1, np.int32), place
        if len(heirs := self._heirs(entry.quantity)):
            born = np.flatnonzero(place < 0)
            old = heirs.ancestors(entry.numbers[born])
            heir[born] = self._trained(stock, stock.places(old))
            here = heir[born] >= 0
            born, old = born[here], old[here]
            if len(born):
                same = place.copy()
                same[born] = self._replaced(entry, born, old, heir[born])
        parents = {*stock.holders(place), *stock.holders(heir)}
        held = {stock.entries[at] for at in parents}
        return Lineage(entry, place, heir, same, tuple(e for e in self.stocks.slots.slots if e in held))

    def _with_copied(self, entry: Slots, stock: Stock, place: np.ndarray) -> np.ndarray:
        """The same, where numbers came with a copy of a graph that was there: those that they are copies of."""
        born = np.flatnonzero(place < 0)
        found = place.copy()
        found[born] = self._trained(stock, stock.places(self.changes.copied(entry.quantity[0], entry.numbers[born])))
        return found

    @staticmethod
    def _trained(stock: Stock, place: np.ndarray) -> np.ndarray:
        """The places, but for those of numbers that were not trained."""
        return place if stock.trained == len(stock) else np.where(place < stock.trained, place, np.int32(-1))

    def _replaced(self, entry: Slots, born: np.ndarray, old: np.ndarray, heir: np.ndarray) -> np.ndarray:
        """(n,) the places of old numbers that are gone and whose one heir has their value, -1 for all other heirs."""
        quantity = entry.quantity
        gone = self.new.of(quantity).places(old) < 0
        before, _ = self.stocks.of(quantity).take(heir)
        after = SlotMap.get(entry, entry.tensor)[born]
        alike = (after == before).reshape(len(born), -1).all(1)
        alone = in_sorted(old, self._heirs(quantity).with_one)
        return np.where(gone & alike & alone, heir, np.int32(-1))

    def _heirs(self, quantity: Quantity) -> "Heirs":
        synapses = quantity[0] == WEIGHT[0]
        if synapses not in self._known:
            self._known[synapses] = Heirs(self.changes.synapse_heirs if synapses else self.changes.neuron_heirs)
        return self._known[synapses]


class Heirs:
    """Who continues whom, in arrays.

    Parameters
    ----------
    pairs
        new number -> old number.
    """

    def __init__(self, pairs: Mapping[int, int]) -> None:
        new, old = (np.fromiter(side, np.int64, len(pairs)) for side in (pairs.keys(), pairs.values()))
        order = np.argsort(new, kind="stable")
        self.new, self.old = new[order], old[order]

    def __len__(self) -> int:
        return len(self.new)

    def ancestors(self, numbers: np.ndarray) -> np.ndarray:
        """(n,) int64 the old number that each continues, -1 where there is none."""
        near = np.minimum(np.searchsorted(self.new, numbers), len(self.new) - 1)
        return np.where(self.new[near] == numbers, self.old[near], -1)

    @cached_property
    def with_one(self) -> np.ndarray:
        """The old numbers that one new number continues, rising."""
        rising = np.sort(self.old)
        other, alone = rising[1:] != rising[:-1], np.ones(len(rising), bool)
        alone[1:] &= other
        alone[:-1] &= other
        return rising[alone]
