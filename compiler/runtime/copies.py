"""Copies of a network."""

import copy
from typing import Any, TypeVar

from .module import CompiledModule

Network = TypeVar("Network", bound=CompiledModule)

_OWN = frozenset({"holding", "individuals", "_forwards", "number", "gatherer", "actor", "mark"})


def taken_along(network: CompiledModule) -> dict[str, Any]:
    """The attributes that a copy has from its original; the others it makes anew."""
    own = _OWN if network._forwards.replaced(network) else _OWN | {"forward"}
    return {name: held for name, held in network.__dict__.items() if name not in own}


def sharing(network: Network) -> Network:
    """A copy that follows the same graph and owns nothing, with Parameters of its own.

    What users write into the graph from now on reaches it at its refresh; what it learned stays its own.
    """
    return _copied(network, network.graph, {})


def deep(network: Network, memo: dict) -> Network:
    """A copy with a graph of its own, which it owns where the network owns its graph."""
    made = _copied(network, copy.deepcopy(network.graph, memo), memo)
    if network.owns:
        made.graph.own(made)
    return made


def _copied(network: Network, graph: Any, memo: dict) -> Network:
    made = network.__class__.__new__(network.__class__)
    memo[id(network)], memo[id(network.graph)] = made, graph
    for name, held in taken_along(network).items():
        made.__dict__[name] = copy.deepcopy(held, memo)
    made.hold()
    return made
