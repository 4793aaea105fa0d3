"""networkx's views of all edges, read from the columns of an `EdgeTable` where they hold the answer."""

import numpy as np
from networkx.classes.reportviews import InEdgeDataView, InEdgeView, OutEdgeDataView, OutEdgeView

from neurograph.storage.adjacency import Adjacency
from neurograph.storage.sparse import SparseNames
from neurograph.storage.table import EdgeTable
from neurograph.storage.values import WEIGHT


def _columns(graph, data, out: bool):
    """All edges of a graph as an iterator of tuples, read from the columns; None where only views can tell."""
    adjacency = graph._adj if out else graph._pred
    if type(adjacency) is not Adjacency or adjacency.out is not out or data is True:
        return None
    table = adjacency.table
    if table.holder is not None and data is not False:
        table.bring_up_to_date()
    if data not in (False, WEIGHT) or (data == WEIGHT and table.extra):
        return None
    table.compact()
    rows = slice(table.size) if out else table.inn.perm[: table.size]
    ends = _named(table, table.src[rows]), _named(table, table.dst[rows])
    if data is False:
        return zip(*ends, strict=True)
    if (table.pool[: table.size] != 1).any():
        return None
    return zip(*ends, table.pools[0].data[table.row[rows]].tolist(), strict=True)


def _named(table: EdgeTable, keys: np.ndarray) -> list:
    """The nodes that have these keys."""
    if isinstance(table.names, SparseNames):
        return [table.names[key] for key in keys.tolist()]
    names = np.empty(len(table.names), object)
    names[:] = table.names
    return names[keys].tolist()


class ArrayOutEdgeDataView(OutEdgeDataView):
    """`graph.edges(data=...)`, read from the columns where they hold the answer."""

    __slots__ = ()

    def __iter__(self):
        whole = self._nbunch is None and _columns(self._viewer._graph, self._data, out=True)
        return whole or super().__iter__()


class ArrayOutEdgeView(OutEdgeView):
    """`graph.edges` and `graph.out_edges`."""

    __slots__ = ()
    dataview = ArrayOutEdgeDataView

    def __iter__(self):
        return _columns(self._graph, False, out=True) or super().__iter__()

    def __len__(self) -> int:
        return self._graph.number_of_edges()


class ArrayInEdgeDataView(InEdgeDataView):
    """`graph.in_edges(data=...)`, read from the columns where they hold the answer."""

    __slots__ = ()

    def __iter__(self):
        whole = self._nbunch is None and _columns(self._viewer._graph, self._data, out=False)
        return whole or super().__iter__()


class ArrayInEdgeView(InEdgeView):
    """`graph.in_edges`."""

    __slots__ = ()
    dataview = ArrayInEdgeDataView

    def __iter__(self):
        return _columns(self._graph, False, out=False) or super().__iter__()

    def __len__(self) -> int:
        return self._graph.number_of_edges()
