"""Moments and step counts that an optimizer keeps for a network, handed on to new Parameters."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from compiler.slots import Quantity, SlotMap, Slots
from compiler.sync.optimizers.lineage import Lineage
from compiler.sync.optimizers.newborns import start
from compiler.sync.optimizers.own import own_state, own_vectors
from compiler.sync.optimizers.schemas import STEP, StateSchema, Vector, has_state, steps


class Moments:
    """The state of one optimizer before a refresh; gathered when it is first asked for.

    Parameters
    ----------
    optimizer
        The optimizer.
    old
        The network's slots before the refresh.
    schema
        What it keeps.
    group_of
        id(Parameter) -> its parameter group.
    own
        Whether newborns count steps of their own, where the optimizer is one that can have that.
    """

    def __init__(
        self, optimizer: Optimizer, old: SlotMap, schema: StateSchema, group_of: dict[int, int], own: bool = False
    ) -> None:
        self.optimizer, self.old, self.schema, self.group_of = optimizer, old, schema, group_of
        self.own = own and schema.youth is not None
        self._known: dict[Quantity, dict[str, np.ndarray]] = {}
        self._vectors: dict[tuple[Quantity, str], np.ndarray] = {}
        self._there: dict[tuple[Quantity, str], np.ndarray] = {}
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

        contribution, there = self._everything(line.entry.quantity), line.same >= 0
        found = {}
        for name, vector in contribution.items():
            found[name] = np.zeros((len(there), *vector.shape[1:]), vector.dtype)
            found[name][there] = vector[line.same[there]]
        return own_state(line.entry, self.schema, self.optimizer.param_groups[home], found, scalar)

    def _everything(self, quantity: Quantity) -> dict[str, np.ndarray]:
        """Every scalar and vector of one quantity, in canonical order."""
        if quantity not in self._known:
            label = lambda name: self.old.label(quantity, lambda e: float(self._held(e, name) or 0.0), np.float64)  # noqa: E731
            found = {name: label(name) for name in (STEP, *self.schema.scalars)}
            kept = [
                name for name in self.schema.vectors if any(self._held(e, name) is not None for e in self.old.slots)
            ]
            found |= {name: self._vector(quantity, name) for name in kept}
            self._known[quantity] = found | own_vectors(self.old, quantity, self.optimizer)
        return self._known[quantity]

    def _held(self, entry: Slots, name: str) -> Any:
        return self.optimizer.state.get(entry.tensor, {}).get(name)

    def _moment(self, line: Lineage, home: int, name: str, vector: Vector) -> Tensor:
        """A new vector: survivors' numbers, newborns' heirs' where squares or step sizes go on, and a start else."""
        known, there = self._vector(line.entry.quantity, name), self._has(line.entry.quantity, name)
        options = self.optimizer.param_groups[home]
        fresh = start(vector.moment, line.entry, options, lambda: self._median(home, name))
        dtype = np.float64 if line.entry.tensor.dtype == torch.float64 else np.float32
        values = np.array(np.broadcast_to(fresh, (len(line.place), *line.entry.quantity[1])), dtype)
        for place in (line.heir, line.place) if vector.moment.goes_on else (line.place,):
            found = (place >= 0) & there[place] if len(there) else np.zeros(len(place), bool)
            values[found] = known[place[found]]
        state = torch.zeros_like(line.entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
        SlotMap.put(line.entry, state, values)
        return state

    def _vector(self, quantity: Quantity, name: str) -> np.ndarray:
        if (quantity, name) not in self._vectors:
            pick = lambda p: self.optimizer.state.get(p, {}).get(name)  # noqa: E731
            self._vectors[quantity, name] = self.old.gather(quantity, pick, trained=True).numpy()
        return self._vectors[quantity, name]

    def _has(self, quantity: Quantity, name: str) -> np.ndarray:
        """(n,) bool, in canonical order: which numbers have this vector."""
        if (quantity, name) not in self._there:
            self._there[quantity, name] = self.old.label(quantity, lambda e: self._held(e, name) is not None, bool)
        return self._there[quantity, name]

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
