"""The seeds of what is drawn in a run: each use has a name, so that no two draw the same numbers unawares.

A name of anybody's gives numbers of its own. Those in `FROZEN` had theirs before uses had names; published results
depend on them, so they keep their places in the seed, some of which are alike.
"""

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
import torch

Place = tuple[int | None, int]

FROZEN: Mapping[str, Place] = {
    # use -> (its number, how many numbers of the place stand before that); None: it has none
    "order of an epoch": (None, 0),
    "dropout": (1, 1),
    "changes of images": (2, 1),
    "held-out batches": (3, 1),
    "examples of statistics": (8, 0),
    "autophagy": (2, 1),
    "proliferation": (3, 1),
    "expansion": (4, 1),
    "scores of expansion": (5, 1),
    "scores of pruning": (6, 1),
    "births and deaths by chance": (6, 1),
    "rewiring": (11, 1),
    "examples of rewiring": (12, 1),
    "renewal": (2, 2),
    "growth of a stream": (3, 2),
    "controller": (None, 0),
    "weights of add-ons": (0, 0),
    "directions of add-ons": (1, 0),
    # the data of streams, whose seed is one of their own
    "classes": (0, 0),
    "order of a pass": (1, 0),
    "target": (0, 0),
    "slow bits": (1, 0),
    "flips": (2, 0),
    "fast bits": (3, 0),
    "images of a task": (0, 1),
    "labels of a task": (1, 1),
    "order of a task": (2, 1),
    "pixels of a task": (0, 1),
    "examples of a task": (1, 1),
}


def seed_of(seed: int, use: str, *place: int) -> int:
    """A 64-bit seed for one use at one place in a run; neighbouring places are unrelated, as seed + epoch are not.

    Parameters
    ----------
    seed
        The run's seed.
    use
        What is drawn, in words of your own.
    place
        Numbers that tell this time from others, such as the epoch.

    Examples
    --------
    >>> seed_of(0, "dropout", 3) == seed_of(0, "dropout", 3), seed_of(0, "dropout", 3) == seed_of(0, "rewiring", 3)
    (True, False)
    """
    number, before = FROZEN[use] if use in FROZEN else (_number(use), 0)
    numbers = (*place[:before], *(() if number is None else (number,)), *place[before:])
    return int(np.random.SeedSequence((seed, *numbers)).generate_state(1, np.uint64)[0])


def _number(use: str) -> int:
    return int.from_bytes(blake2b(use.encode(), digest_size=12).digest(), "big")


def generator(seed: int, use: str, *place: int) -> torch.Generator:
    """A torch generator for one use at one place in a run: the same always give the same stream; see `seed_of`."""
    return torch.Generator().manual_seed(seed_of(seed, use, *place))
