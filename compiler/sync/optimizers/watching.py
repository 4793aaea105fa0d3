"""What optimizers do to Parameters of networks: each step is seen, of Parameters alive or dead.

`p._version` misses fused optimizers, so every optimizer's step is watched; the cost is one dictionary lookup a
Parameter.
"""

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from neurograph.errors import StaleError

from ...lowering.marks import Mark, mark_of
from .schemas import SCHEMAS
from .stepping import after_step, before_step

_DOUBTED = -1  # in place of a version: those slots may hold anything


def _keeps_zeros(optimizer: Optimizer, group: dict) -> bool:
    """Whether a step leaves numbers at zero whose gradients were always zero."""
    return type(optimizer) in SCHEMAS and group.get("eps", 1.0) > 0.0  # without it: 0 / 0


def _ready(mark: Mark, parameter: Tensor) -> None:
    """Have a gradient that is zero in the slots that no number owns, whoever made it, before an optimizer steps."""
    if not mark.knows(parameter):
        mark.version = _DOUBTED
    gradient = _by_hand(mark, parameter)
    if gradient is not None and (mask := mark.mask) is not None:
        with torch.no_grad():
            parameter.grad = mark.gradient = torch.where(mask, gradient, 0.0)


def _by_hand(mark: Mark, parameter: Tensor) -> Tensor | None:
    """The gradient of a Parameter, where that is not just as backward made it."""
    gradient, made = parameter.grad, mark.gradient
    if gradient is None or gradient.layout != torch.strided:
        return None
    as_made = made is not None and gradient.data_ptr() == made.data_ptr() and not gradient._version
    return None if as_made else gradient


def _before_step(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            mark = mark_of(parameter)
            if mark is None:
                continue
            if mark.unit is not None:
                _ready(mark, parameter)
            if mark.dead:
                raise StaleError(
                    f"this {type(optimizer).__name__} still holds a Parameter of shape {tuple(parameter.shape)} that a "
                    "refresh has replaced, so its steps would train nothing: hand it over, net.refresh(optimizer), at "
                    "the refresh, or make a new optimizer of net.parameters()"
                )
    before_step(optimizer, args, kwargs)


def _after_step(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
    after_step(optimizer)
    closure = len(args) > 1 or bool(kwargs)  # which may have set gradients
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            mark = mark_of(parameter)
            if mark is None:
                continue
            mark.ledger.stepped = True
            if mark.unit is not None:
                mark.stained |= closure and _by_hand(mark, parameter) is not None
                known = mark.version != _DOUBTED and not mark.stained and _keeps_zeros(optimizer, group)
                mark.version, mark.gradient = parameter._version if known else _DOUBTED, None


register_optimizer_step_pre_hook(_before_step)
register_optimizer_step_post_hook(_after_step)
