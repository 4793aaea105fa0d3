"""A networkx DiGraph over an `EdgeTable`: every reading algorithm works on it, every mutator edits the columns."""

from collections.abc import Hashable, Iterable
from copy import deepcopy
from typing import Any

import networkx as nx
import numpy as np

from neurograph.errors import MissingError, SynapseError, listed
from neurograph.storage.adjacency import Adjacency
from neurograph.storage.induced import induced
from neurograph.storage.mutable import MutableColumns
from neurograph.storage.sets import distinct


class ArrayDiGraph(MutableColumns):
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

    def number_of_edges(self, u=None, v=None) -> int:
        if u is None and type(self._adj) is Adjacency:
            return len(self._adj.table)
        return super().number_of_edges(u, v)

    def has_table(self) -> bool:
        """Whether this is a graph of its own, and no view of another."""
        return type(self._adj) is Adjacency and self._adj.out

    def copy(self, as_view: bool = False):
        """A copy as networkx makes it: attribute dictionaries are new, container values are shared."""
        if not as_view and self.has_table():
            return self._copy_all()
        if not as_view and self._is_plain_subgraph():
            view: Any = self
            index, kept = view._graph.table.index, view._NODE_OK.nodes
            keys = np.fromiter((key for name, key in index.items() if name in kept), np.int64)
            return view._graph._copy_induced(keys, self.graph)
        return super().copy(as_view)

    def __copy__(self):
        """For `copy.copy`: a copy, since two graphs cannot share columns; of a view, another view of its graph."""
        if self.has_table():
            return self.copy()
        new = self.__class__.__new__(self.__class__)
        new.__dict__.update(self.__dict__)
        return new

    def _is_plain_subgraph(self) -> bool:
        """Whether this is the view that `graph.subgraph(nodes)` returns."""
        return (
            getattr(self, "_EDGE_OK", None) is nx.filters.no_filter
            and type(getattr(self, "_NODE_OK", None)) is nx.filters.show_nodes
            and isinstance(self._graph, ArrayDiGraph)
            and self._graph.has_table()
            and not isinstance(self._adj, Adjacency)
            and self._adj._atlas is self._graph._adj
        )

    def _copy_all(self):
        new = self.__class__()
        new.graph.update(self.graph)
        new.adopt(self.table.copy())
        new._node.update((name, d.copy()) for name, d in self._node.items())
        return new

    def _copy_induced(self, keys: np.ndarray, graph_attr: dict):
        new = self.__class__()
        new.graph.update(graph_attr)
        new.adopt(induced(self.table, keys))
        new._node.update((name, self._node[name].copy()) for name in new.table.index)
        return new

    def reverse(self, copy: bool = True):
        """The reverse of the graph: an `ArrayDiGraph` of its own, or a view."""
        if not copy or not self.has_table():
            return super().reverse(copy)
        new = ArrayDiGraph()
        new.graph.update(deepcopy(self.graph))
        table = self.table.copy()
        table.interned, table.extra = frozenset(self.interned), deepcopy(table.extra)
        table.src, table.dst = table.dst, table.src
        table.install()
        table.base = 0  # nothing is sorted any more
        table.reindex()
        new.adopt(table)
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
        self.writable_table()
        u, v = self.keys_of(sources), self.keys_of(targets)
        if len(u) != len(v):
            raise SynapseError(f"sources and targets differ in length: {len(u)} and {len(v)}")
        try:
            weight = None if weight is None else np.asarray(weight)
        except ValueError as err:
            raise SynapseError(f"weights must be an array: {err}") from None
        if weight is not None and (weight.ndim == 0 or len(weight) != len(u)):
            raise SynapseError(f"weight has shape {weight.shape}, and there are {len(u)} edges")
        return self.add_checked(u, v, weight, form)

    def add_checked(self, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
        """Add edges between keys u[k] -> v[k]; returns their ids. `SynapseError` for those that are there, or twice."""
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
