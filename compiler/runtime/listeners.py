"""Who goes along when a network is refreshed: each is told once the network runs its new units.

Kept beside the networks, not in them, so that copies and pickles of a network have none.
"""

from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

from compiler.slots import SlotMap

if TYPE_CHECKING:
    from compiler.runtime.module import CompiledModule


class Follower(Protocol):
    """What wants to know of refreshes."""

    def moved(self, old: SlotMap, new: SlotMap) -> None:
        """The network runs the new slots now; both still hold their numbers."""
        ...

    def __hash__(self) -> int: ...


_followers: "WeakKeyDictionary[CompiledModule, WeakSet[Follower]]" = WeakKeyDictionary()


def follow(network: "CompiledModule", follower: Follower) -> None:
    """Tell a follower of every refresh for as long as both live."""
    _followers.setdefault(network, WeakSet()).add(follower)


def tell(network: "CompiledModule", old: SlotMap, new: SlotMap) -> None:
    """Tell every follower."""
    for follower in tuple(_followers.get(network, ())):
        follower.moved(old, new)
