"""Columns of the inputs and outputs of individuals that moved since they were compiled last."""

from collections.abc import Sequence
from typing import Any

from ..sync.columns import Columns, warn_of_moved_columns
from .merged import MergedSnapshot
from .ports import Ports


def warn_of_columns(graphs: Sequence[Any], merged: MergedSnapshot) -> None:
    """Warn of individuals whose columns moved since they were compiled, and remember today's."""
    for graph, ins, outs in zip(graphs, *(keys.tolist() for keys in merged.columns), strict=True):
        columns = _columns("input", merged.inputs, ins) | _columns("output", merged.outputs, outs)
        if graph.compiled_columns and graph.compiled_columns != columns:
            warn_of_moved_columns(graph, graph.compiled_columns, columns, stacklevel=4)
        graph.compiled_columns = columns


def _columns(side: str, ports: Ports, keys: list[int]) -> Columns:
    found, start = {}, 0
    for name, count, _ in ports:
        found[side, name] = tuple(keys[start : start + count])
        start += count
    return found
