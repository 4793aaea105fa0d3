"""Moments and step counts that an optimizer keeps for a network, handed on to new Parameters."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from ...slots import SlotMap, Slots
from ..stock import Stock, Stocks
from .counts import Counts, cohort_counts, cohort_labels, no_counts
from .lineage import Lineage
from .newborns import start
from .own import own_state
from .schemas import STEP, StateSchema, Vector, has_state, steps


class Moments:
    """The state of one optimizer before a refresh; gathered when it is first asked for.

    Parameters
    ----------
    optimizer
        The optimizer.
    stocks
        What the network held before the refresh.
    schema
        What it keeps.
    group_of
        id(Parameter) -> its parameter group.
    own
        Whether newborns count steps of their own, where the optimizer is one that can have that.
    """

    def __init__(
        self, optimizer: Optimizer, stocks: Stocks, schema: StateSchema, group_of: dict[int, int], own: bool = False
    ) -> None:
        self.optimizer, self.stocks, self.old = optimizer, stocks, stocks.slots
        self.schema, self.group_of = schema, group_of
        self.own = own and schema.youth is not None
        self._medians: dict[tuple[int, str], float] = {}

    def share(self, line: Lineage, home: int) -> dict[str, Any] | None:
        """The state of a new Parameter, or None where there is none to have: it begins with its next step."""
        if self.own:
            return self._own(line, home)
        heirs = [entry for entry in line.parents if has_state(self.optimizer, entry.tensor, self.schema)]
        givers = heirs or self._stepped(home)
        if not givers:
            return None
        eldest = max(givers, key=lambda entry: steps(self.optimizer, entry.tensor))
        scalars = {name: self._held(eldest, name) for name in self.schema.scalars}
        state = {name: held.clone() if isinstance(held, Tensor) else held for name, held in scalars.items()}
        options = self.optimizer.param_groups[home]
        for name, vector in self.schema.vectors.items():
            if vector.needed(options) or any(self._held(entry, name) is not None for entry in givers):
                state[name] = self._moment(line, home, name, vector)
        return state

    def _own(self, line: Lineage, home: int) -> dict[str, Any] | None:
        """What survivors bring along, and nothing of newborns."""
        donors = [entry for entry in line.parents if has_state(self.optimizer, entry.tensor, self.schema)]
        if not donors:
            return None

        def scalar(name: str, value: float) -> Any:
            like = self._held(donors[0], name)
            return torch.full_like(like, value) if isinstance(like, Tensor) else value

        stock = self.stocks.of(line.entry.quantity)
        counts = self._counts(line, stock)
        vectors = {name: stock.take(line.same, self._pick(name))[0] for name in self._kept}
        return own_state(line.entry, self.schema, self.optimizer.param_groups[home], counts, vectors, scalar)

    def _counts(self, line: Lineage, stock: Stock) -> Counts:
        """How far each number of a new Parameter has come."""
        which, parts, many = np.zeros(len(line.same), np.int32), [no_counts(self.schema)], 1
        for at in stock.holders(line.same):
            entry = stock.entries[at]
            held = self.optimizer.state.get(entry.tensor, {})
            labels = cohort_labels(entry, held)
            for mine, theirs in stock.where(line.same, at):
                which[mine] = many if labels is None else many + labels[theirs]
            parts.append(cohort_counts(held, self.schema))
            many += len(parts[-1][STEP])
        rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return Counts(which, rows)

    @cached_property
    def _kept(self) -> list[str]:
        """The vectors that the optimizer keeps for any number."""
        held = [self.optimizer.state.get(entry.tensor, {}) for entry in self.old.slots if entry.trained]
        return [name for name in self.schema.vectors if any(state.get(name) is not None for state in held)]

    def _pick(self, name: str) -> Callable[[Tensor], Tensor | None]:
        return lambda p: self.optimizer.state.get(p, {}).get(name)

    def _held(self, entry: Slots, name: str) -> Any:
        return self.optimizer.state.get(entry.tensor, {}).get(name)

    def _moment(self, line: Lineage, home: int, name: str, vector: Vector) -> Tensor:
        """A new vector: survivors' numbers, newborns' heirs' where squares or step sizes go on, and a start else."""
        stock, options = self.stocks.of(line.entry.quantity), self.optimizer.param_groups[home]
        fresh = start(vector.moment, line.entry, options, lambda: self._median(home, name))
        dtype = np.float64 if line.entry.tensor.dtype == torch.float64 else np.float32
        values = np.array(np.broadcast_to(fresh, (len(line.place), *line.entry.quantity[1])), dtype)
        for place in (line.heir, line.place) if vector.moment.goes_on else (line.place,):
            known, there = stock.take(place, self._pick(name))
            values[there] = known[there]
        state = torch.zeros_like(line.entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
        SlotMap.put(line.entry, state, values)
        return state

    def _stepped(self, home: int) -> list[Slots]:
        """The entries of one group that have state."""
        return [
            entry
            for entry in self.old.slots
            if entry.trained
            and self.group_of.get(id(entry.tensor)) == home
            and has_state(self.optimizer, entry.tensor, self.schema)
        ]

    def _median(self, home: int, name: str) -> float:
        if (home, name) not in self._medians:
            held = [(entry, self._held(entry, name)) for entry in self._stepped(home)]
            found = [SlotMap.get(entry, tensor).ravel() for entry, tensor in held if tensor is not None]
            self._medians[home, name] = float(np.median(np.concatenate(found))) if found else 0.0
        return self._medians[home, name]
