"""The cycle that new synapses would close, in words."""

import numpy as np

from neurograph.storage.sparse import by_key
from neurograph.storage.table import EdgeTable


def cycle_in_words(table: EdgeTable, meet: int, back: dict, fore: dict) -> str:
    """The cycle that two searches found: from the new synapse's target through `meet` to its source and back."""
    to_target, x = [], meet
    while x is not None:
        to_target.append(x)
        x = fore[x]
    to_source, x = [], back[meet]
    while x is not None:
        to_source.append(x)
        x = back[x]
    return _cycle_text(table, to_target[::-1] + to_source)


def _cycle_text(table: EdgeTable, path: list[int]) -> str:
    named = [repr(table.names[key]) for key in path]
    shown = named if len(named) < 9 else [*named[:4], "...", *named[-4:]]
    return f"synapse {named[-1]} -> {named[0]} would close a cycle: {' -> '.join([*shown, named[0]])}"


def some_cycle_in_words(table: EdgeTable, u: np.ndarray, v: np.ndarray, stuck: np.ndarray, present: int) -> str:
    """One of the cycles that a batch of new synapses, those after the first `present`, would close."""
    inside = by_key(stuck, True, len(table.names))
    keep = np.flatnonzero(inside[u] & inside[v])
    step = dict(zip(v[keep].tolist(), keep.tolist(), strict=True))  # each stuck node has a stuck source
    seen: dict[int, int] = {}
    x = int(v[keep[0]])
    while x not in seen:
        seen[x] = len(seen)
        x = int(u[step[x]])
    path = list(seen)[seen[x] :][::-1]
    new = next(at for at, key in enumerate(path) if step[key] >= present)  # the new synapse goes last
    return _cycle_text(table, path[new:] + path[:new])
