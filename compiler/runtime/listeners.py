"""Listeners to refreshes: each is called once the network runs its new units.

Kept beside the networks, not in them, so that copies and pickles of a network have none.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

from ..slots import SlotMap

if TYPE_CHECKING:
    from .module import CompiledModule


class Listener(Protocol):
    """What wants to know of refreshes."""

    def moved(self, old: SlotMap, new: SlotMap) -> None:
        """The network runs the new slots now; both still hold their numbers."""
        ...

    def renewed(self, numbers: Mapping[str, np.ndarray]) -> None:
        """Others took the places of some: "neurons" by key, "weight" by synapse id, and values by neuron key."""
        ...

    def __hash__(self) -> int: ...


_listeners: "WeakKeyDictionary[CompiledModule, WeakSet[Listener]]" = WeakKeyDictionary()


def add_listener(network: "CompiledModule", listener: Listener) -> None:
    """Call a listener at every refresh, for as long as both live."""
    _listeners.setdefault(network, WeakSet()).add(listener)


def notify(network: "CompiledModule", old: SlotMap, new: SlotMap) -> None:
    """Call every listener."""
    for listener in tuple(_listeners.get(network, ())):
        listener.moved(old, new)


def notify_renewed(network: "CompiledModule", numbers: Mapping[str, np.ndarray]) -> None:
    """Call every listener where some numbers are others' now."""
    for listener in tuple(_listeners.get(network, ())) if numbers else ():
        listener.renewed(numbers)
