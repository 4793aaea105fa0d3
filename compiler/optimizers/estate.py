"""What there is to inherit: the state an optimizer keeps for a network, shared out to new Parameters."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from compiler.optimizers.family import Ancestry
from compiler.optimizers.kinds import STEP, Moment, has_state
from compiler.slots import SlotMap, Slots, Space


class Estate:
    """The state of one optimizer before a refresh; gathered when it is first asked for.

    Parameters
    ----------
    optimizer
        The optimizer.
    old
        The network's slots before the refresh.
    sorts
        Its vectors of state.
    group_of
        id(Parameter) -> its parameter group.
    """

    def __init__(self, optimizer: Optimizer, old: SlotMap, sorts: dict[str, Moment], group_of: dict[int, int]) -> None:
        self.optimizer, self.old, self.sorts, self.group_of = optimizer, old, sorts, group_of
        self._vectors: dict[tuple[Space, str], np.ndarray] = {}
        self._there: dict[Space, np.ndarray] = {}
        self._medians: dict[tuple[int, str], float] = {}

    def share(self, line: Ancestry, home: int) -> dict[str, Any] | None:
        """The state of a new Parameter, or None where its group has taken no step yet."""
        heirs = [entry for entry in line.parents if has_state(self.optimizer, entry.tensor, self.sorts)]
        givers = heirs or self._stepped(home)
        if not givers:
            return None
        example = self.optimizer.state[givers[0].tensor]
        state: dict[str, Any] = {}
        steps = [self.optimizer.state[e.tensor][STEP] for e in givers if STEP in self.optimizer.state[e.tensor]]
        if steps:
            state[STEP] = max(steps, key=float).clone() if isinstance(steps[0], Tensor) else max(steps)
        for name, sort in self.sorts.items():
            if example.get(name) is not None:
                state[name] = self._moment(line, home, name, sort)
        return state

    def _moment(self, line: Ancestry, home: int, name: str, sort: Moment) -> Tensor:
        space, parameter = line.entry.space, line.entry.tensor
        vector, there = self._vector(space, name), self._has(space)
        values = np.zeros(len(line.place), vector.dtype)
        ours = (line.place >= 0) & there[line.place] if len(there) else np.zeros(len(line.place), bool)
        values[ours] = vector[line.place[ours]]
        if sort is Moment.SECOND and not ours.all():
            theirs = ~ours & (line.heir >= 0) & there[line.heir] if len(there) else ours
            values[theirs] = vector[line.heir[theirs]]
            rest = ~ours & ~theirs
            if rest.any():
                values[rest] = self._median(home, name)
        state = torch.zeros_like(parameter, memory_format=torch.preserve_format, requires_grad=False)
        SlotMap.put(line.entry, state, values)
        return state

    def _vector(self, space: Space, name: str) -> np.ndarray:
        if (space, name) not in self._vectors:
            pick = lambda p: self.optimizer.state.get(p, {}).get(name)  # noqa: E731
            self._vectors[space, name] = self.old.gather(space, pick, trained=True).numpy()
        return self._vectors[space, name]

    def _has(self, space: Space) -> np.ndarray:
        """(n,) bool, in canonical order: which numbers have state."""
        if space not in self._there:
            self._there[space] = self.old.label(space, lambda e: has_state(self.optimizer, e.tensor, self.sorts), bool)
        return self._there[space]

    def _stepped(self, home: int) -> list[Slots]:
        """The entries of one group that have state."""
        return [
            entry
            for entry in self.old.slots
            if entry.trained
            and self.group_of.get(id(entry.tensor)) == home
            and has_state(self.optimizer, entry.tensor, self.sorts)
        ]

    def _median(self, home: int, name: str) -> float:
        if (home, name) not in self._medians:
            found = [SlotMap.get(entry, self.optimizer.state[entry.tensor][name]) for entry in self._stepped(home)]
            self._medians[home, name] = float(np.median(np.concatenate(found))) if found else 0.0
        return self._medians[home, name]
