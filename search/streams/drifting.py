"""A target that never changes, seen from places that do: the bit-flipping regression of Dohare et al. (2024)."""

from collections.abc import Iterator

import torch
from torch import Tensor

from neurograph.errors import OptionError

from ..training.seeds import generator
from .stream import Batch, Stream

_BLOCK = 1000  # steps whose bits are drawn together


def bit_flipping(
    steps: int = 1_000_000,
    bits: int = 20,
    slow: int = 15,
    every: int = 10_000,
    hidden: int = 100,
    beta: float = 0.7,
    batch_size: int = 1,
    seed: int = 0,
) -> Stream:
    """The slowly changing regression: one of the slow bits flips now and then, the others are drawn anew each step.

    The target is a fixed network of linear threshold units, whose input and output weights are -1 or 1: a unit says 1
    where its sum is above (bits + 1) beta - S, S the number of its input weights that are -1. A constant 1 is the last
    input. The published settings are the defaults.

    Parameters
    ----------
    steps
        How many batches.
    bits, slow
        Inputs, without the constant; and how many of them, the first, flip slowly.
    every
        Steps from one flip to the next.
    hidden, beta
        Units of the target, and what their thresholds are made with.
    batch_size
        Examples a batch, the slow bits of which are alike.
    seed
        Of everything drawn.
    """
    if not 0 < slow <= bits:
        raise OptionError(f"slow={slow} must be at least 1 and at most bits={bits}")
    drawn = generator(seed, "target")
    read = torch.randint(2, (hidden, bits + 1), generator=drawn) * 2.0 - 1.0
    given = torch.randint(2, (1, hidden), generator=drawn) * 2.0 - 1.0
    threshold = (bits + 1) * beta - (read < 0).sum(1)
    begin = torch.randint(2, (slow,), generator=generator(seed, "slow bits")).float()

    def target(x: Tensor) -> Tensor:
        return (x @ read.T > threshold).float() @ given.T

    def since(start: int) -> Iterator[Batch]:
        flips = torch.randint(slow, (-(-steps // every),), generator=generator(seed, "flips"))
        held = begin.clone()
        task = start // every
        for flip in flips[1 : task + 1].tolist():
            held[flip] = 1.0 - held[flip]
        for block in range(start // _BLOCK, -(-steps // _BLOCK)):
            fast = torch.randint(
                2, (_BLOCK, batch_size, bits - slow), generator=generator(seed, "fast bits", block)
            ).float()
            for step in range(max(start, block * _BLOCK), min(steps, (block + 1) * _BLOCK)):
                if step // every != task:
                    task += 1
                    held[flips[task]] = 1.0 - held[flips[task]]
                slowly = held.expand(batch_size, slow)
                x = torch.cat([slowly, fast[step - block * _BLOCK], torch.ones(batch_size, 1)], 1)
                yield x, target(x)

    about = {
        "steps": steps, "bits": bits, "slow": slow, "every": every, "hidden": hidden, "beta": beta,
        "batch_size": batch_size, "seed": seed,
    }  # fmt: skip
    return Stream("bit flipping", since, (bits + 1,), 1, steps, every, about=about)
