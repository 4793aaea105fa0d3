"""Modules that are made fast: of the milliseconds in which a small network is compiled, nn.Module's care was a third.

A compiled network has some twenty modules, whose attributes are known when they are made. So these take the whole of
nn.Module's beginning at once, and what is neither a tensor nor a module goes past its `__setattr__`.
"""

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

_BEGUN = nn.Module().__dict__  # what this torch begins a module with
_EMPTY = [(name, type(held)) for name, held in _BEGUN.items() if isinstance(held, dict | set)]


def _begun() -> dict[str, Any]:
    begun = _BEGUN.copy()
    for name, kind in _EMPTY:
        begun[name] = kind()
    return begun


class BareModule(nn.Module):
    """A module as nn.Module's own constructor would begin it."""

    def __init__(self) -> None:
        self.__dict__.update(_begun())

    def keep(self, **attributes: Any) -> None:
        """Set attributes that are neither tensors nor modules, or references to such as somebody else has."""
        self.__dict__.update(attributes)

    def add_buffer(self, name: str, held: Tensor | None) -> None:
        """Register a buffer that is in no state_dict; None says that there is none."""
        if held is not None:
            self.register_buffer(name, held, persistent=False)
            return
        self._buffers[name] = None
        self._non_persistent_buffers_set.add(name)


def module_list(modules: Iterable[nn.Module]) -> nn.ModuleList:
    """A list of modules."""
    made = nn.ModuleList.__new__(nn.ModuleList)
    made.__dict__.update(_begun())
    made._modules.update({str(at): module for at, module in enumerate(modules)})
    return made


def switch(module: nn.Module, training: bool) -> None:
    """`module.train(training)`, without asking each of its modules whether that is a mode."""
    if type(module).train is not nn.Module.train:
        module.train(training)
        return
    module.__dict__["training"] = training
    for child in module._modules.values():
        if child is not None:
            switch(child, training)
