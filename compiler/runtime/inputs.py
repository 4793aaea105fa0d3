"""Whether a batch fits a network: a fast question, and a slow answer in words where it does not."""

from math import prod
from typing import Any, NoReturn

import torch
from torch import Tensor

from neurograph.errors import CompileError

from ..planning.program import PortPlan

MOST_BATCH = 2**31 - 1  # rows, as large as torch takes a size


def check_batch_size(batch_size: Any) -> None:
    """Refuse, by `CompileError`, what is no number of rows to plan for."""
    whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if not whole or not 1 <= batch_size <= MOST_BATCH:
        most = f"{MOST_BATCH:,}"
        raise CompileError(f"batch_size must be a whole number of at least 1 and at most {most}, not {batch_size!r}")


def fit(inputs: tuple, sizes: tuple[tuple[int, ...], ...], like: Tensor) -> bool:
    """Whether every tensor is (batch, *sizes) of the network's dtype and device."""
    if len(inputs) != len(sizes):
        return False
    dtype, device = like.dtype, like.device
    batch = None
    for x, size in zip(inputs, sizes, strict=True):
        if not isinstance(x, Tensor) or x.dtype is not dtype or x.device != device:
            return _under_autocast(inputs, sizes, like)
        shape = x.shape
        if shape[1:] != size or (batch is not None and shape[0] != batch):
            return False
        batch = shape[0]
    return True


def _under_autocast(inputs: tuple, sizes: tuple[tuple[int, ...], ...], like: Tensor) -> bool:
    """Autocast takes any floating dtype."""
    if not torch.is_autocast_enabled(like.device.type):
        return False
    if not all(isinstance(x, Tensor) and x.is_floating_point() and x.device == like.device for x in inputs):
        return False
    return fit(tuple(x.to(like.dtype) for x in inputs), sizes, like)


def refuse(inputs: tuple, ports: tuple[PortPlan, ...], like: Tensor) -> NoReturn:
    """Say what is wrong with a batch that does not fit."""
    wanted = ", ".join(f"{port.population!r} {_words(port)}" for port in ports)
    if len(inputs) != len(ports):
        raise CompileError(f"the network takes {len(ports)} tensor(s), {wanted}, and was given {len(inputs)}")
    for x, port in zip(inputs, ports, strict=True):
        if not isinstance(x, Tensor):
            raise CompileError(
                f"input {port.population!r} must be a tensor of shape {_words(port)}, not a {type(x).__name__}: "
                "torch.as_tensor(x) makes one"
            )
        if not x.is_floating_point():
            raise CompileError(
                f"input {port.population!r} is {x.dtype}; values must be floating: use x.to({like.dtype})"
            )
        if x.shape[1:] != port.sizes:
            raise CompileError(
                f"input {port.population!r} has shape {tuple(x.shape)} and must be {_words(port)}" + _advice(x, port)
            )
        if x.device != like.device:
            raise CompileError(
                f"input {port.population!r} is on {x.device}, the network on {like.device}: use x.to(net.device)"
            )
        if x.dtype is not like.dtype:
            raise CompileError(
                f"input {port.population!r} is {x.dtype}, the network {like.dtype}: use x.to({like.dtype})"
            )
    raise CompileError(f"inputs differ in batch size: {', '.join(str(tuple(x.shape)) for x in inputs)} for {wanted}")


def _words(port: PortPlan) -> str:
    return f"(batch, {', '.join(map(str, port.sizes))})"


def _advice(x: Tensor, port: PortPlan) -> str:
    """What would make it fit, where the numbers are all there."""
    if x.dim() < 2 or x[:1].numel() != prod(port.sizes) * len(x[:1]):
        return ""
    if not port.shape:
        return "; x.flatten(1) would fit"
    return f"; x.view(-1, {', '.join(map(str, port.sizes))}) would fit"
