"""Young numbers under Adam, AdamW and Adamax: means scaled so that the Parameter's bias correction is their own.

These optimizers keep means x <- b x + (1 - b) g and divide them by 1 - b^T, T being the Parameter's step count. A
number of t steps should be divided by 1 - b^t. So what is stored for it is s x with s = (1 - b^T) / (1 - b^t), and
before a step that is set to the value from which the optimizer's own recursion lands on s' (b x + (1 - b) g), s' being
the scale after the step: (s' / s) stored + (s' - 1) (1 - b) / b g. Nothing else of the step knows of it. A maximum of
such means (amsgrad) is scaled alike; Adamax's norm is corrected for nothing, so that it starts at zero is all.
"""

from collections.abc import Callable
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
        eldest = min(first[i] for _, i in means)
        host = all(isinstance(kept, np.ndarray) for kept, _ in factors.values())
        parts = (parameter, parameter.grad, *(held[name] for name, _ in means))
        whole = all(part is not None and part.is_contiguous() for part in parts)
        if host and cohorts.count - eldest <= _FEW:
            for k in range(eldest, cohorts.count):
                mine = [(n, [float(f[k - first[i]]) for f in factors[i]]) for n, i in means if k >= first[i]]
                _one_by_one(optimizer, group, parameter, held, mine, cohorts, k, whole)
        elif whole and cohorts.share > _MANY:
            _everywhere(optimizer, group, parameter, held, means, factors, cohorts, first)
        else:
            _together(optimizer, group, parameter, held, means, factors, cohorts, first)
        held[NEWBORNS]["betas"] = tuple(b.clone() if isinstance(b, Tensor) else b for b in betas)


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


def _one_by_one(
    optimizer: Optimizer,
    group: dict[str, Any],
    parameter: Tensor,
    held: dict[str, Any],
    means: list[tuple[str, list[float]]],
    cohorts: Cohorts,
    cohort: int,
    whole: bool,
) -> None:
    """Move what is stored for one cohort: in place where its slots are rectangles of a matrix."""
    pieces = cohorts.pieces(cohort) if whole else None
    if pieces is None:
        slots = cohorts.of(cohort)
        looks: list[_Look] = [lambda t: take(t, slots)]
    else:
        looks = [lambda t, p=p: t.as_strided(p[0], p[1], t.storage_offset() + p[2]) for p in pieces]
    for look in looks:
        gradient = _gradient(optimizer, group, parameter, look)
        for name, (kept, added) in means:
            values = look(held[name]).mul_(kept)
            if name == "exp_avg":
                values.add_(gradient, alpha=added)
            elif name == "exp_avg_sq":
                values.addcmul_(gradient, gradient, value=added)
            if pieces is None:
                put(held[name], cohorts.of(cohort), values)


def _together(
    optimizer: Optimizer,
    group: dict[str, Any],
    parameter: Tensor,
    held: dict[str, Any],
    means: list[tuple[str, int]],
    factors: dict[int, Factors],
    cohorts: Cohorts,
    first: list[int],
) -> None:
    """Move what is stored for all cohorts, each slot by factors of its own."""
    for name, index in means:
        slots, which = cohorts.since(first[index]), cohorts.which_since(first[index])
        values = take(held[name], slots)
        kept, added = (_spread(factor, which, values) for factor in factors[index])
        values.mul_(kept)
        if name != "max_exp_avg_sq":
            gradient = _gradient(optimizer, group, parameter, lambda t, slots=slots: take(t, slots))
            values.addcmul_(gradient * added if name == "exp_avg_sq" else added, gradient)
        put(held[name], slots, values)


def _everywhere(
    optimizer: Optimizer,
    group: dict[str, Any],
    parameter: Tensor,
    held: dict[str, Any],
    means: list[tuple[str, int]],
    factors: dict[int, Factors],
    cohorts: Cohorts,
    first: list[int],
) -> None:
    """The same with all numbers of the Parameter, those that are young no more by factors that change nothing."""
    gradient = _gradient(optimizer, group, parameter, lambda t: t)
    for name, index in means:
        kept, added = factors[index]
        values = held[name].mul_(_of_all(kept, 1.0, cohorts, first[index], gradient))
        if name == "exp_avg":
            values.addcmul_(gradient, _of_all(added, 0.0, cohorts, first[index], gradient))
        elif name == "exp_avg_sq":
            values.addcmul_(gradient * _of_all(added, 0.0, cohorts, first[index], gradient), gradient)


def _of_all(factors: Any, neutral: float, cohorts: Cohorts, born: int, like: Tensor) -> Tensor:
    """(k,) factors of the cohorts from one on as one for each number, or for each row where its numbers are alike."""
    held = torch.from_numpy(factors) if isinstance(factors, np.ndarray) else factors
    table = torch.full((cohorts.count + 1,), neutral, dtype=like.dtype, device=like.device)
    table[born + 1 :] = held.to(like)
    return table[cohorts.index]


def _gradient(optimizer: Optimizer, group: dict[str, Any], parameter: Tensor, look: _Look) -> Tensor:
    """A part of what the optimizer is going to average."""
    assert parameter.grad is not None
    found = look(parameter.grad)
    if (by := getattr(optimizer, "grad_scale", None)) is not None:
        found = found / by.to(found.device)
    if (skipped := getattr(optimizer, "found_inf", None)) is not None:
        found = torch.where(skipped.to(found.device).bool(), 0.0, found)
    if group["maximize"]:
        found = -found
    if group["weight_decay"] and not decoupled(optimizer, group):
        found = found + group["weight_decay"] * look(parameter)
    return found


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
