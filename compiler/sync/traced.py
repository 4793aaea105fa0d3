"""What `torch.compile` sees of a network: code of its own for each program, and other code where it is stale.

`torch.compile` counts what it has traced of one code object and gives up after a few. Were the forward always the same
code, a network whose graph is edited time and again would run into that limit, and so would a search over many.
"""

from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule
    from .holding import Holding


class Forwards:
    """The forward of a network, and the one it has while it is stale, each in code that nothing else runs.

    They are bound to the holding, which has the network weakly: a network that had a method bound to itself would never
    be freed by counting references.

    Parameters
    ----------
    holding
        The network's.
    """

    def __init__(self, holding: "Holding") -> None:
        self.holding = holding
        self.running, self.refusing = self._new(), self._new()

    def renew(self) -> None:
        """Have new code for a new program, so that what was traced of the old one goes with its code."""
        self.running = self._new()

    def turn(self, network: "CompiledModule", fresh: bool) -> None:
        """Let a network run the one that is due; one that a user put there stays."""
        if not self.replaced(network):
            network.__dict__["forward"] = self.running if fresh else self.refusing

    def replaced(self, network: "CompiledModule") -> bool:
        """Whether a user has put another forward in the place of these."""
        held = network.__dict__.get("forward")
        return held is not None and getattr(held, "__self__", None) is not self.holding

    def _new(self) -> MethodType:
        code = _forward.__code__.replace()
        return MethodType(FunctionType(code, _forward.__globals__, "forward"), self.holding)


def _forward(holding: "Holding", *inputs: Tensor) -> Any:
    network: Any = holding.network()
    return type(network).forward(network, *inputs)


# --- a stale network in a traced graph --------------------------------------------------------------------------------

_networks: "WeakValueDictionary[int, CompiledModule]" = WeakValueDictionary()


def number(network: "CompiledModule") -> int:
    """What a traced refusal knows a network by."""
    _networks[id(network)] = network
    return id(network)


def refusal(network: "CompiledModule") -> Tensor:
    """What is traced of a stale network: an operator that raises `StaleError` whenever it runs."""
    return torch.ops.neurograph.refuse_stale(network._buffers["like"], network.number)


def _refuse(like: Tensor, number: int) -> Tensor:
    _networks[number].refuse_stale()


_LIBRARY = torch.library.Library("neurograph", "FRAGMENT")
_LIBRARY.define("refuse_stale(Tensor like, int number) -> Tensor", tags=(torch.Tag.pt2_compliant_tag,))
_LIBRARY.impl("refuse_stale", _refuse, "CompositeExplicitAutograd")
torch.library.register_fake("neurograph::refuse_stale", lambda like, number: torch.empty_like(like), lib=_LIBRARY)
