"""Single numbers of a network, read where they are: what `graph[u][v]["weight"]` is while a network trains it."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurograph.storage.pools import items

from ..slots import SlotMap, Slots


class Gate:
    """The way to the numbers of one entry of the slot map.

    Parameters
    ----------
    index, entry
        Its place in the slot map, and the entry.

    Attributes
    ----------
    view
        Its numbers as Python reads them fastest, live; None where there is no such view: of kernels, of half
        precision, on another device, or not contiguous.
    rounded
        Room for one number of the same dtype.
    pointer
        Of the storage that `view` shows.
    """

    __slots__ = ("entry", "index", "name", "pointer", "rounded", "tensors", "view")

    def __init__(self, index: int, entry: Slots) -> None:
        self.index, self.entry, self.name = index, entry, entry.name
        self.tensors: Any = entry.module._parameters if entry.trained else entry.module._buffers
        self.renew()

    def renew(self) -> None:
        """Follow the tensor to where its storage is now."""
        tensor = self.entry.tensor
        self.pointer, self.view = tensor.data_ptr(), None
        plain = tensor.dtype in (torch.float32, torch.float64) and not self.entry.quantity[1]
        if plain and tensor.device.type == "cpu" and tensor.is_contiguous() and tensor.numel():
            numbers = tensor.detach().view(-1).numpy()
            self.view, self.rounded = items(numbers), items(np.zeros(1, numbers.dtype))

    def read(self, place: int) -> np.ndarray:
        """One number or kernel, copied from wherever it is; float64."""
        entry = self.entry
        return one_of(entry, entry.tensor, place).astype(np.float64)


def one_of(entry: Slots, tensor: Tensor, place: int) -> np.ndarray:
    """The number or kernel at a place of a tensor, as an array of its shape."""
    size = int(np.prod(entry.quantity[1], dtype=np.int64))
    flat = tensor.detach().reshape(-1)[place * size : (place + 1) * size]
    if flat.dtype in (torch.bfloat16, torch.float16):
        flat = flat.float()
    return flat.cpu().numpy().reshape(entry.quantity[1])


class Book:
    """For the numbers of one name, where each is: by synapse id or neuron key, which gate and which place behind it."""

    __slots__ = ("gate", "gates", "place")

    def __init__(self, slots: SlotMap, name: str) -> None:
        entries = [(at, entry) for at, entry in enumerate(slots.slots) if entry.quantity[0] == name]
        self.gates = [Gate(at, entry) for at, entry in entries]
        numbers = [entry.numbers for _, entry in entries]
        flats = [np.arange(len(e.numbers)) if e.flat is None else e.flat for _, e in entries]
        gates = [np.full(len(held), at) for at, held in enumerate(numbers)]
        count = sum(map(len, numbers))
        top = max((int(held.max(initial=-1)) for held in numbers), default=-1) + 1
        if top > 16 * count + 1024:
            together = np.concatenate(numbers).tolist()
            self.place: Any = dict(zip(together, np.concatenate(flats).tolist(), strict=True))
            self.gate: Any = dict(zip(together, np.concatenate(gates).tolist(), strict=True))
            return
        place, gate = np.full(max(top, 1), -1, np.int32), np.zeros(max(top, 1), np.int32)
        for held, flat, at in zip(numbers, flats, gates, strict=True):
            place[held], gate[held] = flat, at
        self.place, self.gate = items(place), items(gate)

    def find(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) gates and (n,) places of some numbers; place -1 where there is none."""
        if isinstance(self.place, dict):
            listed = numbers.tolist()
            return np.array([self.gate.get(i, 0) for i in listed]), np.array([self.place.get(i, -1) for i in listed])
        known = np.minimum(numbers, len(self.place) - 1)
        gates, places = np.asarray(self.gate)[known], np.asarray(self.place)[known]
        return gates, np.where(known == numbers, places, -1)
