"""What comes before and after an optimizer's step where some numbers count steps of their own."""

from weakref import WeakKeyDictionary

import torch
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from neurograph.errors import CompileError

from . import apart, scaled
from .cohorts import NEWBORNS
from .scaled import Young
from .schemas import SCHEMAS

_last: "WeakKeyDictionary[Optimizer, RemovableHandle]" = WeakKeyDictionary()


def before_step(optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
    """Make ready what young numbers need, when whatever else is hooked on the step has had its say about gradients.

    Raises
    ------
    CompileError
        Where the step has a closure, which makes gradients that nobody can know yet.
    """
    kind = SCHEMAS.get(type(optimizer))
    if kind is None or kind.youth is None or not _young(optimizer):
        return
    if next((given for given in (*args[1:], *kwargs.values()) if given is not None), None) is not None:
        raise CompileError(
            f"{type(optimizer).__name__}.step(closure) cannot train newborns by step counts of their own, which need "
            "the gradient before the step: call loss.backward() and then step(), or let newborns go by their "
            'Parameter\'s count, net.refresh(optimizer, newborns="inherited")'
        )
    if optimizer._optimizer_step_pre_hooks:  # one added now runs after all of them
        _forget(optimizer)
        _last[optimizer] = optimizer.register_step_pre_hook(_prepare)
    else:
        _prepare(optimizer, args, kwargs)


def after_step(optimizer: Optimizer) -> None:
    """Put in place what was stepped apart."""
    _forget(optimizer)
    with torch.no_grad():
        apart.finish(optimizer)


def _forget(optimizer: Optimizer) -> None:
    if (handle := _last.pop(optimizer, None)) is not None:
        handle.remove()


def _prepare(optimizer: Optimizer, _args: tuple, _kwargs: dict) -> None:
    kind = SCHEMAS[type(optimizer)]
    prepare = scaled.prepare if kind.corrected else apart.prepare
    with torch.no_grad():
        prepare(optimizer, kind, _young(optimizer))


def _young(optimizer: Optimizer) -> list[Young]:
    """The Parameters that are about to be stepped and have young numbers."""
    state = optimizer.state
    return [
        (group, parameter, held)
        for group in optimizer.param_groups
        for parameter in group["params"]
        if (held := state.get(parameter)) is not None and NEWBORNS in held and parameter.grad is not None
    ]
