"""What happens to Parameters outside the network: optimizers that step them, alive or dead, and writes past those.

`p._version` misses fused optimizers, so every optimizer's step is watched; the cost is one dictionary lookup a
Parameter. Some Parameters have slots that no number owns: zeros, which take no part. An optimizer that treats every
number on its own keeps them so where their gradient is zero; whatever else writes such a Parameter may have filled
them, so they are emptied before it computes again.
"""

import weakref
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from compiler.sync.optimizers.schemas import SCHEMAS
from compiler.sync.optimizers.stepping import after_step, before_step
from neurograph.errors import StaleError


@dataclass
class Ledger:
    """Whether an optimizer has stepped a network's Parameters since their numbers were last written back."""

    stepped: bool = False


@dataclass(slots=True)
class Mark:
    """What is known of one Parameter.

    Parameters
    ----------
    ledger
        Whose it is.
    unit
        What has it as `weight`, weakly, where it has slots that no number owns; they are False in the unit's `mask`.
    dead
        Whether a refresh has replaced it.
    stained
        Whether an optimizer may have taken a gradient that was not zero in those slots into its moments.
    version, pointer
        Its version counter and its storage when those slots were last known to be zero; -1 before.
    gradient
        What the last backward pass made, zero in those slots; kept until a step or the next forward pass, so that its
        storage is no other gradient's.
    """

    ledger: Ledger
    unit: "weakref.ref[nn.Module] | None" = None
    dead: bool = False
    stained: bool = False
    version: int = -1
    pointer: int = 0
    gradient: Tensor | None = None

    def knows(self, parameter: Tensor) -> bool:
        """Whether the slots that no number owns are known to be zero, but for writes that no counter sees."""
        return self.version == parameter._version and self.pointer == parameter.data_ptr()

    def note(self, parameter: Tensor) -> None:
        """Note that they are zero."""
        self.version, self.pointer = parameter._version, parameter.data_ptr()

    @property
    def mask(self) -> Tensor | None:
        """False in the slots that no number owns (it broadcasts); None where there are none."""
        unit = None if self.unit is None else self.unit()
        return None if unit is None else unit._buffers["mask"]


_marks: dict[int, tuple[weakref.ref, Mark]] = {}


def watch(parameter: nn.Parameter, ledger: Ledger, unit: nn.Module | None = None) -> None:
    """Let steps on this Parameter be noted in a ledger; `unit` has it as `weight`, with slots that no number owns."""
    key = id(parameter)
    mark = Mark(ledger, None if unit is None else weakref.ref(unit))
    _marks[key] = (weakref.ref(parameter, lambda _: _marks.pop(key, None)), mark)


def mark_of(parameter: object) -> Mark | None:
    """What is known of a Parameter, or None where it belongs to no network."""
    found = _marks.get(id(parameter))
    return found[1] if found is not None and found[0]() is parameter else None


def mark_replaced(parameter: nn.Parameter) -> None:
    """Mark a Parameter as replaced: from now on stepping it raises."""
    if mark := mark_of(parameter):
        mark.dead = True


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
