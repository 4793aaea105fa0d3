"""`graph.adj`, `graph.succ` and `graph.pred`: networkx's read-only views, with a row's edges read all at once."""

from networkx.classes.coreviews import AdjacencyView, AtlasView


class NeighbourView(AtlasView):
    """`graph.adj[name]`."""

    __slots__ = ()

    def items(self):
        return self._atlas.items()

    def values(self):
        return self._atlas.values()


class NeighboursView(AdjacencyView):
    """`graph.adj`."""

    __slots__ = ()

    def __getitem__(self, name):
        return NeighbourView(self._atlas[name])
