"""Young numbers under Adam, AdamW and Adamax: means scaled so that the Parameter's bias correction is their own.

These optimizers keep means x <- b x + (1 - b) g and divide them by 1 - b^T, T being the Parameter's step count. A
number of t steps should be divided by 1 - b^t. So what is stored for it is s x with s = (1 - b^T) / (1 - b^t), and
before a step that is set to the value from which the optimizer's own recursion lands on s' (b x + (1 - b) g), s' being
the scale after the step: (s' / s) stored + (s' - 1) (1 - b) / b g. Nothing else of the step knows of it. A maximum of
such means (amsgrad) is scaled alike; Adamax's norm is corrected for nothing, so that it starts at zero is all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Adam, Adamax, Optimizer

from .cohorts import NEWBORNS, Cohorts, cohorts_of
from .factors import Factors, factors_of
from .schemas import StateSchema, fading

Young = tuple[dict[str, Any], Tensor, dict[str, Any]]  # a parameter group, a Parameter, what is kept for it
_FEW = 6  # cohorts that are cheaper one by one
_MANY = 0.2  # of a Parameter: so many young ones are cheaper moved with all others
_Look = Callable[[Tensor], Tensor]  # a part of a tensor like the Parameter


def prepare(optimizer: Optimizer, schema: StateSchema, young: list[Young]) -> None:
    """Set what is stored for young numbers so that the step about to be taken lands where it should."""
    known: dict[tuple, Factors] = {}
    for group, parameter, held in young:
        cohorts, betas = cohorts_of(held), tuple(group["betas"])
        first = _first_young(cohorts, held, betas, torch.finfo(parameter.dtype).eps / 2)
        means = [(n, i) for n, i in schema.corrected.items() if held.get(n) is not None and first[i] < cohorts.count]
        if not means:
            del held[NEWBORNS]
            continue
        factors = {i: factors_of(optimizer, held, cohorts, first[i], i, betas, known) for _, i in means}
        _Scaling(optimizer, group, parameter, held, cohorts, means, factors, first).apply()
        held[NEWBORNS]["betas"] = tuple(b.clone() if isinstance(b, Tensor) else b for b in betas)


@dataclass(frozen=True, eq=False)
class _Scaling:
    """What is to be done to the state of one Parameter before a step.

    Parameters
    ----------
    optimizer, group, parameter, held
        Whose, and the state.
    cohorts
        Which of its numbers were born together.
    means
        (name, number of its beta) of the vectors of state that are scaled.
    factors
        For each beta, of each cohort that is young by it.
    first
        For each beta, the eldest of those.
    """

    optimizer: Optimizer
    group: dict[str, Any]
    parameter: Tensor
    held: dict[str, Any]
    cohorts: Cohorts
    means: list[tuple[str, int]]
    factors: dict[int, Factors]
    first: list[int]

    def apply(self) -> None:
        """By the cheapest of the ways that there are."""
        cohorts, parameter = self.cohorts, self.parameter
        eldest = min(self.first[i] for _, i in self.means)
        host = all(isinstance(kept, np.ndarray) for kept, _ in self.factors.values())
        parts = (parameter, parameter.grad, *(self.held[name] for name, _ in self.means))
        whole = all(part is not None and part.is_contiguous() for part in parts)
        if host and cohorts.count - eldest <= _FEW:
            for cohort in range(eldest, cohorts.count):
                self._one_cohort(cohort, whole)
        elif whole and cohorts.share > _MANY:
            self._everywhere()
        else:
            self._together()

    def _one_cohort(self, cohort: int, whole: bool) -> None:
        """Move what is stored for one cohort: in place where its slots are rectangles of a matrix."""
        pieces, first = self.cohorts.pieces(cohort) if whole else None, self.first
        mine = [
            (n, [float(f[cohort - first[i]]) for f in self.factors[i]]) for n, i in self.means if cohort >= first[i]
        ]
        if pieces is None:
            slots = self.cohorts.of(cohort)
            looks: list[_Look] = [lambda t: take(t, slots)]
        else:
            looks = [lambda t, p=p: t.as_strided(p[0], p[1], t.storage_offset() + p[2]) for p in pieces]
        for look in looks:
            gradient = self._gradient(look)
            for name, (kept, added) in mine:
                values = look(self.held[name]).mul_(kept)
                if name == "exp_avg":
                    values.add_(gradient, alpha=added)
                elif name == "exp_avg_sq":
                    values.addcmul_(gradient, gradient, value=added)
                if pieces is None:
                    put(self.held[name], self.cohorts.of(cohort), values)

    def _together(self) -> None:
        """Move what is stored for all cohorts, each slot by factors of its own."""
        for name, index in self.means:
            first = self.first[index]
            slots, which = self.cohorts.since(first), self.cohorts.which_since(first)
            values = take(self.held[name], slots)
            kept, added = (_spread(factor, which, values) for factor in self.factors[index])
            values.mul_(kept)
            if name != "max_exp_avg_sq":
                gradient = self._gradient(lambda t, slots=slots: take(t, slots))
                values.addcmul_(gradient * added if name == "exp_avg_sq" else added, gradient)
            put(self.held[name], slots, values)

    def _everywhere(self) -> None:
        """The same with all numbers of the Parameter, those that are young no more by factors that change nothing."""
        gradient = self._gradient(lambda t: t)
        for name, index in self.means:
            kept, added = self.factors[index]
            values = self.held[name].mul_(self._of_all(kept, 1.0, index, gradient))
            if name == "exp_avg":
                values.addcmul_(gradient, self._of_all(added, 0.0, index, gradient))
            elif name == "exp_avg_sq":
                values.addcmul_(gradient * self._of_all(added, 0.0, index, gradient), gradient)

    def _of_all(self, factors: Any, neutral: float, index: int, like: Tensor) -> Tensor:
        """(k,) factors of the cohorts that are young by a beta as one for each number, or each row of alike numbers."""
        held = torch.from_numpy(factors) if isinstance(factors, np.ndarray) else factors
        table = torch.full((self.cohorts.count + 1,), neutral, dtype=like.dtype, device=like.device)
        table[self.first[index] + 1 :] = held.to(like)
        return table[self.cohorts.index]

    def _gradient(self, look: _Look) -> Tensor:
        """A part of what the optimizer is going to average."""
        optimizer, group = self.optimizer, self.group
        assert self.parameter.grad is not None
        found = look(self.parameter.grad)
        if (by := getattr(optimizer, "grad_scale", None)) is not None:
            found = found / by.to(found.device)
        if (skipped := getattr(optimizer, "found_inf", None)) is not None:
            found = torch.where(skipped.to(found.device).bool(), 0.0, found)
        if group["maximize"]:
            found = -found
        if group["weight_decay"] and not decoupled(optimizer, group):
            found = found + group["weight_decay"] * look(self.parameter)
        return found


def _first_young(cohorts: Cohorts, held: dict[str, Any], betas: tuple, unit: float) -> list[int]:
    """For each beta, the eldest cohort whose scale still differs from one; good until a step count or other betas."""
    known = cohorts.plan
    if known is None or known[0] != betas:
        tensors = any(isinstance(beta, Tensor) and beta.device.type != "cpu" for beta in betas)
        known = betas, [float("inf") if tensors else fading(beta, unit) for beta in betas], [], -1.0
    _, youth, first, until = known
    steps = cohorts.at_most(held, until)
    if steps >= until:
        first = [int(np.searchsorted(cohorts.births, steps - most, side="right")) for most in youth]
        ends = [cohorts.births[born] + most for born, most in zip(first, youth, strict=True) if born < cohorts.count]
        until = float(min(ends, default=0.0))
    cohorts.plan = betas, youth, first, until
    return first


def decoupled(optimizer: Optimizer, group: dict[str, Any]) -> bool:
    """Whether weight decay moves the numbers past the gradient."""
    return bool(group.get("decoupled_weight_decay", not isinstance(optimizer, Adam | Adamax)))


def _spread(factors: Any, which: Tensor, like: Tensor) -> Tensor:
    """(k,) factors as one for each slot."""
    held = torch.from_numpy(factors) if isinstance(factors, np.ndarray) else factors
    return held.to(like.device, like.dtype).index_select(0, which)


def take(tensor: Tensor, slots: Tensor) -> Tensor:
    """(n,) the numbers at some places of a flattened tensor."""
    return (tensor.view(-1) if tensor.is_contiguous() else tensor.reshape(-1)).index_select(0, slots)


def put(tensor: Tensor, slots: Tensor, values: Tensor) -> None:
    """Write (n,) numbers at some places of a flattened tensor, in place."""
    whole = tensor if tensor.is_contiguous() else tensor.contiguous()
    whole.view(-1).index_copy_(0, slots, values)
    if whole is not tensor:
        tensor.copy_(whole)
