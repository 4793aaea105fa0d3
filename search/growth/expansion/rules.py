"""When a network expands, and when what is in excess goes: pure functions of what was measured."""

from collections.abc import Sequence
from itertools import pairwise

from neurograph.errors import OptionError

from .options import ExpansionOptions


def loss_change(losses: Sequence[float], window: int) -> float:
    """The mean absolute change of the loss from epoch to epoch, over the last `window` changes.

    Parameters
    ----------
    losses
        One for each epoch so far.
    window
        At least 1 and less than there are losses.

    Examples
    --------
    >>> loss_change([9.0, 2.0, 1.0, 1.5], window=2)
    0.75
    """
    if not 1 <= window < len(losses):
        raise OptionError(f"{window} changes of the loss need {window + 1} losses, and there are {len(losses)}")
    last = losses[-1 - window :]
    return sum(abs(b - a) for a, b in pairwise(last)) / window


def expansion_due(losses: Sequence[float], expanded: int, count: int, options: ExpansionOptions) -> bool:
    """Whether the network is to expand after this epoch: the loss stands still, and the last expansion is long past.

    Parameters
    ----------
    losses
        One for each epoch so far.
    expanded
        The epoch (from 1) after which it last expanded, 0 for never.
    count
        How often it has expanded.
    options
        Window, threshold, pause, how often at most; and, at the end, room to settle and to prune.

    Examples
    --------
    >>> options = ExpansionOptions(window=1, change=0.1, pause=2)
    >>> expansion_due([1.0, 0.95], 0, 0, options), expansion_due([1.0, 0.8], 0, 0, options)
    (True, False)
    """
    if count >= options.expansions or len(losses) - expanded < options.pause or len(losses) <= options.window:
        return False
    return loss_change(losses, options.window) < options.change


def pruning_due(epoch: int, expanded: Sequence[int], options: ExpansionOptions) -> int:
    """The epoch of the expansion whose excess is to go after this one, 0 for none.

    Parameters
    ----------
    epoch
        From 1.
    expanded
        The epochs after which the network has expanded.
    """
    born = epoch - options.prune_after
    return born if options.prune_after and born in expanded else 0
