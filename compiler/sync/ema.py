"""An exponential moving average of a network's values, which follows its network through edits."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from neurograph.errors import CompileError, WiringError

from ..regions.order import Order
from ..runtime import copies
from ..runtime.listeners import add_listener
from ..slots import RUNNING, SlotMap, Slots
from .state import check_wiring, quantity_name

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

_Place = tuple[nn.Module, str]


class EMA:
    """The average of what training makes of a network (Polyak averaging with an exponential window).

    After each optimizer step, average <- decay * average + (1 - decay) * value. A refresh of the network takes the
    average along: survivors keep theirs, newborns start from their value.

    `torch.optim.swa_utils.AveragedModel` does not: it averages Parameters by their position, so that after an edit it
    mixes the numbers of different synapses wherever the shapes happen to agree. Use it on a network whose graph is not
    edited any more, or make a new one after each refresh.

    Parameters
    ----------
    network
        A compiled network.
    decay
        In [0, 1); 0.999 forgets a value within some thousand steps.
    statistics
        What becomes of batch norm's running mean and variance: "copy" (today's), "average".

    Raises
    ------
    CompileError
        An option that makes no sense.

    Examples
    --------
    >>> import torch, compiler
    >>> from neurograph.builders import mlp
    >>> net = compiler.compile(mlp([2, 2], seed=0))
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> ema = compiler.EMA(net, decay=0.9)
    >>> net(torch.ones(1, 2)).sum().backward(); optimizer.step()
    >>> ema.update()
    >>> ema.network()(torch.ones(1, 2)).shape
    torch.Size([1, 2])
    """

    def __init__(self, network: "CompiledModule", decay: float = 0.999, *, statistics: str = "copy") -> None:
        if isinstance(decay, bool) or not isinstance(decay, int | float) or not 0 <= decay < 1:
            raise CompileError(f"decay must be a number from 0 to below 1, not {decay!r}")
        if statistics not in ("copy", "average"):
            raise CompileError(f'statistics must be "copy" or "average", not {statistics!r}')
        self.source, self.decay, self.statistics, self.updates = network, float(decay), statistics, 0
        self._held = {_place(entry): _start(entry.tensor) for entry in network.slots.slots}
        add_listener(network, self)

    @torch.no_grad()
    def update(self) -> None:
        """Take in today's values; call it after each optimizer step."""
        for entry in self.source.slots.slots:
            held, value = self._average(entry), entry.tensor
            if entry.trained or (self.statistics == "average" and entry.quantity in RUNNING):
                held.lerp_(value.detach().to(held.dtype), 1.0 - self.decay)
            else:
                held.copy_(value)
        self.updates += 1

    @torch.no_grad()
    def copy_to(self, network: "CompiledModule") -> None:
        """Write the average into a network of the same wiring, its own source included, which then trains on from it.

        Raises
        ------
        WiringError
            Where that network's wiring is another.
        """
        if network is not self.source:
            check_wiring(network, self.source.wiring)
        for quantity, vector in self._vectors().items():
            network.slots.scatter(quantity, vector)

    def network(self) -> "CompiledModule":
        """A copy of the network that computes with the average, in eval mode; it shares the graph and owns nothing."""
        if self.source.stale:
            self.source.refuse_stale()
        made = copies.sharing(self.source)
        self.copy_to(made)
        return made.eval().requires_grad_(False)

    def state_dict(self) -> dict[str, Any]:
        """The average per synapse and neuron, whatever the lowering, with the wiring it belongs to."""
        quantities = {quantity_name(quantity): vector for quantity, vector in self._vectors().items()}
        return {"wiring": self.source.wiring, "decay": self.decay, "updates": self.updates, "spaces": quantities}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Take a saved average, all or nothing.

        Raises
        ------
        WiringError
            Where it belongs to another wiring.
        """
        check_wiring(self.source, saved["wiring"])
        slots = self.source.slots
        for quantity in slots.quantities:
            found = saved["spaces"].get(quantity_name(quantity))
            wanted = (len(slots.numbers(quantity)), *quantity[1])
            if found is None or tuple(found.shape) != wanted:
                raise WiringError(f"this average does not hold {wanted[0]} {quantity_name(quantity)} values")
        by_tensor = self._by_tensor(slots)
        for quantity in slots.quantities:
            slots.scatter(quantity, saved["spaces"][quantity_name(quantity)], lambda t: by_tensor[id(t)])
        self.decay, self.updates = float(saved["decay"]), int(saved["updates"])

    def moved(self, old: SlotMap, new: SlotMap) -> None:
        """Go along with a refresh; networks call this."""
        fresh = {_place(entry): _start(entry.tensor) for entry in new.slots if _place(entry) not in self._held}
        by_tensor = self._by_tensor(old)
        for quantity in {entry.quantity for entry in new.slots if _place(entry) in fresh}:
            order, vector = Order(old.numbers(quantity)), old.gather(quantity, lambda t: by_tensor[id(t)]).numpy()
            for entry in new.of(quantity):
                if (held := fresh.get(_place(entry))) is not None:
                    values, place = SlotMap.get(entry, held).copy(), order.places(entry.numbers)
                    values[place >= 0] = vector[place[place >= 0]]
                    SlotMap.put(entry, held, values)
        everything = self._held | fresh
        self._held = {_place(entry): everything[_place(entry)] for entry in new.slots}

    def renewed(self, numbers: Mapping[str, np.ndarray]) -> None:
        """Start anew from the values of numbers that took others' places; networks call this."""
        for entry in self.source.slots.slots:
            held, mine = self._average(entry), np.isin(entry.numbers, numbers.get(entry.quantity[0], ()))
            if mine.any():
                values = SlotMap.get(entry, held).copy()
                values[mine] = SlotMap.get(entry, entry.tensor)[mine]
                SlotMap.put(entry, held, values)

    def _vectors(self) -> dict:
        slots = self.source.slots
        by_tensor = self._by_tensor(slots)
        return {quantity: slots.gather(quantity, lambda t: by_tensor[id(t)]) for quantity in slots.quantities}

    def _by_tensor(self, slots: SlotMap) -> dict[int, Tensor]:
        return {id(entry.tensor): self._average(entry) for entry in slots.slots}

    def _average(self, entry: Slots) -> Tensor:
        """The average of one tensor, on its device."""
        held, device = self._held[_place(entry)], entry.tensor.device
        if held.device != device:
            held = self._held[_place(entry)] = held.to(device)
        return held


def _place(entry: Slots) -> _Place:
    return entry.module, entry.name


def _start(tensor: Tensor) -> Tensor:
    """A copy that can hold an average: half precisions are too coarse for small steps."""
    half = tensor.dtype in (torch.bfloat16, torch.float16)
    return tensor.detach().to(torch.float32 if half else tensor.dtype, copy=True)
