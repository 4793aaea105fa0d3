"""networkx's mutators over an `EdgeTable`."""

from collections.abc import Hashable
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np

from neurograph.storage.adjacency import Adjacency, Neighbours
from neurograph.storage.edge_data import EdgeData
from neurograph.storage.edge_views import ArrayInEdgeView, ArrayOutEdgeView
from neurograph.storage.incoming import fill
from neurograph.storage.reports import NeighboursView
from neurograph.storage.sets import distinct, each_once
from neurograph.storage.stretches import in_order, plain_columns, stretches, weighted
from neurograph.storage.table import EdgeTable


class MutableColumns(nx.DiGraph):
    """What networkx's mutators do to an `EdgeTable`, and the primitives they come down to."""

    adjlist_outer_dict_factory: Any = Adjacency
    adjlist_inner_dict_factory: Any = Neighbours
    edge_attr_dict_factory: Any = EdgeData
    _node: Any
    _graph: Any  # of a view: the graph it shows
    interned: tuple[str, ...] = ()
    frozen = False  # `networkx.freeze` sets it

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        own = self.__dict__
        own["adjlist_outer_dict_factory"] = own["node_dict_factory"] = dict  # `adopt` takes their place at once
        super().__init__()
        del own["adjlist_outer_dict_factory"], own["node_dict_factory"]
        self.adopt(EdgeTable(self.interned))
        if incoming_graph_data is not None:
            fill(self, incoming_graph_data)
        attr.pop("backend", None)
        self.graph.update(attr)

    @property
    def table(self) -> EdgeTable:
        """The columns. Only the graph itself has them, not its subgraph or reversed views."""
        adjacency = self._adj
        if type(adjacency) is Adjacency and adjacency.out:
            return adjacency.table
        raise nx.NetworkXError("this is a view of another graph; take .copy() first")

    @cached_property
    def adj(self):
        """The neighbours of each node, as `networkx.DiGraph.adj`."""
        return NeighboursView(self._adj)

    @cached_property
    def succ(self):
        """The same as `adj`."""
        return NeighboursView(self._adj)

    @cached_property
    def pred(self):
        """The neighbours of each node by its incoming edges, as `networkx.DiGraph.pred`."""
        return NeighboursView(self._pred)

    @cached_property
    def edges(self):
        """The edges, as `networkx.DiGraph.edges`."""
        return ArrayOutEdgeView(self)

    @cached_property
    def out_edges(self):
        """The same as `edges`."""
        return ArrayOutEdgeView(self)

    @cached_property
    def in_edges(self):
        """The edges by target, as `networkx.DiGraph.in_edges`."""
        return ArrayInEdgeView(self)

    def writable_table(self) -> EdgeTable:
        """The table, ready to be written to: bulk verbs of a frozen graph or a view are refused here."""
        if nx.is_frozen(self):
            raise nx.NetworkXError("Frozen graph can't be modified")
        return self.table

    # ------------------------------------------------------------------------------------- primitives
    # A subclass that wants a say in every mutation overrides these.
    def _new_node(self, name: Hashable, attr: dict) -> None:
        self._node[name] = attr.copy()
        self.table.new_key(name)

    def _set_node(self, name: Hashable, attr: dict) -> None:
        self._node[name].update(attr)

    def _drop_nodes(self, names: list[Hashable]) -> None:
        table = self.table
        keys = [table.index[name] for name in names]
        rows = [table.rows(key, side) for key in keys for side in (table.out, table.inn)]
        table.kill(each_once(np.concatenate(rows)) if rows else np.empty(0, np.int64))
        table.forget_names(keys)
        for name in names:
            del self._node[name]
        table.settle()

    def _new_edge(self, u: int, v: int, attr: dict) -> None:
        table = self.table
        row = table.append(u, v)
        if attr:
            EdgeData(table, u, v, row, table.values).write(attr)
        table.settle()

    def _set_edge(self, row: int, u: int, v: int, attr: dict) -> None:
        EdgeData(self.table, u, v, row, self.table.values).update(attr)

    def drop_rows(self, rows: np.ndarray) -> None:
        """Remove edges by their rows in the table, (n,) distinct and alive."""
        self.table.kill(rows)
        self.table.settle()

    def _add_rows(self, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
        table = self.table
        return table.extend(u, v, weight, table.forms.number(form))

    # ------------------------------------------------------------------------------------- networkx's mutators
    def add_node(self, node_for_adding, **attr) -> None:
        nx._clear_cache(self)
        if node_for_adding not in self._node:
            if node_for_adding is None:
                raise ValueError("None cannot be a node")
            self.writable_table()
            self._new_node(node_for_adding, attr)
        elif attr:
            self._set_node(node_for_adding, attr)

    def add_nodes_from(self, nodes_for_adding, **attr) -> None:
        self.writable_table()
        for node in nodes_for_adding:
            try:
                new, name, data = node not in self._node, node, attr
            except TypeError:
                name, own = node
                new, data = name not in self._node, {**attr, **own}
            if new:
                if name is None:
                    raise ValueError("None cannot be a node")
                self._new_node(name, data)
            elif data:
                self._set_node(name, data)
        nx._clear_cache(self)

    def remove_node(self, n) -> None:
        if n not in self._node:
            raise nx.NetworkXError(f"The node {n} is not in the digraph.")
        self.writable_table()
        self._drop_nodes([n])
        nx._clear_cache(self)

    def remove_nodes_from(self, nodes) -> None:
        self.writable_table()
        present = {}
        for node in nodes:
            try:
                if node in self._node:
                    present[node] = None
            except TypeError:
                continue
        if present:
            self._drop_nodes(list(present))
        nx._clear_cache(self)

    def add_edge(self, u_of_edge, v_of_edge, **attr) -> None:
        nx._clear_cache(self)
        index = self.writable_table().index
        u, v = index.get(u_of_edge), index.get(v_of_edge)
        if u is None or v is None:
            self._add_edge_and_ends(u_of_edge, v_of_edge, attr)
        else:
            self._put_edge(u, v, attr)

    def _add_edge_and_ends(self, u_of_edge, v_of_edge, attr: dict) -> None:
        self.add_node(u_of_edge)
        self.add_node(v_of_edge)
        index = self.table.index
        self._put_edge(index[u_of_edge], index[v_of_edge], attr)

    def _put_edge(self, u: int, v: int, attr: dict) -> None:
        row = self.table.find(u, v)
        if row < 0:
            self._new_edge(u, v, attr)
        elif attr:
            self._set_edge(row, u, v, attr)

    def add_edges_from(self, ebunch_to_add, **attr) -> None:
        self.writable_table()
        for stretch in stretches(ebunch_to_add, self):
            if attr or not self._add_plain(stretch):
                self._add_one_by_one(stretch, attr)
        nx._clear_cache(self)

    def add_weighted_edges_from(self, ebunch_to_add, weight="weight", **attr) -> None:
        self.add_edges_from(weighted(ebunch_to_add, weight), **attr)

    def _add_plain(self, stretch: list) -> bool:
        """Add new edges that carry a number as weight, or nothing; False, and none is added, where they are others."""
        found = plain_columns(stretch)
        if found is None:
            return False
        sources, targets, weight = found
        index, node = self.table.index, self._node
        try:
            new = [name for name in in_order(sources, targets) if name not in node]
        except TypeError:
            return False
        if None in new:
            return False
        for name in new:
            self._new_node(name, {})
        u, v = (np.fromiter(map(index.__getitem__, ends), np.int64, len(ends)) for ends in (sources, targets))
        if (self.table.find_many(u, v) >= 0).any() or not distinct((u << 32) | v):
            return False
        self._add_rows(u, v, weight, {})
        return True

    def _add_one_by_one(self, edges: list, attr: dict) -> None:
        for edge in edges:
            if len(edge) == 3:
                u, v, own = edge
            elif len(edge) == 2:
                (u, v), own = edge, None
            else:
                raise nx.NetworkXError(f"Edge tuple {edge} must be a 2-tuple or 3-tuple.")
            data = attr if own is None else {**attr, **own}
            index = self.table.index
            i, j = index.get(u), index.get(v)
            if i is None or j is None:
                self._add_edge_and_ends(u, v, data)
            else:
                self._put_edge(i, j, data)

    def remove_edge(self, u, v) -> None:
        table = self.writable_table()
        i, j = table.index.get(u), table.index.get(v)
        row = -1 if i is None or j is None else table.find(i, j)
        if row < 0:
            raise nx.NetworkXError(f"The edge {u}-{v} not in graph.")
        self.drop_rows(np.array([row]))
        nx._clear_cache(self)

    def remove_edges_from(self, ebunch) -> None:
        table, rows = self.writable_table(), {}
        for edge in ebunch:
            i, j = table.index.get(edge[0]), table.index.get(edge[1])
            row = -1 if i is None or j is None else table.find(i, j)
            if row >= 0:
                rows[row] = None
        if rows:
            self.drop_rows(np.fromiter(rows, np.int64, len(rows)))
        nx._clear_cache(self)

    def clear(self) -> None:
        self.remove_nodes_from(list(self._node))
        self.graph.clear()

    def clear_edges(self) -> None:
        self.drop_rows(self.writable_table().live())
        nx._clear_cache(self)

    def adopt(self, table: EdgeTable) -> None:
        """Take on a table as the edges and nodes of this graph."""
        self._adj, self._pred = Adjacency(table), Adjacency(table, out=False)
