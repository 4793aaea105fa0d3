"""Numbers on their way between a network and its graph."""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from compiler.assembly import cast
from compiler.slots import Space

if TYPE_CHECKING:
    from compiler.network import CompiledNetwork


def write_back(network: "CompiledNetwork", as_owner: bool) -> int:
    """Write the network's numbers into its graph where they differ from what the graph's would be in the network.

    So a float32 network that was never trained leaves every float64 of the graph as it was.

    Parameters
    ----------
    network
        A network that is not stale.
    as_owner
        Whether the writes are those of the network the values belong to; else they are a user's.

    Returns
    -------
    int
        How many numbers were written.
    """
    return sum(_write_space(network, space, as_owner) for space in network.slots.spaces)


def _write_space(network: "CompiledNetwork", space: Space, as_owner: bool) -> int:
    numbers, graph = network.slots.numbers(space), network.graph
    held = graph.read_weights(numbers) if space[0] == "weight" else graph.read_values(space[0], numbers)
    now = network.slots.gather(space).numpy()
    moved = now != cast(np.asarray(held, np.float64), network.dtype).numpy()
    if space[1]:  # a kernel is written as a whole
        moved = moved.any((1, 2))
    finite = np.isfinite(now) if not space[1] else np.isfinite(now).all((1, 2))
    wild = moved & ~finite
    if wild.any():
        sort = "synapse" if space[0] == "weight" else "neuron"
        warnings.warn(
            f"{np.count_nonzero(wild)} {space[0]} values are not finite (first: {sort} number {numbers[wild][0]}), so "
            "training has diverged; the graph keeps the last finite values of these",
            stacklevel=2,
        )
        moved &= ~wild
    if not moved.any():
        return 0
    author, values = (network if as_owner else None), now[moved].astype(np.float64)
    if space[0] == "weight":
        graph.write_weights(numbers[moved], values, author=author)
    else:
        graph.write_values(space[0], numbers[moved], values, author=author)
    return values.size
