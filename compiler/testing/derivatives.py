"""A compiled network as a function of its trained numbers, for derivatives of every kind."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor
from torch.func import functional_call

from ..compiled import CompiledNetwork
from .reference import loss_of


def numbers_of(net: CompiledNetwork) -> dict[str, Tensor]:
    """Parameter name -> (n, *shape of one) the trained numbers in it, in float64 and without its empty slots."""
    entries = {id(entry.tensor): entry for entry in net.slots.slots if entry.trained}
    return {
        name: torch.from_numpy(net.slots.get(entries[id(p)], p)).to(p)
        for name, p in net.named_parameters()
        if p.numel()
    }


def function_of(net: CompiledNetwork) -> Callable[..., Tensor]:
    """The loss as a function of `numbers_of` and the inputs, by `functional_call`."""
    held = {name: p.detach() for name, p in net.named_parameters()}
    entries = {id(entry.tensor): entry for entry in net.slots.slots if entry.trained}
    places = {name: entries[id(p)].flat for name, p in net.named_parameters()}

    def whole(name: str, values: Tensor) -> Tensor:
        like, flat = held[name], places[name]
        if flat is None:
            return values.reshape(like.shape)
        empty = like.new_zeros(like.numel() // prod(values.shape[1:]), *values.shape[1:])
        return empty.index_copy(0, torch.from_numpy(flat).long(), values).reshape(like.shape)

    def loss(numbers: dict[str, Tensor], *xs: Tensor) -> Tensor:
        found = functional_call(net, {name: whole(name, values) for name, values in numbers.items()}, xs)
        found = found if isinstance(found, tuple) else (found,)
        return loss_of(*found)

    return loss


def inputs_of(net: CompiledNetwork, rows: int) -> tuple[Tensor, ...]:
    """Random batches of the network's dtype."""
    generator = torch.Generator().manual_seed(rows)
    return tuple(
        torch.randn(rows, *port.sizes, generator=generator, dtype=torch.float64).to(net.dtype)
        for port in net.program.inputs
    )


def gradients(loss: Callable[..., Tensor], numbers: dict[str, Tensor], *xs: Tensor) -> dict[str, Tensor]:
    """The gradient of the loss by each of the numbers, by autograd as everybody uses it."""
    asked = {key: value.clone().requires_grad_() for key, value in numbers.items()}
    return dict(zip(asked, torch.autograd.grad(loss(asked, *xs), list(asked.values())), strict=True))
