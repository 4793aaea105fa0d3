"""networkx's own class tests, run on ArrayDiGraph.

Two excuses, and no test is skipped for them:
- an edge's attributes have no identity: `G[u][v]` makes a new, equal view at each call. networkx asserts the identity
in one
  helper, `graphs_equal`, which is overridden below to ask for equality instead;
- neighbours come in node order, not in the order their edges were added. No test of these suites depends on it.
"""

import networkx as nx
from networkx.classes.tests import test_digraph, test_digraph_historical

from neurograph.storage import ArrayDiGraph


class TestArrayDiGraph(test_digraph.TestDiGraph):
    def setup_method(self):
        self.Graph = ArrayDiGraph
        self.k3edges, self.k3nodes = [(0, 1), (0, 2), (1, 2)], [0, 1, 2]
        self.K3 = ArrayDiGraph()
        self.K3.add_nodes_from(range(3))
        self.K3.add_edges_from([(a, b) for a in range(3) for b in range(3) if a != b])
        self.P3 = ArrayDiGraph()
        self.P3.add_nodes_from(range(3))
        self.P3.add_edges_from([(0, 1), (1, 2)])
        self.k3adj = {0: {1: {}, 2: {}}, 1: {0: {}, 2: {}}, 2: {0: {}, 1: {}}}

    def graphs_equal(self, H, G):
        assert G._adj == H._adj
        assert G._node == H._node
        assert G.graph == H.graph
        assert G.name == H.name
        for X in (G, H):
            if not X.is_directed():
                assert X._adj[1][2] is X._adj[2][1]
                X._pred = X._succ = X._adj
        assert G._pred == H._pred
        assert G._succ == H._succ
        assert H._succ[1][2] == H._pred[2][1]
        assert G._succ[1][2] == G._pred[2][1]


class TestArrayEdgeSubgraph(test_digraph.TestEdgeSubgraph):
    def setup_method(self):
        G = ArrayDiGraph(nx.path_graph(5))
        for i in range(5):
            G.nodes[i]["name"] = f"node{i}"
        G.edges[0, 1]["name"], G.edges[3, 4]["name"], G.graph["name"] = "edge01", "edge34", "graph"
        self.G, self.H = G, G.edge_subgraph([(0, 1), (3, 4)])


class TestArrayHistorical(test_digraph_historical.TestDiGraphHistorical):
    @classmethod
    def setup_class(cls):
        super().setup_class()
        cls.G = ArrayDiGraph
