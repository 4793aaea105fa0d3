"""Reinitialize: all that training moves is drawn anew, the wiring stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.edits.support.beginnings import first_values, first_weights, trained_rows
from neurograph.errors import EditError
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.options import as_plain, one_of, populations_or_all
from neurograph.storage.sets import union

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Reinitialize:
    """Draw the trained weights of a network anew, and set trained biases, norms and slopes back to where they begin.

    What is left is the wiring: training it "from scratch" tells what the wiring is worth without what was learned. A
    neuron's variance is divided by what it really reads, so pruned and irregular wiring begins at the scale of its own
    fan-in, whatever its layer's was. Where a neuron reads kernels of several sizes, all count.

    Parameters
    ----------
    initializer
        A name from `neurograph.initializers`.
    populations
        Those whose neurons begin again, with the weights of what they read; None means all.
    seed
        Of the weights.

    Raises
    ------
    OptionError
        An unknown initializer, or no population.
    MissingError, EditError
        From `apply`: a population that is not there; nothing that is trained.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([4, 3, 2], seed=0)
    >>> before = list(g.edges(data="weight"))
    >>> g.apply(Reinitialize(seed=1)).details
    {'weights': 18, 'neurons': 5}
    >>> any(edge in before for edge in g.edges(data="weight"))
    False
    """

    initializer: str = "he_uniform"
    populations: tuple[str, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("initializer", self.initializer, INITIALIZERS)
        object.__setattr__(self, "populations", populations_or_all("populations", self.populations))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Begin again."""
        keys = self._keys(graph)
        table = graph.table
        rows = table.live()
        rows = trained_rows(graph, rows[np.isin(table.dst[rows], keys)])
        written = np.zeros(0, np.int64)
        for name, (some, values) in first_values(graph, keys).items():
            graph.write_values(name, some, values)
            written = union(written, some)
        if not len(rows) and not len(written):
            raise EditError("nothing here is trained, so nothing can begin again")
        draw = from_name(self.initializer, self.seed)
        for ids, weights in first_weights(graph, rows, draw):
            graph.write_weights(ids, weights)
        return Outcome(as_plain(self), details={"weights": len(rows), "neurons": len(written)})

    def _keys(self, graph: "EditableGraph") -> np.ndarray:
        names: Iterable[str] = graph.populations if self.populations is None else self.populations
        keys = [graph.keys_of(graph.population(name)) for name in names]
        return np.sort(np.concatenate([np.empty(0, np.int64), *keys]))
