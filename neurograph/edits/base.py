"""What an edit is: a frozen dataclass with `apply(graph)`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from neurograph.graph import NeuronGraph


def _no_heirs() -> np.ndarray:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True)
class Outcome:
    """What an edit tells the journal beyond the births and deaths that the graph records by itself.

    Parameters
    ----------
    options
        The edit's own fields, as plain values.
    neuron_heirs, synapse_heirs
        (n, 2) int64 pairs (new, old) of keys and ids: whose place in the optimizer a newborn takes.
    details
        What else is worth telling: counts, chosen neurons, how far the function moved.
    """

    options: dict[str, Any] = field(default_factory=dict)
    neuron_heirs: np.ndarray = field(default_factory=_no_heirs)
    synapse_heirs: np.ndarray = field(default_factory=_no_heirs)
    details: dict[str, Any] = field(default_factory=dict)


class Edit(Protocol):
    """Anything `graph.apply` takes."""

    def apply(self, graph: "NeuronGraph") -> Outcome:
        """Change the graph; an exception undoes all of it."""
        ...


def pairs(new: Iterable, old: Iterable) -> np.ndarray:
    """(n, 2) int64 heirs from two sequences of equal length."""
    return np.stack([np.asarray(list(x), np.int64).reshape(-1) for x in (new, old)], axis=1)
