"""What there is to inherit: the state an optimizer keeps for a network, shared out to new Parameters."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from compiler.optimizers.family import Ancestry
from compiler.optimizers.kinds import Kind, Vector, has_state, steps
from compiler.optimizers.newborns import start
from compiler.slots import SlotMap, Slots, Space


class Estate:
    """The state of one optimizer before a refresh; gathered when it is first asked for.

    Parameters
    ----------
    optimizer
        The optimizer.
    old
        The network's slots before the refresh.
    kind
        What it keeps.
    group_of
        id(Parameter) -> its parameter group.
    """

    def __init__(self, optimizer: Optimizer, old: SlotMap, kind: Kind, group_of: dict[int, int]) -> None:
        self.optimizer, self.old, self.kind, self.group_of = optimizer, old, kind, group_of
        self._vectors: dict[tuple[Space, str], np.ndarray] = {}
        self._there: dict[tuple[Space, str], np.ndarray] = {}
        self._medians: dict[tuple[int, str], float] = {}

    def share(self, line: Ancestry, home: int) -> dict[str, Any] | None:
        """The state of a new Parameter, or None where its group has taken no step yet."""
        heirs = [entry for entry in line.parents if has_state(self.optimizer, entry.tensor, self.kind)]
        givers = heirs or self._stepped(home)
        if not givers:
            return None
        eldest = max(givers, key=lambda entry: steps(self.optimizer, entry.tensor))
        scalars = {name: self._held(eldest, name) for name in self.kind.scalars}
        state = {name: held.clone() if isinstance(held, Tensor) else held for name, held in scalars.items()}
        options = self.optimizer.param_groups[home]
        for name, vector in self.kind.vectors.items():
            if vector.needed(options) or any(self._held(entry, name) is not None for entry in givers):
                state[name] = self._moment(line, home, name, vector)
        return state

    def _held(self, entry: Slots, name: str) -> Any:
        return self.optimizer.state.get(entry.tensor, {}).get(name)

    def _moment(self, line: Ancestry, home: int, name: str, vector: Vector) -> Tensor:
        """A new vector: survivors' numbers, newborns' heirs' where squares or step sizes go on, and a start else."""
        known, there = self._vector(line.entry.space, name), self._has(line.entry.space, name)
        options = self.optimizer.param_groups[home]
        fresh = start(vector.moment, line.entry, options, lambda: self._median(home, name))
        dtype = np.float64 if line.entry.tensor.dtype == torch.float64 else np.float32
        values = np.array(np.broadcast_to(fresh, (len(line.place), *line.entry.space[1])), dtype)
        for place in (line.heir, line.place) if vector.moment.goes_on else (line.place,):
            found = (place >= 0) & there[place] if len(there) else np.zeros(len(place), bool)
            values[found] = known[place[found]]
        state = torch.zeros_like(line.entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
        SlotMap.put(line.entry, state, values)
        return state

    def _vector(self, space: Space, name: str) -> np.ndarray:
        if (space, name) not in self._vectors:
            pick = lambda p: self.optimizer.state.get(p, {}).get(name)  # noqa: E731
            self._vectors[space, name] = self.old.gather(space, pick, trained=True).numpy()
        return self._vectors[space, name]

    def _has(self, space: Space, name: str) -> np.ndarray:
        """(n,) bool, in canonical order: which numbers have this vector."""
        if (space, name) not in self._there:
            self._there[space, name] = self.old.label(space, lambda e: self._held(e, name) is not None, bool)
        return self._there[space, name]

    def _stepped(self, home: int) -> list[Slots]:
        """The entries of one group that have state."""
        return [
            entry
            for entry in self.old.slots
            if entry.trained
            and self.group_of.get(id(entry.tensor)) == home
            and has_state(self.optimizer, entry.tensor, self.kind)
        ]

    def _median(self, home: int, name: str) -> float:
        if (home, name) not in self._medians:
            held = [(entry, self._held(entry, name)) for entry in self._stepped(home)]
            found = [SlotMap.get(entry, tensor).ravel() for entry, tensor in held if tensor is not None]
            self._medians[home, name] = float(np.median(np.concatenate(found))) if found else 0.0
        return self._medians[home, name]
