"""Which graph a copy was made from: the numbers that both have had since then are the same neurons' and synapses'."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import ref


@dataclass(frozen=True)
class Copied:
    """The origin of a copy.

    Parameters
    ----------
    graph
        Weakly, what it was made from.
    renewals
        How often others had taken the places of neurons there.
    keys, ids
        The next key and the next id at that moment: what is born later, in either graph, is its own.
    older
        Where that was made from.
    """

    graph: "ref[Any]"
    renewals: int
    keys: int
    ids: int
    older: "Copied | None"

    @classmethod
    def of(cls, graph: Any) -> "Copied":
        """The origin of a copy that is made now."""
        renewals, table = graph.changes.renewals, graph.table
        return cls(ref(graph), renewals, len(table.names), table.next_id, None if renewals else graph.copied_from)


def origins(copy: Any) -> Iterator[tuple[Any, int, int]]:
    """The graphs that a copy goes back to, the nearest first, and the key and the id below which numbers are shared."""
    keys, ids = len(copy.table.names), copy.table.next_id
    found = None if copy.changes.renewals else copy.copied_from
    while found is not None:
        graph, keys, ids = found.graph(), min(keys, found.keys), min(ids, found.ids)
        if graph is not None and graph.changes.renewals == found.renewals:
            yield graph, keys, ids
        found = found.older
