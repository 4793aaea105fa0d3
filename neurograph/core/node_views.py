"""networkx's node mapping over the neuron columns: `graph.nodes[name]` reads and writes them, checked."""

from collections.abc import Hashable, Iterator, MutableMapping
from copy import deepcopy
from math import isnan
from typing import Any

from neurograph.core.columns import NeuronColumns
from neurograph.schema.neuron import KIND_FIELDS, VALUES
from neurograph.storage.edge_data import DictView
from neurograph.storage.table import EdgeTable


class NeuronData(DictView, MutableMapping):
    """The attributes of one neuron: its kind, the values it has, and the user's own.

    Writing one is checked as if the neuron were added with it. `bias=None` means that it has no bias. The view is live:
    it shows what the neuron has today, or, where it was removed, what it had. Stored as an attribute of another neuron
    or synapse, it is copied to a plain dictionary.
    """

    __slots__ = ("_columns", "_key", "_table")

    def __init__(self, table: EdgeTable, columns: NeuronColumns, key: int) -> None:
        self._table, self._columns, self._key = table, columns, key

    def __getitem__(self, name: str) -> Any:
        columns, key = self._columns, self._key
        if name in KIND_FIELDS:
            return getattr(columns.of(key), name)
        if name in columns.value_items:
            value = columns.value_items[name][key]
            if not isnan(value):
                holder = self._table.holder
                return value if holder is None else holder.value(name, key, value)
            if name == "bias":
                return None
            raise KeyError(name)
        return self._own()[name]

    def _own(self) -> dict[str, Any]:
        """The user's own attributes; of a neuron that is gone, those it had."""
        names, key = self._table.names, self._key
        alive = key < len(names) and names[key] is not None
        return (self._columns.extra if alive else self._columns.gone).get(key, {})

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __ior__(self, other):
        self.update(other)
        return self

    def update(self, changes=(), /, **more) -> None:
        self._graph()._neuron_update(self._key, dict(changes, **more))

    def _graph(self) -> Any:
        graph = self._table.guard and self._table.guard()
        names = self._table.names
        if graph is None or self._key >= len(names) or names[self._key] is None:
            raise RuntimeError("the graph that held this neuron is gone, or has removed it")
        return graph

    def __delitem__(self, name: str) -> None:
        if name in self._columns.extra.get(self._key, {}):
            self._graph()._neuron_delete(self._key, name)
        elif name in self:
            raise TypeError(f"{name!r} is part of what a neuron is; set it to another value instead")
        else:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        columns, key = self._columns, self._key
        values = [v for v in VALUES if v == "bias" or not isnan(columns.value_items[v][key])]
        return iter([*KIND_FIELDS, *values, *self._own()])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        if name in KIND_FIELDS or name == "bias":
            return True
        try:
            self[name]  # type: ignore[index]
        except KeyError:
            return False
        return True


class NodeMapping(DictView):
    """{name: NeuronData} in node order."""

    __slots__ = ("_columns", "_table")

    def __init__(self, table: EdgeTable | None = None, columns: NeuronColumns | None = None) -> None:
        self._table = EdgeTable() if table is None else table
        self._columns = NeuronColumns() if columns is None else columns

    def __getitem__(self, name: Hashable) -> NeuronData:
        return NeuronData(self._table, self._columns, self._table.index[name])

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._table.index)

    def __len__(self) -> int:
        return len(self._table.index)

    def __contains__(self, name: object) -> bool:
        return name in self._table.index

    def items(self):
        self._table.bring_up_to_date()
        return super().items()

    def values(self):
        self._table.bring_up_to_date()
        return super().values()

    def update(self, attributes) -> None:
        """Set attributes of many neurons, as algorithms that rebuild a graph do to its node dictionary."""
        graph = self._table.guard and self._table.guard()
        if graph is None:
            raise RuntimeError("the graph that held these neurons is gone")
        graph._set_nodes(dict(attributes))

    def __reduce__(self):
        return NodeMapping, (self._table, self._columns)

    def __deepcopy__(self, memo):
        return NodeMapping(deepcopy(self._table, memo), deepcopy(self._columns, memo))
