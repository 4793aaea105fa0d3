"""networkx's Mapping views over an `EdgeTable`: adjacency, one node's row, one edge's attributes."""

from collections.abc import ItemsView, Mapping, MutableMapping, ValuesView
from copy import deepcopy

import numpy as np
from networkx.classes.reportviews import InEdgeDataView, InEdgeView, OutEdgeDataView, OutEdgeView

from neurograph.storage.sparse import SparseNames
from neurograph.storage.table import EdgeTable
from neurograph.storage.values import WEIGHT, Values


class DictView(Mapping):
    """A mapping that does what a dict does: prints, copies, merges and is pickled as one."""

    __slots__ = ()

    def __or__(self, other) -> dict:
        return dict(self) | dict(other) if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other) -> dict:
        return dict(other) | dict(self) if isinstance(other, Mapping) else NotImplemented

    def __reversed__(self):
        return reversed(list(self))

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def copy(self) -> dict:
        return dict(self)

    def __copy__(self) -> dict:
        return dict(self)

    def __deepcopy__(self, memo) -> dict:
        return deepcopy(dict(self), memo)

    def __reduce__(self):
        return dict, (dict(self),)


_WEIGHT_ALONE = (WEIGHT,)
_NEW = object.__new__


class EdgeData(DictView, MutableMapping):
    """The attributes of one edge; survives a reindex because it remembers which edge it is."""

    __slots__ = ("row", "table", "u", "v", "values_")

    def __init__(self, table: EdgeTable, u: int, v: int, row: int, values: Values) -> None:
        self.table, self.u, self.v, self.row, self.values_ = table, u, v, row, values

    @property
    def id(self) -> int:
        """Which edge it is."""
        return self.values_.id[self.row]

    def _now(self) -> Values:
        """Where the attributes are: in the table, or for good in what the edge had when it was removed."""
        table = self.table
        if self.values_ is not table.values:
            row = table.find(self.u, self.v)
            if row >= 0 and table.values.id[row] == self.id:
                self.row, self.values_ = row, table.values
        return self.values_

    def alive(self) -> bool:
        """Whether the edge is still in the graph."""
        return self._now() is self.table.values and bool(self.table._alive[self.row])

    def __getitem__(self, key):
        values = self._now()
        if key == WEIGHT:
            pool = values.pool[self.row]
            if pool:
                found = values.pools[pool - 1].item[values.row[self.row]]
                table = self.table
                if table.holder is not None and values is table.values and table._alive[self.row]:
                    found = table.holder.value(WEIGHT, values.id[self.row], found)
                return found if pool == 1 else _readonly(found)
        else:
            form = values.forms.bundles[values.form[self.row]]
            if key in form:
                return form[key]
        extra = values.extra.get(self.row)
        if extra is None:
            raise KeyError(key)
        return extra[key]

    def __setitem__(self, key, value) -> None:
        """Write one attribute; a finite number over another, of which nobody waits to hear, is stored right here."""
        table, values, row = self.table, self.values_, self.row
        if key == WEIGHT and type(value) is float and values is table.values and values.pool[row] == 1:
            guard = table.guard and table.guard()
            quiet = guard is not None and not (guard.turn or guard.changes.awaited or guard.frozen)
            if quiet and value - value == 0.0 and table._alive[row]:
                values.pools[0].item[values.row[row]] = value
                return
        self._write_or_ask({key: value})

    def __ior__(self, other):
        self.update(other)
        return self

    def update(self, changes=(), /, **more) -> None:
        self._write_or_ask(dict(changes, **more))

    def _write_or_ask(self, changes: dict) -> None:
        guard = self.table.guard and self.table.guard()
        if guard is not None and self.alive():
            guard.update_edge(self, changes)
        else:
            self.write(changes)

    def write(self, changes: Mapping) -> None:
        """Store attributes without asking anybody."""
        values, row, interned = self._now(), self.row, self.table.interned
        for key, value in changes.items():
            if key == WEIGHT and values.set_weight(row, value):
                if row in values.extra:
                    values.extra[row].pop(WEIGHT, None)
            elif key in interned:
                bundle = values.forms.bundles[values.form[row]] | {key: value}
                values.form[row] = values.forms.number(bundle)
            else:
                values.extra.setdefault(row, {})[key] = value

    def __delitem__(self, key) -> None:
        self[key]  # raises the KeyError
        guard = self.table.guard and self.table.guard()
        if guard is not None and self.alive():
            guard.delete_edge_item(self, key)
        else:
            self.erase(key)

    def erase(self, key) -> None:
        """Forget an attribute without asking anybody."""
        values, row = self._now(), self.row
        if key == WEIGHT and values.pool[row]:
            values.pool[row] = 0
        elif key in values.forms.bundles[values.form[row]]:
            bundle = dict(values.forms.bundles[values.form[row]])
            del bundle[key]
            values.form[row] = values.forms.number(bundle)
        else:
            del values.extra[row][key]

    def copy(self) -> dict:
        values, row = self._now(), self.row
        if values.form[row] or row in values.extra:
            return dict(self)
        return {WEIGHT: self[WEIGHT]} if values.pool[row] else {}

    def __iter__(self):
        values = self._now()
        if not values.form[self.row] and self.row not in values.extra:
            return iter(_WEIGHT_ALONE if values.pool[self.row] else ())
        names = [WEIGHT] if values.pool[self.row] else []
        names += values.forms.bundles[values.form[self.row]]
        return iter(names + list(values.extra.get(self.row, ())))

    def __contains__(self, key) -> bool:
        values = self._now()
        if key == WEIGHT and values.pool[self.row]:
            return True
        return key in values.forms.bundles[values.form[self.row]] or key in values.extra.get(self.row, ())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _readonly(kernel):
    """A kernel as an array of its own, as a number is; read-only, since writing into it would change nothing."""
    kernel = kernel.copy()
    kernel.flags.writeable = False
    return kernel


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
