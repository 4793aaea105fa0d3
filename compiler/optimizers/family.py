"""Whose heir a new Parameter is: where each of its numbers stood, and in which old Parameters."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.order import Order
from compiler.slots import WEIGHT, SlotMap, Slots, Space


@dataclass(frozen=True, eq=False)
class Ancestry:
    """Where the numbers of a new Parameter come from.

    Parameters
    ----------
    entry
        The new Parameter's slots.
    place
        (n,) places in the old canonical order of survivors, -1 for newborns.
    heir
        (n,) likewise for newborns' heirs: the old number each continues, -1 where there is none.
    parents
        The old entries that hold any of them, in the old network's order.
    """

    entry: Slots
    place: np.ndarray
    heir: np.ndarray
    parents: tuple[Slots, ...]


class Family:
    """The trained numbers of a network before a refresh, to look newer ones up in.

    Parameters
    ----------
    old
        Its slots.
    changes
        Since the network last looked: who is whose heir.
    """

    def __init__(self, old: SlotMap, changes: Any) -> None:
        self.old, self.changes = old, changes
        self._spaces: dict[Space, tuple[Order, np.ndarray]] = {}

    def trace(self, entry: Slots) -> Ancestry:
        """The ancestry of one new Parameter."""
        order, owner = self._space(entry.space)
        place = order.places(entry.numbers)
        heirs = self.changes.synapse_heirs if entry.space[0] == WEIGHT[0] else self.changes.neuron_heirs
        heir = np.full(len(place), -1, np.int32)
        born = np.flatnonzero(place < 0)
        if len(born) and heirs:
            heir[born] = order.places(np.array([heirs.get(int(n), -1) for n in entry.numbers[born]], np.int64))
        seen = np.concatenate([place[place >= 0], heir[heir >= 0]])
        held = np.flatnonzero(np.bincount(owner[seen], minlength=1))
        return Ancestry(entry, place, heir, tuple(self.old.slots[index] for index in held))

    def _space(self, space: Space) -> tuple[Order, np.ndarray]:
        """The canonical order, and for each number in it which entry holds it."""
        if space not in self._spaces:
            number = {entry: index for index, entry in enumerate(self.old.slots)}
            owner = self.old.label(space, number.__getitem__)
            self._spaces[space] = Order(self.old.numbers(space, True)), owner
        return self._spaces[space]
