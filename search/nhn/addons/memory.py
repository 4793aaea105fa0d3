"""How much memory a supernet takes, predicted before it is built."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch

from neurograph.analysis.segments import segment_of
from neurograph.errors import OptionError
from neurograph.memory import free_bytes
from neurograph.network import NeuronGraph

from .locations import Place
from .options import AddOnOptions
from .weights import sizes

_COPIES = 4  # of a weight: itself, its gradient, its momentum, its masked self
_VALUES = 2  # of a neuron in training: what it sums up and what it makes of it


@dataclass(frozen=True)
class Memory:
    """Bytes that a supernet takes, from above.

    Parameters
    ----------
    network
        The frozen network.
    addons
        The add-ons' weights, with what training them takes.
    training
        The values of all neurons in one training step of `AddOnOptions.together` individuals, each with as many add-ons
        as it can have.
    """

    network: int
    addons: int
    training: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.network + self.addons + self.training

    def __str__(self) -> str:
        parts = ", ".join(f"{_gib(getattr(self, n)):.3g} GiB {n}" for n in ("network", "addons", "training"))
        return f"{_gib(self.total):.3g} GiB ({parts})"


def estimate(graph: NeuronGraph, places: Sequence[Place], options: AddOnOptions, dtype: torch.dtype) -> Memory:
    """Estimate what a supernet will take; nothing is built."""
    arrays = graph.arrays()
    width = torch.empty(0, dtype=dtype).element_size()
    areas = np.array([prod(kind.shape) for kind in arrays.kinds], np.int64)[arrays.kind]
    numbers = sum(prod(pool.shape[1:]) * int((arrays.pool == at).sum()) for at, pool in enumerate(arrays.pools))
    weights, values, best = 0, 0, {}
    for place in places:
        sources, count, targets = sizes(graph, place, options)
        weights += count * (sources * place[2] ** 2 + 1 + targets)
        area = prod(segment_of(graph, place[0]).shape)
        best[place[1:]] = max(best.get(place[1:], 0), (2 * count + 2 * targets) * area)
    values = _VALUES * int(areas.sum()) + sum(best.values())
    rows = options.together * options.batch_size
    return Memory(width * numbers, width * _COPIES * weights, width * values * rows)


def refuse_too_large(memory: Memory, options: AddOnOptions, device: torch.device) -> None:
    """`OptionError`, with the estimate, where it is more than may be used."""
    free = usable_bytes(options, device)
    if free and memory.total > free:
        raise OptionError(
            f"memory={options.memory:g}: this supernet would take about {memory} of {_gib(free):.3g} GiB; a smaller "
            f"together than {options.together}, batch_size than {options.batch_size} or count of add-ons at each place "
            "takes less"
        )


def usable_bytes(options: AddOnOptions, device: torch.device) -> float:
    """What may be used of a device; 0 where nobody says."""
    return options.memory * 2**30 or _free(device)


def _gib(size: float) -> float:
    return size / 2**30


def _free(device: torch.device) -> float:
    """Bytes that a device has free; 0 where nobody says."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_bytes() or 0.0
