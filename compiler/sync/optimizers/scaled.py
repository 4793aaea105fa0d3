"""Young numbers under Adam, AdamW and Adamax: means scaled so that the Parameter's bias correction is their own.

These optimizers keep means x <- b x + (1 - b) g and divide them by 1 - b^T, T being the Parameter's step count. A
number of t steps should be divided by 1 - b^t. So what is stored for it is s x with s = (1 - b^T) / (1 - b^t), and
before a step that is set to the value from which the optimizer's own recursion lands on s' (b x + (1 - b) g), s' being
the scale after the step: (s' / s) stored + (s' - 1) (1 - b) / b g. Nothing else of the step knows of it. A maximum of
such means (amsgrad) is scaled alike; Adamax's norm is corrected for nothing, so that it starts at zero is all.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Adam, Adamax, Optimizer

from compiler.sync.optimizers.cohorts import NEWBORNS, Cohorts, cohorts_of
from compiler.sync.optimizers.kinds import STEP, Kind, fading
from compiler.sync.optimizers.own import scale

Young = tuple[dict[str, Any], Tensor, dict[str, Any]]  # a parameter group, a Parameter, what is kept for it
_FEW = 6  # cohorts that are cheaper one by one
_Factors = tuple[Any, Any]  # (k,) of what is stored, and of the gradient's term


def prepare(optimizer: Optimizer, kind: Kind, young: list[Young]) -> None:
    """Set what is stored for young numbers so that the step about to be taken lands where it should."""
    known: dict[tuple, _Factors] = {}
    for group, parameter, held in young:
        cohorts, betas = cohorts_of(held), tuple(group["betas"])
        first = _first_young(cohorts, held, betas, torch.finfo(parameter.dtype).eps / 2)
        count = len(cohorts.births)
        if all(first[index] == count for index in kind.corrected.values()):
            del held[NEWBORNS]
            continue
        gradients: dict[int, Tensor] = {}
        for name, index in kind.corrected.items():
            born, stored = first[index], held.get(name)
            if stored is None or born == count:
                continue
            slots = cohorts.since(born)
            factors = _factors(optimizer, held, cohorts, born, index, betas, known)
            if name != "max_exp_avg_sq" and born not in gradients:
                gradients[born] = _gradient(optimizer, group, parameter, slots)
            values = take(stored, slots)
            _move(values, factors, gradients.get(born), name, cohorts, born)
            put(stored, slots, values)
        held[NEWBORNS]["betas"] = tuple(b.clone() if isinstance(b, Tensor) else b for b in betas)


def _first_young(cohorts: Cohorts, held: dict[str, Any], betas: tuple, unit: float) -> list[int]:
    """For each beta, the eldest cohort whose scale still differs from one; good until a step count or other betas."""
    known = cohorts.plan
    if known is None or known[0] != betas:
        tensors = any(isinstance(beta, Tensor) and beta.device.type != "cpu" for beta in betas)
        known = betas, [float("inf") if tensors else fading(beta, unit) for beta in betas], [], -1.0
    _, youth, first, until = known
    steps = cohorts.at_most(held, max(youth))
    if steps >= until:
        first = [int(np.searchsorted(cohorts.births, steps - most, side="right")) for most in youth]
        ends = [cohorts.births[born] + most for born, most in zip(first, youth, strict=True) if born < cohorts.count]
        until = float(min(ends, default=0.0))
    cohorts.plan = betas, youth, first, until
    return first


def _factors(
    optimizer: Optimizer,
    held: dict[str, Any],
    cohorts: Cohorts,
    born: int,
    index: int,
    betas: tuple,
    known: dict[tuple, _Factors],
) -> _Factors:
    """(k,) what is stored is multiplied by, and what the gradient's term is multiplied by that is added."""
    count, then, skipped = held[STEP], held[NEWBORNS]["betas"][index], getattr(optimizer, "found_inf", None)
    if not isinstance(count, Tensor) or count.device.type == "cpu":
        still, shared = skipped is not None and bool(skipped), float(count)
        key = (shared, cohorts.key, born, betas[index], then, still)
        if key not in known:
            own = shared - cohorts.births[born:]
            known[key] = _on_host(shared, own, float(betas[index]), float(then), still)
        return known[key]
    births = torch.as_tensor(cohorts.births[born:]).to(count.device)
    return _on_device(count, births, betas[index], then, skipped)


def _on_host(shared: float, own: np.ndarray, beta: float, then: float, still: bool) -> _Factors:
    grown, past = np.maximum(own, 1.0), np.zeros(len(own))
    if beta == 0.0 or then == 0.0:  # no mean at all: what is stored is the last gradient
        return np.ones(len(own)), past
    now = scale(grown, shared, beta) if still else scale(own + 1.0, shared + 1.0, beta)
    kept = np.where(own > 0, now / scale(grown, shared, then), past)
    return kept, past if still else (now - 1.0) * (1.0 - beta) / beta


def _on_device(shared: Tensor, births: Tensor, beta: Any, then: Any, skipped: Tensor | None) -> _Factors:
    """The same without waiting for the device."""
    wide = torch.float32 if shared.device.type == "mps" else torch.float64
    shared, births = shared.to(wide), births.to(wide)
    beta, then = (b.to(shared.device, wide) if isinstance(b, Tensor) else b for b in (beta, then))
    own = shared - births
    grown, past = own.clamp(min=1.0), torch.zeros_like(own)
    if not isinstance(beta, Tensor) and beta == 0.0:
        return torch.ones_like(own), past
    before = scale(grown, shared, then)
    now = scale(own + 1.0, shared + 1.0, beta)
    kept, added = now / before, (now - 1.0) * (1.0 - beta) / beta
    if skipped is not None:
        still = skipped.to(shared.device).bool()
        kept, added = torch.where(still, scale(grown, shared, beta) / before, kept), torch.where(still, past, added)
    return torch.where(own > 0, kept, past), added


def _gradient(optimizer: Optimizer, group: dict[str, Any], parameter: Tensor, slots: Tensor) -> Tensor:
    """(n,) what the optimizer is going to average, at some slots."""
    assert parameter.grad is not None
    found = take(parameter.grad, slots)
    if (by := getattr(optimizer, "grad_scale", None)) is not None:
        found = found / by.to(found.device)
    if (skipped := getattr(optimizer, "found_inf", None)) is not None:
        found = torch.where(skipped.to(found.device).bool(), 0.0, found)
    if group["maximize"]:
        found = -found
    if group["weight_decay"] and not decoupled(optimizer, group):
        found = found + group["weight_decay"] * take(parameter, slots)
    return found


def decoupled(optimizer: Optimizer, group: dict[str, Any]) -> bool:
    """Whether weight decay moves the numbers past the gradient."""
    return bool(group.get("decoupled_weight_decay", not isinstance(optimizer, Adam | Adamax)))


def _move(values: Tensor, factors: _Factors, gradient: Tensor | None, name: str, cohorts: Cohorts, born: int) -> None:
    """Multiply what is stored and add the gradient's term."""
    kept, added = factors
    squares, gradient = name == "exp_avg_sq", None if name == "max_exp_avg_sq" else gradient
    if isinstance(kept, np.ndarray) and len(kept) <= _FEW:
        start = cohorts.ends[born]
        for k, (low, high) in enumerate(pairwise(cohorts.ends[born:])):
            mine = slice(low - start, high - start)
            values[mine].mul_(float(kept[k]))
            if gradient is not None:
                term, value = gradient[mine], float(added[k])
                values[mine].addcmul_(term, term, value=value) if squares else values[mine].add_(term, alpha=value)
        return
    which = cohorts.which_since(born)
    values.mul_(_spread(kept, which, values))
    if gradient is not None:
        term = _spread(added, which, values)
        values.addcmul_(gradient * term if squares else term, gradient)


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
