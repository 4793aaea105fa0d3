"""How many numbers a neuron reads, and how many neurons read it."""

from math import prod


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Fan-in and fan-out of weights of shape (sources, targets, *kernel), each at least 1.

    Examples
    --------
    >>> fans((784, 64)), fans((8, 16, 3, 3))
    ((784, 64), (72, 144))
    """
    window = prod(shape[2:])
    return max(1, shape[0] * window), max(1, shape[1] * window)
