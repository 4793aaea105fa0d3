"""The slot map: the one place that knows both the synapses of a graph and the tensors of a network.

Every trainable synapse has exactly one slot in exactly one Parameter, a frozen one in exactly one buffer; biases,
slopes and norms likewise per neuron. Numbers that mean the same form a *quantity*: ("weight", ()) for numbers on
synapses, ("weight", (3, 3)) for kernels, ("bias", ()), ("gamma", ()) and so on for those of neurons; the second half
is the shape of one of them. A quantity's canonical order is that of synapse ids or neuron keys, and whatever crosses
between the two worlds is an array (n, *shape) in that order: `gather` makes one, `scatter` takes one apart.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from neurograph.storage.runs import Run, put_at, runs, taken

from .regions.order import Order, rising

Quantity = tuple[str, tuple[int, ...]]
WEIGHT: Quantity = ("weight", ())
BIAS: Quantity = ("bias", ())
SLOPE: Quantity = ("slope", ())
RUNNING: tuple[Quantity, ...] = (("running_mean", ()), ("running_var", ()))  # statistics: never trained, never frozen

Pick = Callable[[Tensor], Tensor | None]


@dataclass(frozen=True, eq=False)
class Slots:
    """Where some numbers of one quantity are: in which tensor, and where in it.

    Parameters
    ----------
    quantity
        What the numbers are.
    module, name
        The tensor is `module`'s Parameter or buffer of that name (looked up at each use: `.to()` may replace it).
    numbers
        (n,) int64 synapse ids or neuron keys.
    flat
        (n,) int32 places in the flattened tensor, counted in whole kernels; None where they fill it in order.
    trained
        Whether it is a Parameter.
    """

    quantity: Quantity
    module: nn.Module
    name: str
    numbers: np.ndarray
    flat: np.ndarray | None
    trained: bool

    @cached_property
    def runs(self) -> list[Run] | None:
        """Those of `flat`; see `neurograph.storage.runs`."""
        return None if self.flat is None else runs(self.flat)

    @property
    def tensor(self) -> Tensor:
        """The tensor itself."""
        found = (self.module._parameters if self.trained else self.module._buffers)[self.name]
        assert found is not None
        return found


def to_host(tensor: Tensor) -> Tensor:
    """A flat tensor on the host in a dtype that numpy has; half precisions become float32, which loses nothing."""
    tensor = tensor.detach().reshape(-1)
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    return tensor.cpu()


def units_of(quantity: Quantity, tensor: Tensor) -> np.ndarray:
    """A tensor's numbers or kernels, (slots, *shape of one), on the host."""
    return to_host(tensor).numpy().reshape(-1, *quantity[1])


class SlotMap:
    """All slots of a network.

    Parameters
    ----------
    slots
        One entry per tensor and quantity in it.
    """

    def __init__(self, slots: Iterable[Slots]) -> None:
        self.slots = tuple(slots)
        self._numbers: dict[tuple[Quantity, bool], np.ndarray] = {}
        self._places: dict[tuple[Slots, bool], np.ndarray] = {}
        self._runs: dict[tuple[Slots, bool], list[Run] | None] = {}

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities that hold anything, in a fixed order."""
        return tuple(sorted({entry.quantity for entry in self.slots}))

    def of(self, quantity: Quantity, trained: bool = False) -> list[Slots]:
        """The entries of one quantity; only those of Parameters where `trained`."""
        return [entry for entry in self.slots if entry.quantity == quantity and (entry.trained or not trained)]

    def numbers(self, quantity: Quantity, trained: bool = False) -> np.ndarray:
        """(n,) int64 the canonical order: ids or keys, rising; only the trained ones where asked for."""
        found = self._numbers.get((quantity, trained))
        if found is None:
            parts = [entry.numbers for entry in self.of(quantity, trained)]
            found = rising(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
            found.flags.writeable = False  # the graph remembers the rows of numbers that cannot change
            self._numbers[quantity, trained] = found
        return found

    def gather(
        self, quantity: Quantity, pick: Pick = lambda p: p, *, trained: bool = False, fill: float = 0.0
    ) -> Tensor:
        """The canonical vector of what `pick` makes of each tensor.

        Parameters
        ----------
        quantity
            Which numbers.
        pick
            Takes the Parameter or buffer and returns a tensor of its shape (itself, its gradient, an optimizer's
            state), or None where it has none.
        trained
            Whether to leave out what buffers hold.
        fill
            What stands where `pick` returned None.

        Returns
        -------
        Tensor
            (n, *shape of one) on the host, in canonical order; float64 if any picked tensor is, else float32.
        """
        found = [(entry, pick(entry.tensor)) for entry in self.of(quantity, trained)]
        double = any(tensor is not None and tensor.dtype == torch.float64 for _, tensor in found)
        out = np.full((len(self.numbers(quantity, trained)), *quantity[1]), fill, np.float64 if double else np.float32)
        for entry, tensor in found:
            if tensor is not None:
                put_at(out, self.place(entry, trained), self.get(entry, tensor), self._runs[entry, trained])
        return torch.from_numpy(out)

    def label(self, quantity: Quantity, labels: Callable[[Slots], float], dtype: type = np.int64) -> np.ndarray:
        """(n,) for each trained number, in canonical order, what `labels` says of the entry it belongs to."""
        out = np.zeros(len(self.numbers(quantity, True)), dtype)
        for entry in self.of(quantity, True):
            out[self.place(entry, True)] = labels(entry)
        return out

    def scatter(
        self,
        quantity: Quantity,
        vector: Tensor,
        pick: Pick = lambda p: p,
        *,
        trained: bool = False,
        only: Callable[[Slots], bool] = lambda entry: True,
    ) -> None:
        """Put a canonical vector back where `gather` took it from, in place; slots that no number owns are left alone.

        Parameters
        ----------
        quantity, pick, trained
            As in `gather`; where `pick` returns None nothing is written.
        vector
            (n, *shape of one) in canonical order.
        only
            Which entries to write.
        """
        values = units_of(quantity, vector)
        for entry in self.of(quantity, trained):
            tensor = pick(entry.tensor) if only(entry) else None
            if tensor is not None:
                place = self.place(entry, trained)
                self.put(entry, tensor, taken(values, place, self._runs[entry, trained]))

    @staticmethod
    def put(entry: Slots, tensor: Tensor, values: np.ndarray) -> None:
        """Write one entry's numbers (in its own order) into a tensor of its shape."""
        with torch.no_grad():
            if entry.flat is None:
                tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))
                return
            if tensor.is_cpu and tensor.is_contiguous() and tensor.dtype in (torch.float32, torch.float64):
                units = tensor.detach().view(-1).numpy().reshape(-1, *entry.quantity[1])
                put_at(units, entry.flat, values, entry.runs)
                torch.autograd.graph.increment_version(tensor)
                return
            host = to_host(tensor).clone()
            put_at(host.numpy().reshape(-1, *entry.quantity[1]), entry.flat, values, entry.runs)
            tensor.copy_(host.reshape(tensor.shape))

    @staticmethod
    def put_some(entry: Slots, flat: np.ndarray, values: np.ndarray) -> None:
        """Write some numbers of an entry, at these places of its tensor, in place."""
        SlotMap.put_places(entry, entry.tensor, flat, values)

    @staticmethod
    def put_places(entry: Slots, tensor: Tensor, flat: np.ndarray, values: np.ndarray) -> None:
        """The same in any tensor of the shape of an entry's."""
        size = prod(entry.quantity[1])
        with torch.no_grad():
            whole = tensor if tensor.is_contiguous() else tensor.contiguous()
            where, put = torch.from_numpy(flat.astype(np.int64)), torch.from_numpy(values.reshape(-1, size))
            if not tensor.is_cpu:
                where, put = where.to(tensor.device), put.to(tensor.device)
            whole.view(-1, size).index_copy_(0, where, put.to(tensor.dtype))
            if whole is not tensor:
                tensor.copy_(whole)

    @staticmethod
    def get_some(entry: Slots, flat: np.ndarray) -> np.ndarray:
        """(n, *shape of one) some numbers of an entry, at these places of its tensor."""
        rows = entry.tensor.detach().reshape(-1, prod(entry.quantity[1]))
        chosen = rows.index_select(0, torch.from_numpy(flat.astype(np.int64)).to(rows.device))
        return units_of(entry.quantity, chosen)

    @staticmethod
    def get(entry: Slots, tensor: Tensor) -> np.ndarray:
        """One entry's numbers, in its own order, out of a tensor of its shape."""
        values = units_of(entry.quantity, tensor)
        return values if entry.flat is None else taken(values, entry.flat, entry.runs)

    def place(self, entry: Slots, trained: bool) -> np.ndarray:
        """(n,) int32 places of an entry's numbers in the canonical vector."""
        if (entry, trained) not in self._places:
            entries, order = self.of(entry.quantity, trained), Order(self.numbers(entry.quantity, trained))
            places = {(mine, trained): order.places(mine.numbers) for mine in entries}
            self._runs |= {key: runs(place) for key, place in places.items()}
            self._places |= places
        return self._places[entry, trained]
