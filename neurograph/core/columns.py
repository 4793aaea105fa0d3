"""Neurons as columns: one interned kind, six numbers and the user's own attributes for each key."""

from typing import Any

import numpy as np

from neurograph.schema.neuron import VALUES, NeuronKind
from neurograph.storage.pools import items
from neurograph.storage.sparse import kept, roomier


class NeuronColumns:
    """What the neurons of a graph carry, by key.

    `kind[key]` is a number; `kinds[number]` the `NeuronKind` it stands for. `values[name][key]` is a float64, NaN where
    the neuron has no such value. Rows of dead neurons keep what they died with.
    """

    __slots__ = ("extra", "gone", "item", "kind", "kinds", "numbers", "reads_data", "scalar", "value_items", "values")

    def __init__(self) -> None:
        self.kinds: list[NeuronKind] = []
        self.numbers: dict[NeuronKind, int] = {}
        self.scalar: list[bool] = []  # by kind number, for the fast path of add_edge
        self.reads_data: list[bool] = []
        self.extra: dict[int, dict[str, Any]] = {}
        self.gone: dict[int, dict[str, Any]] = {}  # the user's own of dead neurons, for views that outlive them
        self._hold(np.zeros(16, np.int32), {name: np.full(16, np.nan) for name in VALUES})

    def _hold(self, kind: Any, values: dict[str, Any]) -> None:
        item, value_items = items(kind), {name: items(column) for name, column in values.items()}
        # in one step: an exception finds all old or all new
        self.kind, self.values, self.item, self.value_items = kind, values, item, value_items

    def __getstate__(self):
        return self.kinds, self.kind, self.values, self.extra

    def __setstate__(self, state) -> None:
        self.__init__()
        kinds, kind, values, self.extra = state
        self._hold(kind, values)
        for one in kinds:
            self.number(one)

    def copy(self, keys: np.ndarray) -> "NeuronColumns":
        """A copy for a graph whose neurons have these keys, (n,) int64."""
        new = object.__new__(NeuronColumns)
        kind, values = kept(self.kind, keys, 0), {n: kept(column, keys, np.nan) for n, column in self.values.items()}
        there = set(keys.tolist()) if self.extra else ()
        new.__setstate__((self.kinds, kind, values, {k: d.copy() for k, d in self.extra.items() if k in there}))
        return new

    def reserve(self, keys: int, written: int | None = None) -> None:
        """Make room for keys below `keys`, of which so many are going to be written; None: all of them."""
        if keys > len(self.kind):
            spare = len(self.kind) * 3 // 2
            values = {n: roomier(column, keys, spare, written, np.nan) for n, column in self.values.items()}
            self._hold(roomier(self.kind, keys, spare, written), values)

    def number(self, kind: NeuronKind) -> int:
        """The number of a kind."""
        found = self.numbers.get(kind)
        if found is None:
            found = len(self.kinds)
            self.kinds.append(kind)
            self.scalar.append(kind.shape == ())
            self.reads_data.append(kind.role == "input")
            self.numbers[kind] = found
        return found

    def take_back(self, kinds: int) -> None:
        """Forget the kinds that were numbered since there were so many, the last one perhaps not to its end."""
        if len(self.kinds) > kinds:
            kept = self.kinds[:kinds]
            self.numbers = {kind: number for number, kind in enumerate(kept)}
            for each in (self.scalar, self.reads_data, self.kinds):  # kinds last: they tell whether this is done
                del each[kinds:]

    def of(self, key: int) -> NeuronKind:
        """The kind of one neuron."""
        return self.kinds[self.item[key]]

    def each(self, attribute: str, keys: np.ndarray) -> np.ndarray:
        """One attribute of the kinds of many neurons, as an object array."""
        table = np.empty(len(self.kinds), object)
        table[:] = [getattr(kind, attribute) for kind in self.kinds]
        return table[self.kind[keys]]

    def forget(self, key: int) -> None:
        """Let a neuron be dead: a view that outlives it shows what it died with."""
        own = self.extra.pop(key, None)
        if own:
            self.gone[key] = own

    def clear(self, key: int) -> None:
        """Clear the row of a neuron whose birth is taken back, so that its key can be given again."""
        for column in self.value_items.values():
            column[key] = np.nan
        self.extra.pop(key, None)
