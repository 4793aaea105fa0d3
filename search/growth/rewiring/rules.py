"""When synapses move, and how many: pure functions of the epoch."""

from math import cos, pi

from .options import RewireOptions


def moments(options: RewireOptions) -> range:
    """The epochs after which synapses move.

    Examples
    --------
    >>> list(moments(RewireOptions(epochs=12, start=2, every=3, settle=3)))
    [2, 5, 8]
    """
    return range(options.start, options.epochs - options.settle, options.every)


def share_moved(options: RewireOptions, epoch: int) -> float:
    """The share of each layer's synapses that moves after an epoch.

    alpha / 2 (1 + cos(pi t / T)), alpha being `fraction`, t the epoch and T the one at which the network begins to
    settle (Evci et al. 2020, "Rigging the lottery", section 3); alpha itself where it does not fall.

    Examples
    --------
    >>> options = RewireOptions(epochs=12, settle=4, fraction=0.4)
    >>> [round(share_moved(options, epoch), 3) for epoch in (1, 4, 7)]
    [0.385, 0.2, 0.015]
    """
    if options.fall == "constant":
        return options.fraction
    return options.fraction / 2.0 * (1.0 + cos(pi * epoch / (options.epochs - options.settle)))
