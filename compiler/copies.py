"""Copies of a network: deep ones share its graph and own nothing."""

import copy
from typing import TYPE_CHECKING

from compiler.watch import Ledger

if TYPE_CHECKING:
    from compiler.network import CompiledNetwork


def twin(network: "CompiledNetwork", memo: dict) -> "CompiledNetwork":
    """A deep copy that follows the same graph, with Parameters of its own.

    What users write into the graph from now on reaches it at its refresh; what it learned stays its own.
    """
    made = network.__class__.__new__(network.__class__)
    memo[id(network)] = made
    memo[id(network.graph)] = network.graph
    for name, held in network.__dict__.items():
        made.__dict__[name] = Ledger() if name == "_ledger" else copy.deepcopy(held, memo)
    made._wire()
    network.graph.changes.subscribe(made)
    return made
