"""Whose heir a new Parameter is: where each of its numbers stood, and in which old Parameters."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.regions.order import Order
from compiler.slots import WEIGHT, Quantity, SlotMap, Slots


@dataclass(frozen=True, eq=False)
class Lineage:
    """Where the numbers of a new Parameter come from.

    Parameters
    ----------
    entry
        The new Parameter's slots.
    place
        (n,) places in the old canonical order of survivors, -1 for newborns.
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
    old
        Its slots.
    changes
        Since the network last looked: who is whose heir.
    new
        Its slots after the refresh.
    """

    def __init__(self, old: SlotMap, changes: Any, new: SlotMap) -> None:
        self.old, self.changes, self.new = old, changes, new
        self._orders: dict[Quantity, tuple[Order, np.ndarray]] = {}

    def trace(self, entry: Slots) -> Lineage:
        """The ancestry of one new Parameter."""
        order, owner = self._order(entry.quantity)
        place = order.places(entry.numbers)
        place[np.isin(entry.numbers, self.changes.renewed.get(entry.quantity[0], ()))] = -1  # others than were there
        heirs = self._heirs(entry.quantity)
        heir = np.full(len(place), -1, np.int32)
        born = np.flatnonzero(place < 0)
        if len(born) and heirs:
            heir[born] = order.places(np.array([heirs.get(int(n), -1) for n in entry.numbers[born]], np.int64))
        seen = np.concatenate([place[place >= 0], heir[heir >= 0]])
        held = np.flatnonzero(np.bincount(owner[seen], minlength=1))
        same = np.where(place >= 0, place, self._replaced(entry, heir))
        return Lineage(entry, place, heir, same, tuple(self.old.slots[index] for index in held))

    def _replaced(self, entry: Slots, heir: np.ndarray) -> np.ndarray:
        """(n,) the places of old numbers that are gone and whose one heir has their value, -1 for all other heirs."""
        born = np.flatnonzero(heir >= 0)
        if not len(born):
            return heir
        order, _ = self._order(entry.quantity)
        gone = Order(self.new.numbers(entry.quantity)).places(order.numbers[heir[born]]) < 0
        before = self.old.gather(entry.quantity, trained=True).numpy()[heir[born]]
        alike = (SlotMap.get(entry, entry.tensor)[born] == before).reshape(len(born), -1).all(1)
        alone = np.isin(order.numbers[heir[born]], self._with_one_heir(entry.quantity))
        found = np.full(len(heir), -1, np.int32)
        found[born] = np.where(gone & alike & alone, heir[born], -1)
        return found

    def _heirs(self, quantity: Quantity) -> dict[int, int]:
        return self.changes.synapse_heirs if quantity[0] == WEIGHT[0] else self.changes.neuron_heirs

    def _with_one_heir(self, quantity: Quantity) -> np.ndarray:
        numbers, counts = np.unique(np.array(list(self._heirs(quantity).values()), np.int64), return_counts=True)
        return numbers[counts == 1]

    def _order(self, quantity: Quantity) -> tuple[Order, np.ndarray]:
        """The canonical order, and for each number in it which entry holds it."""
        if quantity not in self._orders:
            number = {entry: index for index, entry in enumerate(self.old.slots)}
            owner = self.old.label(quantity, number.__getitem__)
            self._orders[quantity] = Order(self.old.numbers(quantity, True)), owner
        return self._orders[quantity]
