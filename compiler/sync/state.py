"""A network's state_dict: vectors in synapse and neuron order with the wiring they belong to, whatever the lowering."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import WiringError

from ..slots import Quantity

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule

WIRING = "wiring"


def quantity_name(quantity: Quantity) -> str:
    """A quantity as a key: "weight", "bias", "weight[3x3]"."""
    name, shape = quantity
    return name + (f"[{'x'.join(map(str, shape))}]" if shape else "")


def wiring_tensor(wiring: str) -> Tensor:
    """Text as bytes in a tensor, so that any format for tensors can hold it."""
    return torch.from_numpy(np.frombuffer(wiring.encode(), np.uint8).copy())


def check_wiring(network: "CompiledModule", saved: Tensor | str) -> None:
    """Refuse what was saved for another wiring."""
    text = saved if isinstance(saved, str) else bytes(saved.cpu().numpy()).decode(errors="replace")
    if text.partition(" ")[0] != network.wiring.partition(" ")[0]:
        raise WiringError(
            f"saved for another wiring: {_short(text)}, and this network's is {_short(network.wiring)}. Load the graph "
            "it was saved with and compile that, or train this one anew"
        )


def _short(wiring: str) -> str:
    digest, _, size = wiring.partition(" ")
    return f"digest {digest[:12]} {size}"


def save(network: "CompiledModule", destination: dict, prefix: str) -> None:
    """Put the canonical vectors, in the network's dtype, and the wiring into a state_dict."""
    destination[prefix + WIRING] = wiring_tensor(network.wiring)
    for quantity in network.slots.quantities:
        destination[prefix + quantity_name(quantity)] = (
            network.slots.gather(quantity).to(network.dtype).to(network.device)
        )


def load(
    network: "CompiledModule", held: dict, prefix: str, strict: bool, missing: list[str], unexpected: list[str]
) -> None:
    """Take canonical vectors from a state_dict, all or none.

    Raises
    ------
    WiringError
        Where they belong to another wiring.
    """
    wanted = {quantity_name(quantity): quantity for quantity in network.slots.quantities}
    mine = [key.removeprefix(prefix) for key in held if key.startswith(prefix)]
    absent = [name for name in (WIRING, *wanted) if name not in mine]
    missing.extend(prefix + name for name in absent)
    if strict:
        unexpected.extend(prefix + name for name in mine if name not in wanted and name != WIRING)
    if WIRING in mine:
        check_wiring(network, held[prefix + WIRING])
    vectors = {quantity: held[prefix + name] for name, quantity in wanted.items() if name in mine}
    for quantity, vector in vectors.items():
        size = len(network.slots.numbers(quantity))
        if tuple(vector.shape) != (size, *quantity[1]):
            wanted_shape = (size, *quantity[1])
            raise WiringError(
                f"{prefix}{quantity_name(quantity)} has shape {tuple(vector.shape)} and must be {wanted_shape}"
            )
    if strict and (absent or len(mine) > len(vectors) + 1):
        return  # torch raises on these; nothing may have changed by then
    for quantity, vector in vectors.items():
        network.slots.scatter(quantity, vector)
