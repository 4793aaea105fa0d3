"""The running utility of neurons: how much each contributes to those that read it, gathered while a network trains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from neurograph.analysis.ages import Ages
from neurograph.analysis.observations import Observations
from neurograph.edits.support.relays import births_of
from neurograph.errors import CompileError, EditError, WiringError
from neurograph.storage.sets import distinct

from ..regions.order import Order
from ..runtime.listeners import add_listener
from ..slots import WEIGHT, SlotMap, Slots

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

FORMS = ("contribution", "mean_corrected", "adaptive")


@dataclass(frozen=True, eq=False)
class _Side:
    """Where the weights on one side of neurons lie in a tensor: of (n,) numbers or kernels, place and neuron.

    Where a whole matrix is theirs, a column or a row each, `along` is the direction to add up.
    """

    entry: Slots
    places: Tensor
    whose: Tensor
    along: int | None

    def sizes(self, count: int) -> Tensor:
        """(count,) the sum of absolute weights of each neuron."""
        tensor = self.entry.tensor.detach()
        if self.along is not None:
            found = torch.linalg.vector_norm(tensor, 1, self.along)
            return torch.zeros(count, dtype=found.dtype, device=found.device).index_copy_(0, self.whose, found)
        size = int(np.prod(self.entry.quantity[1], dtype=np.int64))
        each = torch.linalg.vector_norm(tensor.reshape(-1, size).index_select(0, self.places), 1, 1)
        return torch.zeros(count, dtype=each.dtype, device=each.device).index_add_(0, self.whose, each)


class RunningUtility:
    """A running average of how much each neuron of some populations contributes (Dohare et al. 2024, eq. 1).

    Each forward pass in train mode moves it, u <- decay u + (1 - decay) |h| sum |w_out|: |h| the mean of a neuron's
    absolute value over the batch (of a channel, over positions too), w_out its outgoing weights, where channels go
    through pools the first behind these. There is no pass of its own, whatever lowering runs. It is kept by key: over a
    refresh survivors keep theirs and newborns begin at zero, in places that others have left (`Renew`) as well.

    Parameters
    ----------
    network
        A compiled network; it gathers for one of these at a time, the last that was made.
    populations
        Whose neurons; None means all that are neither inputs nor outputs.
    decay
        Eta, in [0, 1); 0.99 forgets within some hundred steps.
    form
        "contribution": as above. "mean_corrected": |h - f| in the place of |h|, f a running mean of h, because what is
        constant could be a bias. "adaptive": that, over the sum of absolute incoming weights, because what has small
        ones learns fast.

    Raises
    ------
    CompileError
        An option that makes no sense.
    MissingError, EditError
        A population that is not there, or one of inputs or outputs.

    Examples
    --------
    >>> import torch, compiler
    >>> from neurograph.builders import mlp
    >>> from neurograph.edits import Renew
    >>> net = compiler.compile(mlp([2, 3, 1], seed=0))
    >>> utility = compiler.RunningUtility(net, decay=0.9)
    >>> for _ in range(5):
    ...     _ = net(torch.ones(4, 2))
    >>> utility.observations().utility.shape, utility.ages().ages.tolist()
    ((3,), [5.0, 5.0, 5.0])
    >>> result = net.graph.apply(Renew("hidden1", "low_utility", observations=utility.observations()))
    >>> net.refresh()
    >>> sorted(utility.ages().ages.tolist())
    [0.0, 5.0, 5.0]
    """

    def __init__(
        self,
        network: "CompiledModule",
        populations: Iterable[str] | None = None,
        *,
        decay: float = 0.99,
        form: str = "contribution",
    ) -> None:
        if isinstance(decay, bool) or not isinstance(decay, int | float) or not 0 <= decay < 1:
            raise CompileError(f"decay must be a number from 0 to below 1, not {decay!r}")
        if form not in FORMS:
            raise CompileError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
        self.decay, self.form = float(decay), form
        self.network, self.populations = network, None if populations is None else tuple(populations)
        self.keys = np.zeros(0, np.int64)
        self._values = {name: torch.zeros(0, dtype=torch.float64) for name in ("utility", "mean", "steps")}
        self._lay_out()
        add_listener(network, self)
        network.gather_for(self)

    # while it trains

    @torch.no_grad()
    def saw(self, values: list) -> None:
        """Take in what a forward pass made of every block; networks call this."""
        device, shape = self.network.device, (len(self.keys),)
        size, mean = (torch.zeros(shape, dtype=torch.float64, device=device) for _ in range(2))
        held = self._on(device)
        held["steps"] += 1.0
        for block, columns, places in self._blocks:
            h = values[block].detach()
            h = h if columns is None else h.index_select(1, columns)
            over = [0, *range(2, h.dim())]
            if self.form != "contribution":
                mean.index_copy_(0, places, h.mean(over).double())
                known = held["mean"][places] * self.decay + (1 - self.decay) * mean[places]
                h = h - _corrected(known, held["steps"][places], self.decay).to(h.dtype).view(-1, *[1] * (h.dim() - 2))
            size.index_copy_(0, places, h.abs().mean(over).double())
        size *= self._sum(self._outgoing)
        if self.form == "adaptive":
            size /= self._sum(self._incoming).clamp(min=torch.finfo(torch.float32).tiny)
        if self.form != "contribution":
            held["mean"].mul_(self.decay).add_(mean, alpha=1.0 - self.decay)
        held["utility"].mul_(self.decay).add_(size, alpha=1.0 - self.decay)

    def _sum(self, sides: list[_Side]) -> Tensor:
        total = torch.zeros(len(self.keys), dtype=torch.float64, device=self.network.device)
        for side in sides:
            total += side.sizes(len(self.keys))
        return total

    def _on(self, device: torch.device) -> dict[str, Tensor]:
        if self._values["steps"].device != device:
            self._values = {name: tensor.to(device) for name, tensor in self._values.items()}
        return self._values

    # what it says

    def observations(self) -> Observations:
        """The utility of each neuron, corrected for its start at zero, for selectors such as "low_utility"."""
        held = {name: tensor.cpu().numpy() for name, tensor in self._values.items()}
        steps = held["steps"]
        utility = np.zeros(len(self.keys))
        utility[steps > 0] = held["utility"][steps > 0] / (1.0 - self.decay ** steps[steps > 0])
        return Observations(self.keys, np.zeros(0), np.zeros(0), utility=utility)

    def ages(self) -> Ages:
        """How many training passes each neuron has been there for, since its birth or since this began."""
        return Ages(self.keys, self._values["steps"].cpu().numpy().copy())

    def state_dict(self) -> dict[str, Any]:
        """All of it, by key, as plain values and tensors."""
        held = {name: tensor.cpu().clone() for name, tensor in self._values.items()}
        return {"form": self.form, "decay": self.decay, "keys": torch.from_numpy(self.keys.copy()), **held}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Take a saved state, all or nothing.

        Raises
        ------
        WiringError
            Where it is of other neurons, or of another form or decay.
        """
        if saved["form"] != self.form or saved["decay"] != self.decay:
            raise WiringError(
                f"this utility is {self.form} with decay {self.decay}, and the saved one {saved['form']} with decay "
                f"{saved['decay']}"
            )
        held = {name: saved[name].to(torch.float64).clone() for name in self._values}
        same = np.array_equal(saved["keys"].numpy(), self.keys)
        if not same or any(tensor.shape != (len(self.keys),) for tensor in held.values()):
            raise WiringError("this utility was kept for other neurons than those of the network")
        self._values = held
        self._on(self.network.device)

    # over a refresh

    def moved(self, old: SlotMap, new: SlotMap) -> None:
        """Go along with a refresh; networks call this."""
        self._lay_out()

    def renewed(self, numbers: Mapping[str, np.ndarray]) -> None:
        """Begin anew with neurons in whose places others were born; networks call this."""
        gone = numbers.get("neurons", np.zeros(0, np.int64))
        there = torch.from_numpy(np.flatnonzero(np.isin(self.keys, gone)))
        for tensor in self._values.values():
            tensor.index_fill_(0, there.to(tensor.device), 0.0)

    def _lay_out(self) -> None:
        """Where the neurons are and their weights, as the network runs them now."""
        keys, origins = self._watched()
        order = Order(self.keys).places(keys)
        for name, tensor in self._values.items():
            values, known = np.zeros(len(keys)), tensor.cpu().numpy()
            values[order >= 0] = known[order[order >= 0]]
            self._values[name] = torch.from_numpy(values)
        self.keys = keys
        device = self.network.device
        self._on(device)
        self._blocks = list(self._columns(device))
        self._outgoing = list(self._sides(origins, device))
        self._incoming = list(self._sides(self._read(), device)) if self.form == "adaptive" else []

    def _watched(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Keys, rising, and the outgoing synapses as (ids, places of the neurons that speak by them)."""
        graph, found = self.network.graph, []
        for name in self.populations or graph.populations:
            keys = graph.population_keys(name)
            graph.population(name)  # raises where there is none
            fixed = (graph.neurons.each("role", keys) == "input") | graph.neurons.each("is_output", keys).astype(bool)
            if fixed.any() and self.populations:
                raise EditError(f"population {name!r} has inputs or outputs, which cannot be done without")
            if len(keys) and not fixed.any():
                found.append(keys)
        every = np.sort(np.concatenate([np.zeros(0, np.int64), *found]))
        ids, whose = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for keys in found:
            kin = births_of(graph, keys, keys)
            for side, first in ((kin.shared, 0), (kin.shared_by_relays, kin.count)):
                for w in (w for w in side if w.weights is not None):
                    ids.append(w.ids[w.at])
                    whose.append(np.searchsorted(every, keys[kin.newborn[first + w.newborn]]))
        return every, (np.concatenate(ids), np.concatenate(whose))

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        """The incoming synapses with weights as (ids, places of the neurons that read by them)."""
        table = self.network.graph.table
        rows = table.live()
        rows = rows[(table.pool[rows] > 0) & np.isin(table.dst[rows], self.keys)]
        return table.id[rows].astype(np.int64), np.searchsorted(self.keys, table.dst[rows])

    def _columns(self, device: torch.device) -> Iterable[tuple[int, Tensor | None, Tensor]]:
        """(block, columns or None for all, places among the keys) of every block that has any of them."""
        for number, block in enumerate(self.network.program.blocks):
            places = Order(self.keys).places(block)
            mine = np.flatnonzero(places >= 0)
            if len(mine):
                columns = None if len(mine) == len(block) else torch.from_numpy(mine).to(device)
                yield number, columns, torch.from_numpy(places[mine].astype(np.int64)).to(device)

    def _sides(self, wanted: tuple[np.ndarray, np.ndarray], device: torch.device) -> Iterable[_Side]:
        """Where some synapses (ids, places of neurons) lie in the network's tensors."""
        ids, whose = wanted
        order = np.argsort(ids, kind="stable")
        ids, whose = ids[order], whose[order]
        for entry in self.network.slots.slots:
            if entry.quantity[0] != WEIGHT[0]:
                continue
            first, last = (np.searchsorted(ids, entry.numbers, side=side) for side in ("left", "right"))
            count = last - first
            at = np.repeat(np.arange(len(count)), count)
            if not len(at):
                continue
            within = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
            neurons = whose[np.repeat(first, count) + within]
            places = at if entry.flat is None else entry.flat[at]
            yield _side(entry, places.astype(np.int64), neurons.astype(np.int64), device)


def _side(entry: Slots, places: np.ndarray, whose: np.ndarray, device: torch.device) -> _Side:
    """One side, as a direction of a matrix where that is what it is."""
    tensor = entry.tensor
    if tensor.dim() == 2 and not entry.quantity[1] and len(places) == tensor.numel() and distinct(places):
        table = np.empty(tensor.numel(), np.int64)
        table[places] = whose
        table = table.reshape(tensor.shape)
        for along in (0, 1):
            line = table[:1] if along == 0 else table[:, :1]
            if (table == line).all() and distinct(line.ravel()):
                return _Side(entry, torch.zeros(0), torch.from_numpy(line.ravel().copy()).to(device), along)
    return _Side(entry, torch.from_numpy(places).to(device), torch.from_numpy(whose).to(device), None)


def _corrected(mean: Tensor, steps: Tensor, decay: float) -> Tensor:
    """A running mean of that many steps, corrected for its start at zero."""
    return mean / (1.0 - decay**steps)
