"""A population compiled from arrays: genomes that are no graphs yet, and may never be."""

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import torch

from neurograph.core.merging import OWN, SHIFT, MergedGraphs
from neurograph.errors import CompileError

from ..build import check_dtype
from ..runtime.assembly import cast
from ..slots import Quantity
from ..sync.traced import Forwards, number
from .build import put_together
from .holding import PopulationHolding
from .merged import snapshot_of
from .network import CompiledPopulation


def compile_arrays(
    merged: MergedGraphs, graphs: Sequence[Any], *, dtype: torch.dtype = torch.float32, cut_off: bool = False
) -> "ArrayPopulation":
    """Turn genomes in arrays into one module, which is what `compile_population` makes of their graphs.

    Parameters
    ----------
    merged
        The genomes.
    graphs
        Their graphs, made where somebody asks for one.
    dtype, cut_off
        As in `compile_population`.

    Raises
    ------
    CompileError
        As `compile_population`.
    """
    check_dtype(dtype)
    members: Any = Members(graphs)
    network = ArrayPopulation(members, True, 256, None, None)
    network.like = torch.empty(0, dtype=dtype)
    network.cut_off = cut_off
    put_together(network, snapshot_of(merged, graphs, True, cut_off, network.options))
    return network


class Members:
    """The genomes of a population, in the place of graphs that change."""

    owner = None

    def __init__(self, graphs: Sequence[Any]) -> None:
        self.graphs = graphs


class ArrayPopulation(CompiledPopulation):
    """A population that no graph belongs to: it follows none, and its numbers are read by `numbers`."""

    def hold(self, unread: tuple[tuple, ...] = ()) -> None:
        holding = PopulationHolding(self)
        self.__dict__.update(holding=holding, _forwards=Forwards(holding), number=number(self), individuals=())

    def enlist(self) -> None:
        """Have no individuals: nobody watches a graph."""

    def catch_up(self, version: int | None = None, writes: int | None = None) -> None:
        """Be fresh: nothing can change behind its back."""
        self.holding.turn(True)

    def let_go(self) -> None:
        """Hold on to nothing."""

    def write_back(self) -> int:
        """Nothing to write: `numbers` are read by whoever made this."""
        return 0

    def refresh(self, *given: Any, **named: Any) -> NoReturn:
        """Refused: there is no graph to follow."""
        raise CompileError("this population was compiled from genomes in arrays, and no graph of theirs can be edited")

    def numbers(self) -> Iterator[tuple[Quantity, np.ndarray, np.ndarray, np.ndarray]]:
        """What it holds now, for each quantity.

        Yields
        ------
        quantity, individual, number, value
            (n,) int64 whose each is and its synapse's or neuron's number there; (n,) what it is now.
        """
        for quantity in self.slots.quantities:
            both = self.slots.numbers(quantity)
            yield quantity, both >> SHIFT, both & OWN, self.slots.gather(quantity).numpy()

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """Numbers as this population would hold them."""
        return cast(values, self.dtype).numpy()
