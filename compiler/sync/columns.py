"""Columns of inputs and outputs that moved since a network was compiled, which nobody would notice otherwise."""

import warnings
from typing import Any

from neurograph.errors import listed

from ..snapshot import Snapshot

Columns = dict[tuple[str, str], tuple[int, ...]]


def columns_of(found: Snapshot) -> Columns:
    """The keys of the neurons of each port, in order: ("input" or "output", population) -> keys."""
    keys = found.arrays.keys
    kept = len(found.memory.ports)  # the last ones, whose order nobody sees
    sides = (
        ("input", found.inputs[: len(found.inputs) - kept]),
        ("output", found.outputs[: len(found.outputs) - kept]),
    )
    return {(side, port.population): tuple(keys[port.neurons].tolist()) for side, ports in sides for port in ports}


def warn_of_moved_columns(graph: Any, before: Columns, now: Columns, stacklevel: int) -> None:
    """Warn of each port whose columns are in another order than they were, because neurons were removed and added.

    Parameters
    ----------
    graph
        Its `replacements` say which neuron was put in the place of which.
    before, now
        Columns of the network that was, and of the one that is about to be.
    stacklevel
        Of the caller's caller, as `warnings.warn` counts from here.
    """
    for (side, population), keys in now.items():
        old = before.get((side, population), ())
        if keys == old:
            continue
        known = set(old)
        if _moved(old, [_ancestor(key, known, graph.replacements) for key in keys]):
            warnings.warn(
                f"the columns of {side} population {population!r} are in another order than when it was compiled: "
                f"{listed(graph.names_of(keys), 8)}. networkx's relabelling in place, or removing a neuron and adding "
                "another, puts the new one last; the edit Rename({old: new}), or graph.rename, keeps its place",
                stacklevel=stacklevel,
            )


def _ancestor(key: int, known: set[int], replacements: dict[int, int]) -> int:
    while key not in known and key in replacements:
        key = replacements[key]
    return key


def _moved(before: tuple[int, ...], now: list[int]) -> bool:
    """Whether columns that are still there have changed places, be it that some were lost and others came."""
    place = {key: at for at, key in enumerate(before)}
    found = [place.get(key, -1) for key in now]
    stayed = [at for at in found if at >= 0]
    if stayed != sorted(stayed):
        return True
    exchanged = len(stayed) < min(len(before), len(now))
    return exchanged and any(at != column for column, at in enumerate(found) if at >= 0)
