"""An optimizer begins anew with numbers that took the places of others, in the Parameters that it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from ...slots import SlotMap, Slots
from .cohorts import NEWBORNS, most_cohorts
from .inherit import check_newborns
from .schemas import STEP, Moment, StateSchema, schema_of


@dataclass(frozen=True, eq=False)
class Restart:
    """Some places of a Parameter at which its optimizer begins anew.

    Parameters
    ----------
    entry
        Whose Parameter.
    places
        (n,) int64 places in the flattened Parameter, counted in whole kernels.
    held, group
        What the optimizer keeps for it, and the options of its parameter group.
    schema
        What that kind of optimizer keeps.
    own
        Whether they count steps of their own from now on.
    """

    entry: Slots
    places: np.ndarray
    held: dict[str, Any]
    group: dict[str, Any]
    schema: StateSchema
    own: bool

    @torch.no_grad()
    def carry_out(self) -> None:
        """Forget what the optimizer had learned about whoever was there."""
        where = torch.from_numpy(self.places)
        for name, vector in self.schema.vectors.items():
            if (tensor := self.held.get(name)) is None:
                continue
            if self.own or vector.moment is Moment.FIRST:
                _rows(self.entry, tensor, lambda rows: rows.index_fill_(0, where.to(rows.device), 0.0))
            elif vector.moment is Moment.AVERAGE:
                SlotMap.put_places(self.entry, tensor, self.places, SlotMap.get_some(self.entry, self.places))
        if self.own and STEP in self.held:
            self._begin_to_count(where)

    def _begin_to_count(self, where: Tensor) -> None:
        """Let them be of the cohort that is born now, and old cohorts that are young no more none."""
        newborns = self.held.get(NEWBORNS)
        if newborns is None:
            newborns = self.held[NEWBORNS] = self._no_newborns()
        now, births, labels = int(self.held[STEP]), newborns["births"], newborns["cohort"]
        assert self.schema.youth is not None
        youth = self.schema.youth(self.group, torch.finfo(labels.dtype).eps / 2)
        grown, room = sum(birth <= now - youth for birth in births), most_cohorts(labels.dtype)
        same = bool(births) and births[-1] == now
        drop = grown if 2 * grown > len(births) else max(0, len(births) + (not same) - room)
        drop = min(drop, len(births) - same)
        if drop:
            labels.sub_(drop).clamp_(min=0)
        newborns["births"] = (*births[drop:], *(() if same else (now,)))
        if "mu_product" in newborns:
            one = torch.ones_like(self.held["mu_product"])
            newborns["mu_product"] = (*newborns["mu_product"][drop:], *(() if same else (one,)))
        label = float(len(newborns["births"]))
        _rows(self.entry, labels, lambda rows: rows.index_fill_(0, where.to(rows.device), label))

    def _no_newborns(self) -> dict[str, Any]:
        betas = tuple(float(beta) for beta in self.group["betas"])
        labels = torch.zeros_like(self.entry.tensor, memory_format=torch.preserve_format, requires_grad=False)
        products = {"mu_product": ()} if "mu_product" in self.schema.scalars else {}
        return {"cohort": labels, "births": (), "betas": betas} | products


def plan_restarts(
    holding: Any, renewed: Mapping[str, np.ndarray], optimizer: Optimizer | None, newborns: str
) -> list[Restart]:
    """What there is to begin anew; nothing is changed yet.

    Parameters
    ----------
    holding
        The network's, which finds its numbers.
    renewed
        "weight" -> ids, and value name -> keys, of numbers that took the places of others; see `Changes`.
    optimizer
        That trains the network, or None.
    newborns
        "own" or "inherited"; see `CompiledNetwork.refresh`.

    Raises
    ------
    CompileError
        Where the optimizer is none that treats every number on its own.
    """
    check_newborns(newborns)
    if optimizer is None or not renewed:
        return []
    schema = schema_of(optimizer)
    own = newborns == "own" and schema.youth is not None
    groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    found = []
    for name, numbers in renewed.items():
        for entry, _, places in holding.find(name, numbers):
            held = optimizer.state.get(entry.tensor, {}) if entry.trained else {}
            if held and id(entry.tensor) in groups:
                found.append(Restart(entry, places.astype(np.int64), held, groups[id(entry.tensor)], schema, own))
    return found


def carry_out(restarts: list[Restart]) -> None:
    """Begin anew where it was planned."""
    for restart in restarts:
        restart.carry_out()


def _rows(entry: Slots, tensor: Tensor, change: Any) -> None:
    """Change a tensor like a Parameter, seen as a row for each number or kernel, in place."""
    whole = tensor if tensor.is_contiguous() else tensor.contiguous()
    change(whole.view(-1, int(np.prod(entry.quantity[1], dtype=np.int64))))
    if whole is not tensor:
        tensor.copy_(whole)
