"""When a network grows and by how many neurons: MetaNet's equations 1 and 2, as pure functions of what was measured.

The paper (Dai, Yu, Hu, Cao and Luo, "Metabolize Neural Network") writes c_b and c_g for the first and the last epoch of
a metabolism cycle, Delta c = c_g - c_b for its length, L for the loss, E for the error of an epoch, and gives every
layer l a constant c_l and a rate theta_l.
"""

from collections.abc import Mapping, Sequence

from neurograph.edits.support.counts import dynamic_count
from neurograph.errors import OptionError

from .options import MetabolismOptions


def loss_slope(losses: Sequence[float], cycle: int) -> float:
    """How fast the loss falls: (L(c_b) - L(c_g)) / Delta c, the left side of MetaNet's eq. 1.

    Parameters
    ----------
    losses
        One for each epoch so far; c_g is the last.
    cycle
        Delta c, in epochs, at least 1 and less than there are losses.

    Returns
    -------
    float
        Loss an epoch; positive while the loss falls.

    Examples
    --------
    >>> loss_slope([2.0, 1.0, 0.5], cycle=2)
    0.75
    """
    if not 1 <= cycle < len(losses):
        raise OptionError(f"a cycle of {cycle} epochs needs {cycle + 1} losses, and there are {len(losses)}")
    return (losses[-1 - cycle] - losses[-1]) / cycle


def cycle_length(edited: int, options: MetabolismOptions, newborn_share: float = 0.0) -> int:
    """Delta c in epochs. The cycle's epochs, c_b to c_g, are one more than that.

    The paper wants the first cycle longer, because the network is new, and later ones long enough for newborns to
    train. With fixed cycles the first has its own length. With adaptive ones a network of which a share s is new waits
    for cycle + s (first_cycle - cycle) epochs, rounded; the first is new altogether.

    Parameters
    ----------
    edited
        The epoch after which the network was last edited, 0 for never.
    options
        The lengths and whether they adapt.
    newborn_share
        Of the neurons that metabolize, those born by that edit; in [0, 1].

    Examples
    --------
    >>> adaptive = MetabolismOptions(first_cycle=8, cycle=2, cycles="adaptive")
    >>> [cycle_length(0, adaptive), cycle_length(9, adaptive, 0.5), cycle_length(20, adaptive, 0.1)]
    [8, 5, 3]
    """
    if not edited:
        return options.first_cycle
    if options.cycles == "fixed":
        return options.cycle
    return options.cycle + round(newborn_share * (options.first_cycle - options.cycle))


def growth_due(losses: Sequence[float], edited: int, options: MetabolismOptions, newborn_share: float = 0.0) -> bool:
    """Whether the network is to grow after this epoch: a whole cycle has gone by and the loss no longer falls (eq. 1).

    Parameters
    ----------
    losses
        One for each epoch so far.
    edited
        The epoch (from 1) after which the network was last edited, 0 for never.
    options
        Cycle, threshold and cool-down. With a cool-down of 0 a cycle's first loss is the one measured just before the
        edit; with n it is that of the nth epoch after it.
    newborn_share
        See `cycle_length`.

    Examples
    --------
    >>> growth_due([1.0, 0.9, 0.9, 0.9], edited=0, options=MetabolismOptions(first_cycle=2, slope=0.0))
    True
    """
    if not cycle_over(len(losses), edited, options, newborn_share):
        return False
    return loss_slope(losses, cycle_length(edited, options, newborn_share)) <= options.slope


def cycle_over(epochs: int, edited: int, options: MetabolismOptions, newborn_share: float = 0.0) -> bool:
    """Whether a whole cycle has gone by after so many epochs; see `growth_due`.

    Examples
    --------
    >>> [cycle_over(n, 3, MetabolismOptions(cycle=2, cool_down=1)) for n in (4, 5, 6)]
    [False, False, True]
    """
    begin = edited + options.cool_down if edited else 1
    return epochs - cycle_length(edited, options, newborn_share) >= begin


def newborn_counts(sizes: Mapping[str, int], variance: float, options: MetabolismOptions) -> dict[str, int]:
    """How many neurons each population gets: eq. 2 or the static count, never beyond its limit.

    Parameters
    ----------
    sizes
        Population -> neurons now, of those that may grow.
    variance
        Of the errors in percent over the cycle's epochs; see `neurograph.edits.support.counts.error_variance`.
    options
        The count, its constants and the limits.

    Returns
    -------
    dict
        Population -> neurons to add, 0 where it is full.

    Raises
    ------
    OptionError
        For a table that names a population which is not there, or leaves one out.

    Examples
    --------
    >>> newborn_counts({"first": 16, "second": 125}, 0.0, MetabolismOptions(newborns=8, growth_limit=128))
    {'first': 16, 'second': 3}
    """
    wanted = of_each(sizes, options.newborns, "newborns")
    if options.growth == "dynamic":
        rate = of_each(sizes, options.growth_rate, "growth_rate")
        wanted = {name: dynamic_count(constant, rate[name], variance) for name, constant in wanted.items()}
    free = room(sizes, options)
    return {name: min(wanted[name], free[name]) for name in sizes}


def room(sizes: Mapping[str, int], options: MetabolismOptions) -> dict[str, int]:
    """Population -> how many neurons it may still get, 0 where it is at its limit or began above it."""
    limit = of_each(sizes, options.growth_limit, "growth_limit")
    return {name: max(0, limit[name] - size) for name, size in sizes.items()}


def of_each(sizes: Mapping[str, int], value: float | Mapping[str, float], name: str) -> dict:
    """Population -> its number: one that counts for all, or a table's; `OptionError` where a table is not theirs."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(sizes, value)
    odd = [population for population in value if population not in sizes]
    lacking = [population for population in sizes if population not in value]
    if odd or lacking:
        raise OptionError(
            f"{name} must give each population that grows ({', '.join(sizes)}) its number: "
            + "; ".join(
                f"{what} {', '.join(map(str, which))}"
                for what, which in (("there is no population", odd), ("it leaves out", lacking))
                if which
            )
        )
    return dict(value)
