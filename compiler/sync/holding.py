"""The holding: a network's numbers without the network, which is what its graph holds on to."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from ..lowering.held import emptied
from ..lowering.marks import Ledger
from ..runtime.assembly import cast
from ..runtime.lookups import Book, Gate
from ..slots import RUNNING, Quantity, SlotMap, Slots
from . import write_back as exchange
from .digests import digests
from .optimizers import watching  # noqa: F401  (from here on, optimizers' steps are seen)

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

_STATISTICS = {quantity[0] for quantity in RUNNING}


@dataclass(frozen=True)
class Seen:
    """What a tensor was like when its numbers were last written back.

    Parameters
    ----------
    version, pointer
        Its version counter and where its storage is: cheap, and blind to writes through `.data`, numpy views and fused
        optimizers.
    digest
        Of its bytes: sees whatever has changed.
    """

    version: int
    pointer: int
    digest: int


class Holding:
    """The tensors of a network, which synapse or neuron each of their numbers belongs to, and what the graph has of it.

    The graph whose values these are holds it strongly and the network weakly: a network that is dropped leaves its
    numbers here until they have been written back. Nothing is written when something is collected.

    Parameters
    ----------
    network
        The network, which holds this as well.

    Attributes
    ----------
    fresh
        Whether the graph is as it was when the network was compiled or refreshed; its clock keeps that.
    """

    def __init__(self, network: "CompiledModule") -> None:
        self.network, self._graph = ref(network), ref(network.graph)
        self.fresh = False
        self.ledger = Ledger()
        self.install(SlotMap(()))

    def install(self, slots: SlotMap) -> None:
        """Hold other tensors from now on, of which nothing is known to be in the graph."""
        self.slots = slots
        self._books: dict[str, Book] = {}
        self._seen: tuple[Seen | None, ...] = (None,) * len(slots.slots)

    def turn(self, fresh: bool) -> None:
        """Be fresh or stale: whether the graph is as it was when the network was compiled or refreshed."""
        self.fresh, network = fresh, self.network()
        if network is not None:
            network.turn(fresh)

    # whether anything moved

    def rest(self) -> None:
        """Note that the graph has these very numbers."""
        self._seen, self.ledger.stepped = self._now(), False

    def moved(self) -> bool:
        """Whether any number may differ from what was last written back, whatever wrote it."""
        seen = self._seen
        for entry, then in zip(self.slots.slots, seen, strict=True):
            if then is None or _shallow(entry) != (then.version, then.pointer):
                return True
        now = digests([entry.tensor for entry in self.slots.slots])
        return any(then is None or then.digest != digest for then, digest in zip(seen, now, strict=True))

    def moment(self) -> tuple[int, ...]:
        """Other digests than before where any number has moved."""
        return tuple(digests([entry.tensor for entry in self.slots.slots]))

    def _now(self) -> tuple[Seen, ...]:
        entries = self.slots.slots
        found = digests([entry.tensor for entry in entries])
        return tuple(Seen(*_shallow(entry), digest) for entry, digest in zip(entries, found, strict=True))

    def write_back(self, graph: Any) -> int:
        """Write what moved into the graph, but for what users wrote since; returns how many numbers."""
        now = self._now()
        moved = [
            entry
            for entry, new, old in zip(self.slots.slots, now, self._seen, strict=True)
            if old is None or old.digest != new.digest
        ]
        filled = [emptied(entry.module, entry.tensor) for entry in moved if entry.trained]
        if any(filled):
            now = self._now()
        written = exchange.write_back(self.slots, graph, moved, graph.changes.since(self)) if moved else 0
        self._seen, self.ledger.stepped = now, False
        return written

    # single numbers

    def value(self, name: str, number: int, stored: Any, sure: bool = False) -> Any:
        """Today's value of one neuron, or weight of one synapse; `stored`, which the graph has, where it is the same.

        Numbers in single or double precision on the CPU are read from their tensor. All others only where a version
        counter, the storage's place or an optimizer's step says that the tensor has moved, or where one has to be
        `sure`: what is written past all three is seen when the graph is next read as a whole.
        """
        book = self._books.get(name) or self._book(name)
        try:
            place = book.place[number]
        except LookupError:
            return stored
        if place < 0:
            return stored
        gate = book.gates[book.gate[number]]
        if gate.tensors[gate.name].data_ptr() != gate.pointer:
            gate.renew()
        view = gate.view
        if view is None:
            return self._far(gate, place, number, stored, sure)
        now = view[place]
        if now == stored:
            return stored
        rounded = gate.rounded
        rounded[0] = stored
        if now == rounded[0] or not isfinite(now) or self._written(name, number):
            return stored
        return now

    def values(self, name: str, numbers: np.ndarray, stored: np.ndarray) -> np.ndarray:
        """Today's values of (n,) neurons, or weights of synapses of one shape; `stored` where these are the same."""
        found = self.held(name, numbers, stored)
        return self._but_written((name, stored.shape[1:]), numbers, stored, found)

    def held(self, name: str, numbers: np.ndarray, stored: np.ndarray) -> np.ndarray:
        """The same, also of numbers that users wrote since."""
        found, quantity = stored.copy(), (name, stored.shape[1:])
        for entry, mine, places in self.find(name, numbers):
            if entry.quantity == quantity:
                now = SlotMap.get_some(entry, places)
                moved = (now != cast(stored[mine], entry.tensor.dtype).numpy()).reshape(len(mine), -1).any(1)
                moved &= np.isfinite(now).reshape(len(mine), -1).all(1)
                found[mine[moved]] = now[moved]
        return found

    def _but_written(
        self, quantity: Quantity, numbers: np.ndarray, stored: np.ndarray, found: np.ndarray
    ) -> np.ndarray:
        graph = self._graph()
        if graph is not None and graph.changes.unread(self):
            theirs = np.isin(numbers, exchange.written(graph.changes.since(self), quantity))
            found[theirs] = stored[theirs]
        return found

    def load(self, quantity: Quantity, numbers: np.ndarray, values: np.ndarray) -> None:
        """Write (n, *shape of one) numbers of one quantity, known by id or key, into their tensors in place."""
        for entry, mine, places in self.find(quantity[0], numbers):
            if entry.quantity == quantity:
                SlotMap.put_some(entry, places, values[mine])

    def find(self, name: str, numbers: np.ndarray) -> Iterator[tuple[Slots, np.ndarray, np.ndarray]]:
        """Where some numbers of one name are, by id or key.

        Yields
        ------
        entry, mine, places
            Entries of the slot map, which of the (n,) numbers each has, and at which places of its tensor.
        """
        book = self._books.get(name) or self._book(name)
        gates, places = book.find(numbers)
        for at in set(gates[places >= 0].tolist()):
            mine = np.flatnonzero((places >= 0) & (gates == at))
            yield book.gates[at].entry, mine, places[mine]

    def _book(self, name: str) -> Book:
        found = self._books[name] = Book(self.slots, name)
        return found

    def _far(self, gate: Gate, place: int, number: int, stored: Any, sure: bool) -> Any:
        """The same of a kernel, or of a number that is far away or in half precision."""
        entry, then = gate.entry, self._seen[gate.index]
        shallow = then is not None and _shallow(entry) == (then.version, then.pointer)
        if not sure and shallow and not self.ledger.stepped and entry.quantity[0] not in _STATISTICS:
            return stored
        now = gate.read(place)
        held = cast(np.asarray(stored, np.float64), entry.tensor.dtype).numpy()
        if now.shape != held.shape or (now == held).all() or not np.isfinite(now).all():
            return stored
        return stored if self._written(entry.quantity[0], number) else (now if now.shape else now.item())

    def _written(self, name: str, number: int) -> bool:
        graph = self._graph()
        return graph is not None and graph.changes.written_since(self, name, number)


def _shallow(entry: Slots) -> tuple[int, int]:
    tensor = entry.tensor
    return tensor._version, tensor.data_ptr()
