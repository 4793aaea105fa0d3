"""networkx's adjacency over an `EdgeTable`: all nodes, and the neighbours of one."""

from collections.abc import ItemsView, ValuesView
from copy import deepcopy

from neurograph.storage.edge_data import DictView, EdgeData
from neurograph.storage.table import EdgeTable

_NEW = object.__new__


class Neighbours(DictView):
    """Neighbours of one node, by node order: {neighbour: EdgeData}."""

    __slots__ = ("key", "out", "table")

    def __init__(self, table: EdgeTable | None = None, key: int = 0, out: bool = True) -> None:
        self.table, self.key, self.out = EdgeTable() if table is None else table, key, out

    @property
    def side(self):
        return self.table.out if self.out else self.table.inn

    def __len__(self) -> int:
        return self.table.degree(self.key, self.side) if self.table.names else 0

    def __iter__(self):
        names = self.table.names
        return iter([names[j] for j in self.table.far(self.key, self.side).tolist()])

    def __contains__(self, name) -> bool:
        far = self.table.index.get(name)
        if far is None:
            return False
        return (self.table.find(self.key, far) if self.out else self.table.find(far, self.key)) >= 0

    def __getitem__(self, name) -> EdgeData:
        table, far = self.table, self.table.index.get(name)
        if far is not None:
            u, v = (self.key, far) if self.out else (far, self.key)
            row = table.find(u, v)
            if row >= 0:
                found = _NEW(EdgeData)  # what its constructor does, without the call: one edge at a time comes this way
                found.table = table
                found.u = u
                found.v = v
                found.row = row
                found.values_ = table.values
                return found
        raise KeyError(name)

    def data(self) -> tuple[list[int], list[EdgeData]]:
        """Keys of the neighbours, and the attributes of the edges to them."""
        table, key = self.table, self.key
        rows, values = table.rows(key, self.side), table.values
        far = getattr(table, self.side.far)[rows].tolist()
        pairs = zip(far, rows.tolist(), strict=True)
        if self.out:
            return far, [EdgeData(table, key, j, row, values) for j, row in pairs]
        return far, [EdgeData(table, j, key, row, values) for j, row in pairs]

    def items(self):
        return NeighbourItems(self)

    def values(self):
        return NeighbourValues(self)


class NeighbourItems(ItemsView):
    """A row's items, all edges read at once."""

    def __iter__(self):
        far, data = self._mapping.data()
        names = self._mapping.table.names
        return zip([names[j] for j in far], data, strict=True)


class NeighbourValues(ValuesView):
    """A row's values, all edges read at once."""

    def __iter__(self):
        return iter(self._mapping.data()[1])


class Adjacency(DictView):
    """{node: Row} in node order."""

    __slots__ = ("last", "out", "table")

    def __init__(self, table: EdgeTable | None = None, out: bool = True) -> None:
        self.table, self.out = EdgeTable() if table is None else table, out
        self.last = Neighbours(self.table, -1, out)  # the row asked for last: walks ask for one many times in turn

    def __getitem__(self, name) -> Neighbours:
        key, row = self.table.index[name], self.last
        if row.key != key:
            self.last = row = Neighbours(self.table, key, self.out)
        return row

    def __contains__(self, name) -> bool:
        return name in self.table.index

    def __iter__(self):
        table = self.table
        if table.holder is not None:
            table.bring_up_to_date()
        return iter(table.index)

    def __len__(self) -> int:
        return len(self.table.index)

    def __reduce__(self):
        return Adjacency, (self.table, self.out)

    def __deepcopy__(self, memo):
        return Adjacency(deepcopy(self.table, memo), self.out)
