"""Batches of data that edits look at: their parts, and refusals that name the batch and the row."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from neurograph.errors import CompileError, DataError

if TYPE_CHECKING:
    from ..runtime.module import CompiledModule


def parts_of(batch: Any, number: int) -> tuple[tuple, tuple]:
    """The inputs of a batch, one per input population, and what is left for the loss.

    Parameters
    ----------
    batch
        A tensor x, or a sequence (x, y); x is one tensor, or a tuple or list of one per input population.
    number
        Which batch it is, from 0, in errors.

    Raises
    ------
    CompileError
        Another kind of batch.
    """
    if isinstance(batch, Tensor):
        return (batch,), ()
    if not isinstance(batch, tuple | list) or not batch:
        kind = f"an empty {type(batch).__name__}" if isinstance(batch, tuple | list) else f"a {type(batch).__name__}"
        raise CompileError(f"batch {number} is {kind}: each must be a tensor x, or (x, y)")
    x, *rest = batch
    return tuple(x) if isinstance(x, tuple | list) else (x,), tuple(rest)


def run_batch(network: "CompiledModule", inputs: tuple, rest: tuple, number: int) -> list:
    """Every block's values for a batch of finite numbers, as `CompiledNetwork.run` gives them.

    Parameters
    ----------
    network
        The network.
    inputs, rest
        As `parts_of` gives them.
    number
        Which batch it is, from 0, in errors.

    Raises
    ------
    CompileError
        A tensor of another shape, dtype or device than the network takes, naming the batch.
    DataError
        A number that is not finite, naming batch and row.
    """
    try:
        blocks = network.run(inputs)
    except CompileError as error:
        if type(error) is not CompileError:  # a stale network is no fault of the batch
            raise
        raise CompileError(f"batch {number}: {error}") from None
    for x, port in zip(inputs, network.program.inputs, strict=False):  # what is remembered is 0
        refuse_infinite(x, f"batch {number}: input {port.population!r}")
    for y in rest:
        if isinstance(y, Tensor) and y.is_floating_point():
            refuse_infinite(y, f"batch {number}: y")
    return blocks


def check_loss(loss: Any, outputs: Any, number: int) -> None:
    """Refuse, by `CompileError`, a loss that is not one number, or that has no gradient though outputs have."""
    if not isinstance(loss, Tensor):
        raise CompileError(f"batch {number}: the loss is a {type(loss).__name__}, and must be a tensor of one number")
    if loss.numel() != 1:
        raise CompileError(
            f"batch {number}: the loss has shape {tuple(loss.shape)}, and must be one number: its mean, or its sum"
        )
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    if any(y.requires_grad for y in outputs) and not loss.requires_grad:
        raise CompileError(
            f"batch {number}: the loss does not follow from what the network answers, or was taken out of autograd on "
            "the way (detach(), numpy, no_grad), so there is no gradient to observe"
        )


def refuse_infinite(x: Tensor, what: str) -> None:
    """Refuse, by `DataError`, a number that is not finite, naming its row; costs a sum where there is none."""
    if not torch.isfinite(x.detach().sum()):  # only a large sum that is not finite asks every number
        refuse_first(~torch.isfinite(x), x, what, "is not finite")


def refuse_first(bad: Tensor, x: Tensor, what: str, why: str) -> None:
    """Refuse, by `DataError`, the first row with something bad in it, naming the number.

    Parameters
    ----------
    bad
        (n, ...) bool, what is bad of `x`.
    x
        (n, ...) the numbers.
    what, why
        What they are called, and what a bad one is, in the error.
    """
    if not bad.any():
        return
    place = bad.nonzero()[0].tolist()
    row, rest = (place[0], "".join(f", {at}" for at in place[1:])) if place else ("", "")
    more = int(bad.flatten(1).any(1).sum() if bad.dim() > 1 else bad.sum()) - 1
    others = f" (and {more} more rows)" if more else ""
    raise DataError(f"{what}[{row}{rest}] is {x[tuple(place)].item()}, which {why}{others}")
