"""Random networkx calls on a NeuronGraph and on a plain DiGraph, side by side; undo walks all the way back."""

import copy
import pickle
import random

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.core.journal import from_line, to_line
from neurograph.storage import ArrayDiGraph
from neurograph.storage import table as table_module
from tests.neurograph.networks import check_saved_and_loaded


def same(G: NeuronGraph, H: nx.DiGraph) -> None:
    assert list(G) == list(H)
    assert G.number_of_edges() == H.number_of_edges()
    assert {u: {v: dict(d) for v, d in r.items()} for u, r in G._adj.items()} == H._adj
    assert {u: {v: dict(d) for v, d in r.items()} for u, r in G._pred.items()} == H._pred
    assert all(len(G._adj[u]) == len(H._adj[u]) and len(G._pred[u]) == len(H._pred[u]) for u in H)
    assert set(G.edges(data="weight")) == set(H.edges(data="weight"))
    assert set(G.in_edges(data="weight")) == set(H.in_edges(data="weight"))
    rank = {n: G.ranks.rank[i] for n, i in G.table.index.items()}
    assert all(rank[u] < rank[v] for u, v in H.edges)
    ids = G.table.id[G.table.live()]
    assert (G.table.id[G.table.rows_of(ids)] == ids).all()


def plain(G: NeuronGraph) -> nx.DiGraph:
    H = nx.DiGraph()
    H.add_nodes_from(G)
    H.add_edges_from((u, v, dict(d)) for u, v, d in G.edges(data=True))
    return H


def step(rng: random.Random, G: NeuronGraph, H: nx.DiGraph, fresh: int) -> tuple[nx.DiGraph, int]:
    """One random mutation on both; returns the plain graph, and 1 where the mutation was refused."""
    nodes, op = list(H), rng.random()
    if op < 0.08 or len(nodes) < 5:
        G.add_node(fresh)
        H.add_node(fresh)
    elif op < 0.55:
        u, v = rng.choice(nodes), rng.choice(nodes)
        d = rng.choice([{}, {"weight": rng.random()}, {"c": 1}, {"weight": 2.5, "c": "x"}])
        if u == v or nx.has_path(H, v, u):
            with pytest.raises(nx.NetworkXUnfeasible):
                G.add_edge(u, v, **d)
            return H, 1
        G.add_edge(u, v, **d)
        H.add_edge(u, v, **d)
    elif op < 0.7 and H.size():
        e = rng.choice(list(H.edges))
        G.remove_edge(*e)
        H.remove_edge(*e)
    elif op < 0.74:
        gone = rng.sample(nodes, rng.choice([1, 1, 3]))
        G.remove_nodes_from(gone)
        H.remove_nodes_from(gone)
    elif op < 0.82 and H.size():
        u, v = rng.choice(list(H.edges))
        d = dict(H[u][v])
        for X in (G, H):
            X.remove_edge(u, v)
            X.add_node(fresh)
            X.add_edge(u, fresh, **d)
            X.add_edge(fresh, v, weight=1.0)
    elif op < 0.88 and H.size():
        u, v = rng.choice(list(H.edges))
        x = rng.random()
        G[u][v]["weight"] = x
        H.edges[u, v]["weight"] = x
    else:
        a, b = rng.sample(nodes, 2), rng.sample(nodes, 2)
        edges = [(u, v, rng.random()) for u in a for v in b]
        K = H.copy()
        K.add_weighted_edges_from(edges)
        if any(H.has_edge(u, v) for u, v, _ in edges) or not nx.is_directed_acyclic_graph(K):
            with pytest.raises(nx.NetworkXException):
                G.connect(a, b, np.reshape([w for *_, w in edges], (2, 2)))
            return H, 1
        G.connect(a, b, np.reshape([w for *_, w in edges], (2, 2)))
        return K, 0
    return H, 0


@pytest.mark.parametrize("seed", range(8))
def test_random_mutations_match_networkx(seed, monkeypatch):
    monkeypatch.setattr(table_module, "MIN_TAIL", [0, 5, 60, 10**9][seed % 4])
    rng, G, H, refused = random.Random(seed), NeuronGraph(), nx.DiGraph(), 0
    for k in range(1500):
        H, no = step(rng, G, H, 10_000 + k)
        refused += no
        if rng.random() < 0.02:
            G = rng.choice([G.copy, lambda G=G: pickle.loads(pickle.dumps(G)), lambda G=G: copy.deepcopy(G)])()
        if k % 100 == 0:
            same(G, H)
            check_saved_and_loaded(G)
    same(G, H)
    assert refused > 10
    assert list(H.in_degree) == list(G.in_degree)
    R = G.reverse()
    assert type(R) is ArrayDiGraph
    assert {(u, v): dict(d) for u, v, d in R.edges(data=True)} == {
        (u, v): d for u, v, d in H.reverse().edges(data=True)
    }
    some = list(H)[::2]
    same(G.subgraph(some).copy(), H.subgraph(some).copy())


@pytest.mark.parametrize("seed", range(8))
def test_undo_walks_back_and_redo_forth(seed, monkeypatch):
    monkeypatch.setattr(table_module, "MIN_TAIL", [0, 5, 60, 10**9][seed % 4])
    rng, G, H = random.Random(100 + seed), NeuronGraph(), nx.DiGraph()
    digests, lines = [G.wiring_digest()], []
    for k in range(40):
        for j in range(rng.randrange(1, 12)):
            H, _ = step(rng, G, H, 10_000 + 100 * k + j)
        if len(G.journal) == len(digests):  # reading the journal closes the run
            digests.append(G.wiring_digest())
            lines.append(to_line(G, G.journal[-1]))
    assert len(G.journal) == len(digests) - 1
    ids, keys = np.sort(G.table.id[G.table.live()]), G.table.keys()
    end = plain(G)
    for digest in digests[-2::-1]:
        G.undo()
        assert G.wiring_digest() == digest
        check_saved_and_loaded(G)
    assert not len(G) and not G.number_of_edges()
    for digest in digests[1:]:
        G.redo()
        assert G.wiring_digest() == digest
    same(G, end)
    assert (np.sort(G.table.id[G.table.live()]) == ids).all()
    assert (G.table.keys() == keys).all()

    again = NeuronGraph()
    again.replay([from_line(line) for line in lines])
    assert again.wiring_digest() == digests[-1]
    assert list(again) == list(G)
    assert (np.sort(again.table.id[again.table.live()]) == ids).all()
    again.undo()
    assert again.wiring_digest() == digests[-2]


def test_removed_edge_data_lives_on(monkeypatch):
    monkeypatch.setattr(table_module, "MIN_TAIL", 0)
    G = NeuronGraph([(0, 1, {"weight": 0.5, "c": 1}), (1, 2, {"weight": 0.25}), (1, 3, {})])
    saved, kept = list(G.edges(1, data=True)) + list(G.in_edges(1, data=True)), G[1][2]
    G.remove_edges_from([e[:2] for e in saved])
    G.add_edge(0, 9)
    G.table.reindex()
    assert kept == {"weight": 0.25}
    assert not G.has_edge(1, 2)
    kept["weight"] = 7.0  # nobody's edge any more
    G.add_edges_from([(u, v, dict(d)) for u, v, d in saved])
    assert G[0][1] == {"weight": 0.5, "c": 1}
    assert G[1][2] == {"weight": 7.0}
    assert kept["weight"] == 7.0


def test_a_refused_bulk_call_changes_nothing():
    G = NeuronGraph([(0, 1, {"weight": 1.0}), (1, 2, {"weight": 2.0})])
    before, version, entries = plain(G), G.version, len(G.journal)
    with pytest.raises(nx.NetworkXUnfeasible, match="2 -> 0"):
        G.add_edges_from([(0, 1, {"weight": 5.0, "note": "x"}), (0, 7), (2, 0)])
    same(G, before)
    assert (G.version, len(G.journal)) == (version, entries)
