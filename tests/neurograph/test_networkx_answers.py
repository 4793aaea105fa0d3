"""networkx's functions answer on a NeuronGraph what they answer on a plain DiGraph of the same nodes and edges."""

import io
import warnings

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph


def plain(g) -> nx.DiGraph:
    """A DiGraph made attribute by attribute, through none of networkx's conversions."""
    h = nx.DiGraph(**g.graph)
    for name in g:
        h.add_node(name, **dict(g.nodes[name].items()))
    for u, v in g.edges:
        h.add_edge(u, v, **dict(g[u][v].items()))
    return h


def network() -> NeuronGraph:
    rng, g = np.random.default_rng(5), NeuronGraph(name="net", year=2000)
    names = [*g.add_population("in", 3, role="input"), *g.add_population("mid", 6, activation="tanh", bias=0.5)]
    names += g.add_population("out", 2, is_output=True, norm="batch")
    for at, v in enumerate(names):
        for u in names[:at]:
            if at > 2 and rng.random() < 0.6:
                g.add_edge(u, v, weight=float(rng.uniform(0.1, 1.0)))
    g[names[0]][next(g.successors(names[0]))]["note"] = "mine"
    g.nodes[names[1]]["colour"] = "red"
    return g


def text(write):
    """What a function writes to a file."""

    def written(g):
        with io.BytesIO() as file:
            write(g, file)
            return file.getvalue()

    return written


def changed(change):
    """The graph after a change, of a copy."""

    def made(g):
        h = g.copy()
        change(h)
        return h

    return made


def spoken(g: nx.DiGraph) -> nx.DiGraph:
    """A graph whose attributes any file format takes."""
    h = nx.DiGraph()
    h.add_nodes_from((n, {"activation": d["activation"]}) for n, d in g.nodes(data=True))
    h.add_edges_from((u, v, {"weight": d["weight"]}) for u, v, d in g.edges(data=True))
    return h


ANSWERS = {
    # operators
    "compose": lambda g: nx.compose(g, g),
    "compose_all": lambda g: nx.compose_all([g, g]),
    "union": lambda g: nx.union(g, g, rename=("a", "b")),
    "disjoint_union": lambda g: nx.disjoint_union(g, g),
    "disjoint_union_all": lambda g: nx.disjoint_union_all([g, g, g]),
    "intersection": lambda g: nx.intersection(g, g),
    "difference": lambda g: nx.difference(g, nx.create_empty_copy(g)),
    "symmetric_difference": lambda g: nx.symmetric_difference(g, nx.create_empty_copy(g)),
    "reverse": nx.reverse,
    "reverse_view": nx.reverse_view,
    # copies and views
    "create_empty_copy": nx.create_empty_copy,
    "create_empty_copy without data": lambda g: list(nx.create_empty_copy(g, with_data=False)),
    "freeze": lambda g: nx.freeze(g.copy()),
    "subgraph": lambda g: nx.subgraph(g, list(g)[2:8]),
    "subgraph copy": lambda g: g.subgraph(list(g)[2:8]).copy(),
    "subgraph_view": lambda g: nx.subgraph_view(g, filter_edge=lambda u, v: u < v - 1),
    "subgraph_view copy": lambda g: nx.subgraph_view(g, filter_node=lambda n: n != 4).copy(),
    "restricted_view": lambda g: nx.restricted_view(g, [3], list(g.edges)[:2]),
    "edge_subgraph": lambda g: nx.edge_subgraph(g, list(g.edges)[::2]),
    "edge_subgraph copy": lambda g: g.edge_subgraph(list(g.edges)[::2]).copy(),
    "induced_subgraph": lambda g: nx.induced_subgraph(g, [0, 3, 4]),
    "to_undirected": lambda g: plain_edges(g.to_undirected()),
    "to_directed": lambda g: g.to_directed(),
    "ego_graph": lambda g: nx.ego_graph(g, 0),
    # converting
    "to_dict_of_dicts": nx.to_dict_of_dicts,
    "to_dict_of_lists": nx.to_dict_of_lists,
    "to_edgelist": lambda g: [(u, v, dict(d)) for u, v, d in nx.to_edgelist(g)],
    "to_numpy_array": nx.to_numpy_array,
    "to_scipy_sparse_array": lambda g: nx.to_scipy_sparse_array(g).toarray(),
    "adjacency_matrix": lambda g: nx.adjacency_matrix(g).toarray(),
    "incidence_matrix": lambda g: nx.incidence_matrix(g, oriented=True, weight="weight").toarray(),
    "attr_matrix": lambda g: nx.attr_matrix(g, edge_attr="weight")[0],
    "directed_laplacian_matrix": lambda g: nx.directed_laplacian_matrix(g),
    "convert_node_labels_to_integers": lambda g: nx.convert_node_labels_to_integers(g, 5, label_attribute="old"),
    "relabel_nodes": lambda g: nx.relabel_nodes(g, {0: "a", 4: "b"}),
    "relabel_nodes in place": changed(lambda g: nx.relabel_nodes(g, {0: "a", 4: "b"}, copy=False)),
    "DiGraph": nx.DiGraph,
    "MultiDiGraph": lambda g: plain_edges(nx.MultiDiGraph(g)),
    "Graph": lambda g: plain_edges(nx.Graph(g)),
    "from_dict_of_dicts": lambda g: nx.from_dict_of_dicts(nx.to_dict_of_dicts(g), create_using=type(g)).size("weight"),
    # JSON and files
    "node_link_data": lambda g: nx.node_link_data(g, edges="edges"),
    "adjacency_data": nx.adjacency_data,
    "cytoscape_data": nx.cytoscape_data,
    "tree_data": lambda g: nx.tree_data(nx.bfs_tree(g, 0), 0),
    "generate_adjlist": lambda g: list(nx.generate_adjlist(g)),
    "generate_edgelist": lambda g: list(nx.generate_edgelist(g, data=True)),
    "generate_multiline_adjlist": lambda g: list(nx.generate_multiline_adjlist(g)),
    "generate_network_text": lambda g: list(nx.generate_network_text(g)),
    "write_edgelist": text(nx.write_edgelist),
    "write_weighted_edgelist": text(nx.write_weighted_edgelist),
    "generate_gml": lambda g: list(nx.generate_gml(spoken(g))),
    "generate_gml of everything": lambda g: list(nx.generate_gml(g, stringizer=str)),
    "generate_graphml": lambda g: list(nx.generate_graphml(spoken(g))),
    "generate_pajek": lambda g: list(nx.generate_pajek(g)),
    # attributes
    "set_node_attributes": changed(lambda g: nx.set_node_attributes(g, 3, "layer")),
    "set_node_attributes of dicts": changed(lambda g: nx.set_node_attributes(g, {4: {"bias": 2.0, "layer": 1}})),
    "set_edge_attributes": changed(lambda g: nx.set_edge_attributes(g, 0.25, "weight")),
    "set_edge_attributes of dicts": changed(
        lambda g: nx.set_edge_attributes(g, {e: {"note": 1} for e in list(g.edges)})
    ),
    "get_node_attributes": lambda g: nx.get_node_attributes(g, "bias"),
    "get_edge_attributes": lambda g: nx.get_edge_attributes(g, "weight"),
    "get_edge_attributes of one": lambda g: nx.get_edge_attributes(g, "note"),
    "remove_node_attributes": changed(lambda g: nx.remove_node_attributes(g, "colour")),
    "remove_edge_attributes": changed(lambda g: nx.remove_edge_attributes(g, "note", "weight")),
    "nodes.data": lambda g: dict(g.nodes.data("activation", default=0)),
    "edges.data": lambda g: list(g.edges.data("note", default=0)),
    "in_edges.data": lambda g: sorted((u, v, w) for u, v, w in g.in_edges.data("weight")),
    "edges of a bunch": lambda g: [(u, v, dict(d)) for u, v, d in g.edges([0, 4], data=True)],
    "density and info": lambda g: (nx.density(g), g.name, nx.is_weighted(g), nx.is_negatively_weighted(g)),
    "degree_histogram": nx.degree_histogram,
    "size": lambda g: g.size(weight="weight"),
    "degrees": lambda g: [dict(d(weight="weight")) for d in (g.degree, g.in_degree, g.out_degree)],
    "path_weight": lambda g: nx.path_weight(g, nx.dag_longest_path(g), "weight"),
    "selfloops": lambda g: list(nx.selfloop_edges(g)),
    "all_neighbors": lambda g: sorted(nx.all_neighbors(g, 4)),
    "common": lambda g: g.adj == g.succ,
    # dag
    "topological_sort": lambda g: sorted(nx.topological_sort(g)),
    "lexicographical_topological_sort": lambda g: list(nx.lexicographical_topological_sort(g)),
    "transitive_closure": nx.transitive_closure,
    "transitive_closure_dag": nx.transitive_closure_dag,
    "transitive_reduction": nx.transitive_reduction,
    "antichains": lambda g: sum(1 for _ in nx.antichains(g)),
    "dag_longest_path": nx.dag_longest_path,
    "dag_to_branching": lambda g: nx.dag_to_branching(g).number_of_nodes(),
    "immediate_dominators": lambda g: nx.immediate_dominators(g, 0),
    "all_simple_paths": lambda g: sorted(nx.all_simple_paths(g, 0, 10)),
    "colliders": lambda g: sorted(nx.dag.colliders(g)),
    # paths, flow, cuts
    "dijkstra": lambda g: nx.single_source_dijkstra(g, 0),
    "bellman_ford": lambda g: nx.single_source_bellman_ford(g, 0),
    "floyd_warshall": lambda g: {u: dict(d) for u, d in nx.floyd_warshall(g).items()},
    "floyd_warshall_numpy": nx.floyd_warshall_numpy,
    "johnson": lambda g: nx.johnson(g),
    "maximum_flow": lambda g: nx.maximum_flow_value(g, 0, 10, capacity="weight"),
    "minimum_cut": lambda g: nx.minimum_cut_value(g, 0, 10, capacity="weight"),
    "cut_size": lambda g: nx.cut_size(g, [0, 1, 2], [3, 4, 5], weight="weight"),
    "volume": lambda g: nx.volume(g, [0, 1, 2], weight="weight"),
    "conductance": lambda g: nx.conductance(g, [0, 1, 2, 3], weight="weight"),
    "mixing_expansion": lambda g: nx.mixing_expansion(g, [0, 1, 2], [3, 4, 5], weight="weight"),
    "node_connectivity": lambda g: nx.node_connectivity(g, 0, 10),
    # centrality and structure
    "betweenness": lambda g: nx.betweenness_centrality(g, weight="weight"),
    "closeness": lambda g: nx.closeness_centrality(g, distance="weight"),
    "harmonic": lambda g: nx.harmonic_centrality(g, distance="weight"),
    "katz": lambda g: nx.katz_centrality_numpy(g, weight="weight"),
    "pagerank": nx.pagerank,
    "hits": lambda g: nx.hits(g)[0],
    "clustering": lambda g: nx.clustering(g, weight="weight"),
    "triadic_census": nx.triadic_census,
    "weakly_connected": lambda g: sorted(map(sorted, nx.weakly_connected_components(g))),
    "strongly_connected": lambda g: sorted(map(sorted, nx.strongly_connected_components(g))),
    "condensation": lambda g: plain_edges(nx.condensation(g)),
    "reciprocity": nx.reciprocity,
    "attribute mixing": lambda g: nx.attribute_mixing_dict(g, "activation"),
    "assortativity": lambda g: nx.attribute_assortativity_coefficient(g, "population"),
    "is_isomorphic": lambda g: nx.is_isomorphic(g, nx.relabel_nodes(g, {0: "a"})),
    "weisfeiler_lehman": lambda g: nx.weisfeiler_lehman_graph_hash(g, node_attr="activation"),
    "quotient_graph": lambda g: plain_edges(nx.quotient_graph(g, [{0, 1, 2}, set(range(3, 9)), {9, 10}])),
    "contracted_nodes": lambda g: plain_edges(nx.contracted_nodes(g, 1, 2)),
    "contracted_edge": lambda g: plain_edges(nx.contracted_edge(g, (9, 10), self_loops=False)),
    "identified_nodes": lambda g: plain_edges(nx.identified_nodes(g, 9, 10, self_loops=False)),
    "line_graph": lambda g: set(nx.line_graph(g).edges),
    "stochastic_graph": lambda g: nx.stochastic_graph(g),
    "bfs_tree": lambda g: nx.bfs_tree(g, 0),
    "dfs_tree": lambda g: nx.dfs_tree(g, 0),
    "maximum_branching": lambda g: plain_edges(nx.maximum_branching(g)),
    "descendants_at_distance": lambda g: nx.descendants_at_distance(g, 0, 2),
    "moral_graph": lambda g: plain_edges(nx.moral_graph(g)),
    "add_path": changed(lambda g: nx.add_path(g, [0, "x", "y"], weight=1.0)),
    "add_star": changed(lambda g: nx.add_star(g, ["x", 9, 10], weight=1.0)),
    "nodes equal": lambda g: nx.utils.graphs_equal(g, g.copy()),
}


def plain_edges(g) -> tuple:
    return sorted(map(str, g.nodes)), sorted(str((u, v, d.get("weight"))) for u, v, d in g.edges(data=True))


DEFAULTS = dict(NeuronGraph([(0, 1)]).nodes[0])


def comparable(found):
    """An answer as plain values; a graph's neurons without what every neuron has unless it was given another."""
    if isinstance(found, nx.Graph):
        nodes = {n: {k: x for k, x in d.items() if DEFAULTS.get(k, ()) != x} for n, d in found.nodes(data=True)}
        return list(found), nodes, {(u, v): dict(d) for u, v, d in found.edges(data=True)}, dict(found.graph)
    if isinstance(found, np.ndarray):
        return np.round(found, 9).tolist()
    if isinstance(found, dict):
        return {key: round(x, 9) if isinstance(x, float) else x for key, x in found.items()}
    return round(found, 9) if isinstance(found, float) else found


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer_is_that_of_a_plain_digraph(name):
    g = network()
    h, digest = plain(g), g.wiring_digest()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert comparable(ANSWERS[name](g)) == comparable(ANSWERS[name](h))
    assert g.wiring_digest() == digest
