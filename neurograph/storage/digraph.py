"""A networkx DiGraph over an `EdgeTable`: every reading algorithm works on it, every mutator edits the columns."""

from collections.abc import Hashable, Iterable
from copy import deepcopy
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np

from neurograph.errors import MissingError, SynapseError, listed
from neurograph.storage.pools import distinct
from neurograph.storage.table import EdgeTable
from neurograph.storage.views import Adjacency, ArrayInEdgeView, ArrayOutEdgeView, EdgeData, Row


class ArrayDiGraph(nx.DiGraph):
    """A directed graph whose edges are rows of numpy columns.

    It behaves as `networkx.DiGraph` does, with two differences: neighbours come in node order rather than in the order
    their edges were added, and `G[u][v]` makes a new (equal) view at each call, so edge attributes have no identity.

    Parameters
    ----------
    incoming_graph_data
        Anything networkx takes: another graph, an edge list, a dict of dicts.
    attr
        Attributes of the graph.
    """

    adjlist_outer_dict_factory: Any = Adjacency
    adjlist_inner_dict_factory: Any = Row
    edge_attr_dict_factory: Any = EdgeData
    _node: Any
    _graph: Any  # of a view: the graph it shows
    interned: tuple[str, ...] = ()

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        super().__init__()
        self._adopt(EdgeTable(self.interned))
        if incoming_graph_data is not None:
            nx.convert.to_networkx_graph(incoming_graph_data, create_using=self)
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

    def _open(self) -> EdgeTable:
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
        table.kill(np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64))
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

    def _drop_edges(self, rows: np.ndarray) -> None:
        self.table.kill(rows)
        self.table.settle()

    def _add_rows(self, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
        table = self.table
        return table.extend(u, v, weight, table.forms.number(form))

    # ------------------------------------------------------------------------------------- networkx's mutators
    def add_node(self, node_for_adding, **attr) -> None:
        if node_for_adding not in self._node:
            if node_for_adding is None:
                raise ValueError("None cannot be a node")
            self._open()
            self._new_node(node_for_adding, attr)
        elif attr:
            self._set_node(node_for_adding, attr)
        nx._clear_cache(self)

    def add_nodes_from(self, nodes_for_adding, **attr) -> None:
        self._open()
        for node in nodes_for_adding:
            try:
                new, name, data = node not in self._node, node, attr
            except TypeError:
                name, own = node
                new, data = name not in self._node, attr | own
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
        self._open()
        self._drop_nodes([n])
        nx._clear_cache(self)

    def remove_nodes_from(self, nodes) -> None:
        self._open()
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
        index = self._open().index
        u, v = index.get(u_of_edge), index.get(v_of_edge)
        if u is None or v is None:
            self._add_edge_and_ends(u_of_edge, v_of_edge, attr)
        else:
            self._put_edge(u, v, attr)
        nx._clear_cache(self)

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
        self._open()
        for edge in ebunch_to_add:
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
        nx._clear_cache(self)

    def remove_edge(self, u, v) -> None:
        table = self._open()
        i, j = table.index.get(u), table.index.get(v)
        row = -1 if i is None or j is None else table.find(i, j)
        if row < 0:
            raise nx.NetworkXError(f"The edge {u}-{v} not in graph.")
        self._drop_edges(np.array([row]))
        nx._clear_cache(self)

    def remove_edges_from(self, ebunch) -> None:
        table, rows = self._open(), {}
        for edge in ebunch:
            i, j = table.index.get(edge[0]), table.index.get(edge[1])
            row = -1 if i is None or j is None else table.find(i, j)
            if row >= 0:
                rows[row] = None
        if rows:
            self._drop_edges(np.fromiter(rows, np.int64, len(rows)))
        nx._clear_cache(self)

    def clear(self) -> None:
        self.remove_nodes_from(list(self._node))
        self.graph.clear()

    def clear_edges(self) -> None:
        self._drop_edges(self._open().live())
        nx._clear_cache(self)

    # ------------------------------------------------------------------------------------- whole graphs
    def number_of_edges(self, u=None, v=None) -> int:
        if u is None and type(self._adj) is Adjacency:
            return len(self._adj.table)
        return super().number_of_edges(u, v)

    def _has_table(self) -> bool:
        return type(self._adj) is Adjacency and self._adj.out

    def _adopt(self, table: EdgeTable) -> None:
        self._adj, self._pred = Adjacency(table), Adjacency(table, out=False)

    def copy(self, as_view: bool = False):
        """A copy as networkx makes it: attribute dictionaries are new, container values are shared."""
        if not as_view and self._has_table():
            return self._copy_all()
        if not as_view and self._is_plain_subgraph():
            return self._graph._copy_induced([n for n in self._graph._node if n in self._node], self.graph)
        return super().copy(as_view)

    def _is_plain_subgraph(self) -> bool:
        """Whether this is the view that `graph.subgraph(nodes)` returns."""
        return (
            getattr(self, "_EDGE_OK", None) is nx.filters.no_filter
            and type(getattr(self, "_NODE_OK", None)) is nx.filters.show_nodes
            and isinstance(self._graph, ArrayDiGraph)
            and self._graph._has_table()
            and not isinstance(self._adj, Adjacency)
            and self._adj._atlas is self._graph._adj
        )

    def _copy_all(self):
        new = self.__class__()
        new.graph.update(self.graph)
        new._adopt(self.table.copy())
        new._node.update((name, d.copy()) for name, d in self._node.items())
        return new

    def _copy_induced(self, names: list[Hashable], graph_attr: dict):
        new = self._copy_all()
        new.graph.clear()
        new.graph.update(graph_attr)
        keep = set(names)
        ArrayDiGraph._drop_nodes(new, [name for name in new._node if name not in keep])
        return new

    def reverse(self, copy: bool = True):
        """The reverse of the graph: an `ArrayDiGraph` of its own, or a view."""
        if not copy or not self._has_table():
            return super().reverse(copy)
        new = ArrayDiGraph()
        new.graph.update(deepcopy(self.graph))
        table = self.table.copy()
        table.interned, table.extra = frozenset(self.interned), deepcopy(table.extra)
        table.src, table.dst = table.dst, table.src
        table._remap(table.values)
        table.base = 0  # nothing is sorted any more
        table.reindex()
        new._adopt(table)
        new._node.update((name, deepcopy(dict(d))) for name, d in self._node.items())
        return new

    # ------------------------------------------------------------------------------------- whole arrays
    def keys_of(self, names: Iterable[Hashable]) -> np.ndarray:
        """(n,) int64 keys of nodes; raises `MissingError` naming those that are not in the graph."""
        index = self.table.index
        if isinstance(names, np.ndarray) and names.dtype.kind in "iu" and len(names) > len(index):
            keys = _keys_of_numbers(index, names)
            if keys is not None:
                return keys
        if not isinstance(names, Iterable):
            raise MissingError(f"expected a list of nodes, not {names!r}")
        wanted: list = names.tolist() if isinstance(names, np.ndarray) else list(names)
        try:
            return np.fromiter((index[name] for name in wanted), np.int64, len(wanted))
        except (KeyError, TypeError):
            raise MissingError(f"not in the graph: {listed(n for n in wanted if not self.has_node(n))}") from None

    def names_of(self, keys: np.ndarray) -> list[Hashable]:
        """The nodes that have these keys."""
        names = self.table.names
        return [names[key] for key in np.asarray(keys).tolist()]

    def add_edges_from_arrays(self, sources, targets, weight=None, **form) -> np.ndarray:
        """Add new edges sources[k] -> targets[k] between existing nodes; all of them or none.

        Parameters
        ----------
        sources, targets
            Equal-length sequences of nodes.
        weight
            (n,) numbers, (n, height, width) kernels, or None.
        form
            Attributes that all the edges share.

        Returns
        -------
        ids : numpy.ndarray
            (n,) int64 ids of the edges.

        Raises
        ------
        MissingError
            A node that is not in the graph.
        SynapseError
            Edges that are in the graph already or given twice; sequences of unequal length.
        """
        self._open()
        u, v = self.keys_of(sources), self.keys_of(targets)
        if len(u) != len(v):
            raise SynapseError(f"sources and targets differ in length: {len(u)} and {len(v)}")
        try:
            weight = None if weight is None else np.asarray(weight)
        except ValueError as err:
            raise SynapseError(f"weights must be an array: {err}") from None
        if weight is not None and (weight.ndim == 0 or len(weight) != len(u)):
            raise SynapseError(f"weight has shape {weight.shape}, and there are {len(u)} edges")
        return self._add_checked(u, v, weight, form)

    def _add_checked(self, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
        present = self.table.find_many(u, v) >= 0
        if present.any() or not distinct((u << 32) | v):
            self._refuse_duplicates(u, v, present)
        ids = self._add_rows(u, v, weight, form)
        nx._clear_cache(self)
        return ids

    def _refuse_duplicates(self, u: np.ndarray, v: np.ndarray, present: np.ndarray) -> None:
        if present.any():
            pairs, why = np.flatnonzero(present), "are in the graph already (add_edge updates one)"
        else:
            key = (u << 32) | v
            order = np.argsort(key, kind="stable")
            pairs, why = order[1:][key[order][1:] == key[order][:-1]], "are given twice"
        shown = listed(zip(self.names_of(u[pairs[:6]]), self.names_of(v[pairs[:6]]), strict=True))
        more = f" and {len(pairs) - 6} more" if len(pairs) > 6 else ""
        raise SynapseError(f"these edges {why}: {shown}{more}")


def _keys_of_numbers(index: dict, names: np.ndarray) -> np.ndarray | None:
    """Keys of many nodes that are whole numbers, by one pass over the nodes; None where one of them is missing."""
    low, high = int(names.min()), int(names.max())
    if high - low > 8 * len(names):
        return None
    place = np.full(high - low + 1, -1, np.int64)
    for name, key in index.items():
        if type(name) is int and low <= name <= high:
            place[name - low] = key
    keys = place[names - low]
    return keys if keys.min() >= 0 else None
