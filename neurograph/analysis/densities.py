"""Densities: which share of the synapses that a layer could have it has, where a whole network is to be sparse."""

from collections.abc import Callable, Sequence

import numpy as np

from neurograph.errors import OptionError
from neurograph.options import number, one_of


def _uniform(shape: tuple[int, ...]) -> float:
    return 1.0


def _erdos_renyi(shape: tuple[int, ...]) -> float:
    return (shape[0] + shape[1]) / (shape[0] * shape[1])


def _erdos_renyi_kernel(shape: tuple[int, ...]) -> float:
    return sum(shape) / float(np.prod(shape, dtype=np.float64))


DISTRIBUTIONS: dict[str, Callable[[tuple[int, ...]], float]] = {
    "uniform": _uniform,
    "er": _erdos_renyi,
    "erk": _erdos_renyi_kernel,
}


def layer_densities(
    shapes: Sequence[tuple[int, ...]], density: float, distribution: str = "erk", pairs: Sequence[int] | None = None
) -> np.ndarray:
    """The density of each layer of a network that has a given density as a whole.

    "uniform": the same for all. "er": proportional to (n + m) / (n m), n sources and m targets, so that large layers
    are sparser (Erdos-Renyi; Mocanu et al. 2018, "Scalable training of artificial neural networks with adaptive sparse
    connectivity inspired by network science", eq. 1). "erk": proportional to (n + m + h + w) / (n m h w) for kernels of
    h by w (Evci et al. 2020, "Rigging the lottery", section 3). What would be denser than full is full, and the others
    share what that leaves over.

    Parameters
    ----------
    shapes
        (sources, targets, *kernel) of each layer.
    density
        The share of all weights that there are to be, above 0 and at most 1; a kernel counts with all its numbers.
    distribution
        "uniform", "er" or "erk".
    pairs
        How many synapses each layer could have; unless given, sources times targets.

    Returns
    -------
    densities : numpy.ndarray
        (layers,) float64.

    Raises
    ------
    OptionError
        A density or distribution that there is not.

    Examples
    --------
    >>> layer_densities([(784, 300), (300, 100), (100, 10)], 0.05, "er").round(3).tolist()
    [0.038, 0.111, 0.919]
    """
    if number("density", density, 0.0, 1.0) == 0.0:
        raise OptionError("density must be above 0, for a network without synapses learns nothing")
    one_of("distribution", distribution, DISTRIBUTIONS)
    counts = [shape[0] * shape[1] for shape in shapes] if pairs is None else pairs
    size = np.array([n * np.prod(shape[2:], dtype=np.int64) for n, shape in zip(counts, shapes, strict=True)], float)
    raw = np.array([DISTRIBUTIONS[distribution](shape) for shape in shapes])
    full = np.zeros(len(shapes), bool)
    while not full.all():
        scale = (density * size.sum() - size[full].sum()) / (raw * size)[~full].sum()
        beyond = ~full & (scale * raw > 1.0)
        if not beyond.any():
            return np.where(full, 1.0, scale * raw)
        full |= beyond
    return np.ones(len(shapes))


def layer_counts(
    names: Sequence[str],
    shapes: Sequence[tuple[int, ...]],
    density: float,
    distribution: str = "erk",
    pairs: Sequence[int] | None = None,
) -> list[int]:
    """How many synapses each layer has.

    Parameters
    ----------
    names
        The target population of each layer.
    shapes, density, distribution, pairs
        As for `layer_densities`.

    Raises
    ------
    OptionError
        Besides: a population with more neurons than there are synapses into it, so that some would read nothing.
    """
    possible = [shape[0] * shape[1] for shape in shapes] if pairs is None else list(pairs)
    shares = layer_densities(shapes, density, distribution, possible)
    counts = [min(n, round(share * n)) for share, n in zip(shares.tolist(), possible, strict=True)]
    for name in dict.fromkeys(names):
        mine = [at for at, other in enumerate(names) if other == name]
        targets, count = max(shapes[at][1] for at in mine), sum(counts[at] for at in mine)
        if count < targets:
            raise OptionError(
                f"density {density:g} ({distribution}) leaves {name} {count:,} of {sum(possible[at] for at in mine):,} "
                f"synapses, fewer than its {targets:,} neurons, which each need one: a density of about "
                f"{density * targets / max(count, 1):.2g} gives them that"
            )
    return counts
