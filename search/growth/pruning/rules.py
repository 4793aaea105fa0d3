"""How many synapses are left when: pure functions of the epoch.

Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model compression" (2017), eq. 1: the
sparsity rises fast while much is in excess, and slowly towards the end.
"""

from .options import PruneOptions


def moments(options: PruneOptions) -> range:
    """The epochs after which the network is pruned; the last of them leaves what is to be left.

    Examples
    --------
    >>> list(moments(PruneOptions(epochs=12, start=2, every=3, settle=3)))
    [3, 6, 9]
    """
    last = options.epochs - options.settle
    first = options.start + (last - options.start) % options.every
    return range(first, last + 1, options.every)


def still_left(full: int, left: int | float, done: int, of: int) -> int:
    """How many of `full` synapses are left after `done` of `of` prunings; at the end, `left` of them.

    left + (full - left) (1 - done / of)^3, rounded to the nearest whole number.

    Parameters
    ----------
    full
        How many there were at the start.
    left
        What is to be left: a share up to 1, or how many; never more than there were.
    done, of
        This pruning, from 1, and how many there are.

    Examples
    --------
    >>> [still_left(1000, 0.1, done, 4) for done in (1, 2, 3, 4)]
    [480, 212, 114, 100]
    """
    end = full * left if left <= 1 else min(left, full)
    return round(end + (full - end) * (1.0 - done / of) ** 3)
