"""What happens to Parameters outside the network: optimizers that step them, alive or dead.

`p._version` misses fused optimizers, so every optimizer's step is watched; the cost is one dictionary lookup a
Parameter.
"""

import weakref
from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from neurograph.errors import StaleError


@dataclass
class Ledger:
    """Whether an optimizer has stepped a network's Parameters since their numbers were last written back."""

    stepped: bool = False


@dataclass
class Mark:
    """What is known of one Parameter: whose it is, and whether a refresh has replaced it."""

    ledger: Ledger
    dead: bool = False


_marks: dict[int, tuple[weakref.ref, Mark]] = {}


def watch(parameter: nn.Parameter, ledger: Ledger) -> None:
    """Let steps on this Parameter be noted in a ledger."""
    key = id(parameter)
    _marks[key] = (weakref.ref(parameter, lambda _: _marks.pop(key, None)), Mark(ledger))


def mark_of(parameter: object) -> Mark | None:
    """What is known of a Parameter, or None where it belongs to no network."""
    found = _marks.get(id(parameter))
    return found[1] if found is not None and found[0]() is parameter else None


def bury(parameter: nn.Parameter) -> None:
    """Mark a Parameter as replaced: from now on stepping it raises."""
    if mark := mark_of(parameter):
        mark.dead = True


def _before_step(optimizer: Optimizer, _args, _kwargs) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            mark = mark_of(parameter)
            if mark is not None and mark.dead:
                raise StaleError(
                    f"this {type(optimizer).__name__} still holds a Parameter of shape {tuple(parameter.shape)} that a "
                    "refresh has replaced, so its steps would train nothing: hand it over, net.refresh(optimizer), at "
                    "the refresh, or make a new optimizer of net.parameters()"
                )


def _after_step(optimizer: Optimizer, _args, _kwargs) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            mark = mark_of(parameter)
            if mark is not None:
                mark.ledger.stepped = True


register_optimizer_step_pre_hook(_before_step)
register_optimizer_step_post_hook(_after_step)
