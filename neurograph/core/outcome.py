"""What an edit returns: an `Outcome`."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurograph.errors import EditError


def _no_heirs() -> np.ndarray:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True)
class Outcome:
    """What an edit reports to the journal beyond the births and deaths that the graph records by itself.

    Parameters
    ----------
    options
        The edit's own fields, as plain values.
    neuron_heirs, synapse_heirs
        (n, 2) int64 pairs (new, old) of keys and ids: whose place in the optimizer a newborn takes.
    details
        What else is worth recording: counts, chosen neurons, how far the function moved.
    """

    options: dict[str, Any] = field(default_factory=dict)
    neuron_heirs: np.ndarray = field(default_factory=_no_heirs)
    synapse_heirs: np.ndarray = field(default_factory=_no_heirs)
    details: dict[str, Any] = field(default_factory=dict)


def checked_outcome(edit: Any, outcome: Any) -> Outcome:
    """What an edit returned, if it is something that a journal can keep.

    Raises
    ------
    EditError
        Naming the edit and what it returned instead.
    """
    who = type(edit).__name__
    if not isinstance(outcome, Outcome):
        raise EditError(f"{who}.apply(graph) returned {outcome!r}; an edit returns an Outcome")
    for name in ("options", "details"):
        if not isinstance(getattr(outcome, name), dict):
            raise EditError(f"{who}: {name} of its Outcome must be a dictionary, not {getattr(outcome, name)!r}")
    for name in ("neuron_heirs", "synapse_heirs"):
        heirs = getattr(outcome, name)
        if not isinstance(heirs, np.ndarray) or heirs.dtype.kind not in "iu" or heirs.shape[1:] != (2,):
            raise EditError(f"{who}: {name} of its Outcome must be an (n, 2) array of whole numbers, not {heirs!r}")
    return outcome
