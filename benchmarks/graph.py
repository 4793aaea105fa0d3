"""NeuronGraph against plain networkx, on a 1.86M-synapse MLP and a 1.6M-synapse DAG.

Both hold the same wiring and weights. Each operation is timed on both in turn, a few rounds; the table gives medians
and the median ratio. Bytes are resident memory per edge, each graph built in a process of its own.

    python -m benchmarks.graph [--rounds 5] [--small]
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable

import networkx as nx
import numpy as np

from benchmarks.measure import format_seconds, interleaved, median_ratio, show
from neurograph import NeuronGraph

SPLITS = 1000


def mlp_arrays(small: bool) -> tuple[int, np.ndarray, np.ndarray]:
    """Ends of the edges of a 784-1024-1024-10 MLP."""
    sizes = [49, 64, 64, 10] if small else [784, 1024, 1024, 10]
    start = np.concatenate([[0], np.cumsum(sizes)])
    u = [np.repeat(np.arange(start[i], start[i + 1]), sizes[i + 1]) for i in range(3)]
    v = [np.tile(np.arange(start[i + 1], start[i + 2]), sizes[i]) for i in range(3)]
    return sum(sizes), np.concatenate(u), np.concatenate(v)


def dag_arrays(small: bool) -> tuple[int, np.ndarray, np.ndarray]:
    """Ends of the edges of a random DAG of 100,000 nodes, 16 sources each."""
    nodes, fan_in = (1000 if small else 100_000), 16
    rng = np.random.default_rng(0)
    v = np.repeat(np.arange(fan_in, nodes), fan_in)
    u = (rng.random(len(v)) * v).astype(np.int64)
    key = np.unique(u * nodes + v)
    return nodes, key // nodes, key % nodes


def ours(nodes: int, u: np.ndarray, v: np.ndarray, w: np.ndarray) -> NeuronGraph:
    """The graph by the bulk verbs."""
    graph = NeuronGraph()
    graph.add_population("field", nodes)
    graph.add_edges_from_arrays(u, v, weight=w)
    graph.restart_journal()
    return graph


def plain(nodes: int, u: np.ndarray, v: np.ndarray, w: np.ndarray) -> nx.DiGraph:
    """The graph by networkx's fastest way in."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_weighted_edges_from(zip(u.tolist(), v.tolist(), w.tolist(), strict=True))
    return graph


def filled(graph: nx.DiGraph, edges: list[tuple]) -> nx.DiGraph:
    """A graph of weighted edges, by networkx's own verb."""
    graph.add_weighted_edges_from(edges)
    return graph


def export_plain(graph: nx.DiGraph) -> tuple[np.ndarray, ...]:
    """Ends and weights of all edges as arrays."""
    u, v, w = zip(*graph.edges(data="weight"), strict=True)
    return np.array(u), np.array(v), np.array(w)


def write_plain(graph: nx.DiGraph, w: list[float]) -> None:
    """Put a weight on every edge."""
    at = 0
    for _, row in graph._adj.items():
        for data in row.values():
            data["weight"] = w[at]
            at += 1


def split(graph: nx.DiGraph, pairs: list[tuple[int, int]], name: int) -> None:
    """Split edges by raw networkx calls."""
    for u, v in pairs:
        data = dict(graph[u][v])
        graph.remove_edge(u, v)
        graph.add_node(name)
        graph.add_edge(u, name, **data)
        graph.add_edge(name, v, weight=1.0)
        name += 1


def operations(G: NeuronGraph, H: nx.DiGraph, wiring: tuple) -> dict[str, tuple[Callable, Callable]]:
    """name -> (on networkx, on ours)."""
    arrays, half = G.arrays(), list(range(0, wiring[0], 2))
    w = arrays.weight
    listed = list(H.edges(data="weight"))
    numbers, renamed = {(u, v): x for u, v, x in listed}, {n: f"n{n}" for n in H}
    return {
        "build": (lambda: plain(*wiring), lambda: ours(*wiring)),
        "export source, target, weight": (lambda: export_plain(H), lambda: G.arrays().weight),
        "write all weights back": (lambda: write_plain(H, w.tolist()), lambda: G.write_weights(arrays.ids, w)),
        "copy": (lambda: H.copy(), lambda: G.copy()),
        "iterate edges(data='weight')": (
            lambda: sum(1 for _ in H.edges(data="weight")),
            lambda: sum(1 for _ in G.edges(data="weight")),
        ),
        "add_weighted_edges_from": (lambda: filled(nx.DiGraph(), listed), lambda: filled(NeuronGraph(), listed)),
        "NeuronGraph(DiGraph)": (lambda: nx.DiGraph(H), lambda: NeuronGraph(H)),
        "nx.DiGraph(graph)": (lambda: nx.DiGraph(H), lambda: nx.DiGraph(G)),
        "relabel_nodes": (lambda: nx.relabel_nodes(H, renamed), lambda: nx.relabel_nodes(G, renamed)),
        "dag_longest_path_length": (lambda: nx.dag_longest_path_length(H), lambda: nx.dag_longest_path_length(G)),
        "set_edge_attributes": (
            lambda: nx.set_edge_attributes(H, numbers, "weight"),
            lambda: nx.set_edge_attributes(G, numbers, "weight"),
        ),
        "topological order": (lambda: list(nx.topological_sort(H)), lambda: G.topological_order()),
        "subgraph(half).copy()": (lambda: H.subgraph(half).copy(), lambda: G.subgraph(half).copy()),
        "reverse()": (lambda: H.reverse(), lambda: G.reverse()),
    }


def bench_splits(G: NeuronGraph, H: nx.DiGraph, rounds: int) -> dict[str, list[float]]:
    """Seconds of 1000 splits, each round on other edges."""
    rng, edges = np.random.default_rng(1), list(H.edges)
    picks = iter(
        np.array_split(rng.choice(len(edges), min(SPLITS, len(edges) // (rounds + 1)) * rounds, False), rounds)
    )
    todo: list = []
    name = [10**7]

    def pick() -> None:
        todo[:] = [edges[i] for i in next(picks)]
        name[0] += len(todo)

    turns = {"plain": pick, "ours": lambda: None}
    runs = {"plain": lambda: split(H, todo, name[0]), "ours": lambda: split(G, todo, name[0])}
    return interleaved(runs, rounds, turns)


def resident(kind: str, which: str, small: bool) -> float:
    """Resident bytes per edge of a graph built alone in a fresh process."""
    code = (
        "import gc, resource, numpy as np\n"
        f"from benchmarks import graph as b\n"
        f"n, u, v = b.{which}_arrays({small})\n"
        "w = np.random.default_rng(0).random(len(u))\n"
        "def rss():\n"
        "    gc.collect()\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()\n"
        f"b.{kind}(n, u[:9], v[:9], w[:9])\n"  # what is loaded late
        "before = rss()\n"
        f"graph = b.{kind}(n, u, v, w)\n"
        "print((rss() - before) / len(u))\n"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def report(which: str, rounds: int, small: bool) -> None:
    """Measure one graph and print its table."""
    nodes, u, v = {"mlp": mlp_arrays, "dag": dag_arrays}[which](small)
    w = np.random.default_rng(0).random(len(u))
    G, H = ours(nodes, u, v, w), plain(nodes, u, v, w)
    rows = []
    for name, (a, b) in operations(G, H, (nodes, u, v, w)).items():
        seconds = interleaved({"plain": a, "ours": b}, rounds)
        rows.append((name, seconds))
    rows.append((f"{SPLITS} splits by raw networkx calls", bench_splits(G, H, rounds)))
    table = [
        [
            name,
            *(format_seconds(statistics.median(s[k])) for k in ("plain", "ours")),
            f"{median_ratio(s, 'ours', 'plain'):.2f}",
        ]
        for name, s in rows
    ]
    if os.path.exists("/proc/self/statm"):
        a, b = (resident(kind, which, small) for kind in ("plain", "ours"))
        table.insert(1, ["resident bytes per edge", f"{a:.0f}", f"{b:.0f}", f"{b / a:.2f}"])
    show(f"{which}: {nodes:,} neurons, {len(u):,} synapses", ["", "networkx", "NeuronGraph", "ratio"], table)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="graphs a few hundred times smaller, to try the command")
    options = parser.parse_args()
    for which in ("mlp", "dag"):
        report(which, options.rounds, options.small)


if __name__ == "__main__":
    main()
