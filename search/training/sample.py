"""Which examples statistics are taken over, where not all are."""

import numpy as np
import torch
from torch import Tensor

from ..datasets.dataset import evenly
from .seeds import seed_of


def sample(y: Tensor, count: int, seed: int) -> Tensor:
    """Positions of some examples: drawn by the seed, the same share of each class, classes in turn.

    Parameters
    ----------
    y
        (n,) class numbers, or targets that are not whole, which are one class.
    count
        How many; where there are no more examples, all of them, as they lie.
    seed
        Which of a class are taken.

    Returns
    -------
    Tensor
        (at most count,) int64, on the CPU.

    Examples
    --------
    >>> y = torch.tensor([0] * 60 + [1] * 40)
    >>> y[sample(y, 10, seed=0)].bincount().tolist()
    [6, 4]
    """
    if count >= len(y):
        return torch.arange(len(y))
    labels = np.zeros(len(y), np.int64) if y.is_floating_point() else y.cpu().numpy()
    return torch.from_numpy(evenly(labels, count, seed_of(seed, "examples of statistics"), ascending=False))
