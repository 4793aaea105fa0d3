"""How much what is stored for young numbers grows before a step, and the gradient counts in it; see `scaled.py`."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from .cohorts import NEWBORNS, Cohorts
from .own import scale
from .schemas import STEP

Factors = tuple[Any, Any]  # (k,) of what is stored, and of the gradient's term: arrays, or tensors on a device


def factors_of(
    optimizer: Optimizer,
    held: dict[str, Any],
    cohorts: Cohorts,
    born: int,
    index: int,
    betas: tuple,
    known: dict[tuple, Factors],
) -> Factors:
    """(k,) what is stored is multiplied by, and what the gradient's term is multiplied by that is added."""
    count, then, skipped = held[STEP], held[NEWBORNS]["betas"][index], getattr(optimizer, "found_inf", None)
    if not isinstance(count, Tensor) or count.device.type == "cpu":
        still, shared = skipped is not None and bool(skipped), float(count)
        key = (shared, cohorts.key, born, betas[index], then, still)
        if key not in known:
            own = shared - cohorts.births[born:]
            known[key] = on_host(shared, own, float(betas[index]), float(then), still)
        return known[key]
    births = torch.as_tensor(cohorts.births[born:])
    if count.is_cuda:
        births = births.pin_memory()  # from there it is copied without waiting for the device
    births = births.to(count.device, non_blocking=True)
    return on_device(count, births, betas[index], then, skipped)


def on_host(shared: float, own: np.ndarray, beta: float, then: float, still: bool) -> Factors:
    """Factors from a Parameter's step count, the cohorts' own, the beta of now and then, and whether it is no step."""
    grown, past = np.maximum(own, 1.0), np.zeros(len(own))
    if beta == 0.0 or then == 0.0:  # no mean at all: what is stored is the last gradient
        return np.ones(len(own)), past
    now = scale(grown, shared, beta) if still else scale(own + 1.0, shared + 1.0, beta)
    kept = now / scale(grown, shared, then)
    kept[own <= 0] = 0.0
    return kept, past if still else (now - 1.0) * (1.0 - beta) / beta


def on_device(shared: Tensor, births: Tensor, beta: Any, then: Any, skipped: Tensor | None) -> Factors:
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
