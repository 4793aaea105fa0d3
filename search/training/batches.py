"""Which examples make which batch: a pure function of seed and epoch, so that a resumed run sees the same ones."""

from collections.abc import Iterator

import torch
from torch import Tensor

from .seeds import generator


def batches(count: int, batch_size: int, seed: int, epoch: int) -> Iterator[Tensor]:
    """The batches of one epoch, as positions of examples; the last one may be smaller, or larger by one.

    Parameters
    ----------
    count
        How many examples there are.
    batch_size
        How many to a batch.
    seed, epoch
        What the order depends on.

    Returns
    -------
    iterator of torch.Tensor
        int64 (at most batch_size + 1,), together a permutation of range(count); see `in_batches`.

    Examples
    --------
    >>> [len(batch) for batch in batches(10, 4, seed=0, epoch=1)]
    [4, 4, 2]
    """
    yield from in_batches(torch.randperm(count, generator=generator(seed, "order of an epoch", epoch)), batch_size)


def in_batches(rows: Tensor, batch_size: int) -> tuple[Tensor, ...]:
    """Rows in batches of one size, the last one smaller where they do not come out even.

    One row that is left over joins the batch before it: a batch norm in training has nothing to go by in a single
    example, and its step would be the noisiest of all.

    Examples
    --------
    >>> [len(batch) for batch in in_batches(torch.arange(9), 4)]
    [4, 5]
    """
    parts = rows.split(batch_size)
    if not leaves_one(len(rows), batch_size):
        return parts
    return *parts[:-2], rows[-batch_size - 1 :]


def leaves_one(count: int, batch_size: int) -> bool:
    """Whether batches of that size leave a single row over."""
    return batch_size > 1 and count > batch_size and count % batch_size == 1
