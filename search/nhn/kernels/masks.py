"""Masked kernels: zero in the network, remembered in the graph's attributes, which are saved and copied with it."""

import numpy as np
import torch

from neurograph.network import NeuronGraph

from ....compiler.compiled import CompiledNetwork

_ATTRIBUTE = "masked kernels"


def masked(graph: NeuronGraph) -> np.ndarray:
    """(n,) int64 ids of the kernels that are masked, rising."""
    found = [np.asarray(one["ids"]) for one in graph.graph.get(_ATTRIBUTE, [])]
    return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def mask(net: CompiledNetwork, ids: np.ndarray) -> None:
    """Set kernels to zero and remember what they were. They learn on, as the optimizer's state does."""
    remembered = []
    for quantity in _quantities(net):
        numbers, kernels = net.slots.numbers(quantity, True), net.slots.gather(quantity, trained=True)
        mine = np.flatnonzero(np.isin(numbers, ids))
        if len(mine):
            remembered.append({"ids": numbers[mine], "kernels": kernels[mine].numpy().copy()})
            kernels[mine] = 0.0
            net.slots.scatter(quantity, kernels, trained=True)
    net.graph.graph[_ATTRIBUTE] = remembered


def unmask(net: CompiledNetwork) -> None:
    """Put masked kernels back: what they were, and what they have learned since; nothing is masked afterwards."""
    for one in net.graph.graph.pop(_ATTRIBUTE, []):
        quantity = "weight", tuple(one["kernels"].shape[1:])
        numbers, kernels = net.slots.numbers(quantity, True), net.slots.gather(quantity, trained=True)
        kernels[np.searchsorted(numbers, one["ids"])] += torch.from_numpy(one["kernels"])
        net.slots.scatter(quantity, kernels, trained=True)


def _quantities(net: CompiledNetwork) -> list:
    return [quantity for quantity in net.slots.quantities if quantity[0] == "weight" and quantity[1]]
