"""What is in memory already, of others' making: adjacencies, graphs of networkx and genomes of neat-python."""

from types import SimpleNamespace as Of

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError, NeuroGraphError
from neurograph.files import to_plain
from search import from_neat
from tests.robustness.file_forgers import pick, times
from tests.robustness.state_forger import OTHERS, forged_state
from tests.robustness.tally import repeat

FORMS = (np.asarray, sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.lil_matrix, sparse.dok_array)
TYPES = (float, np.float32, np.float16, np.longdouble, int, np.uint8, bool, complex, object, "U3", "M8[s]")
ENTRIES = (np.nan, np.inf, -0.0, 0.0, 1.0, 1e308, -1e-320)
NAMES = ("", "a", 0, -1, 2**70, 1.5, True, (1, ("x",)), ("a", None), frozenset({1}), b"x", float("nan"), "\ud800")


def check(graph, path):
    """Whether it can be kept; names of numpy's types come back as Python's."""
    graph.arrays()
    try:
        graph.save(path)
    except FileError as error:
        assert "cannot write a" in str(error)
    else:
        assert NeuronGraph.load(path).wiring_digest() == graph.wiring_digest()


@pytest.mark.filterwarnings("ignore")
def test_forged_adjacencies_are_refused_or_networks(tmp_path):
    def trial(_, rng):
        count = int(rng.integers(0, 6))
        matrix = np.triu(np.where(rng.random((count, count)) < 0.6, rng.normal(size=(count, count)), 0.0), 1)
        for _ in times(rng):
            if matrix.size:
                matrix[int(rng.integers(len(matrix))), int(rng.integers(matrix.shape[1]))] = pick(ENTRIES, rng)
            if rng.random() < 0.1:
                matrix = matrix[:, :-1]
        try:
            source = matrix.astype(pick(TYPES, rng) if rng.random() < 0.5 else float)
            source = pick(FORMS, rng)(source if rng.random() < 0.95 else source[None])
        except (ValueError, TypeError, IndexError, OverflowError):
            return "cannot be made"
        if sparse.issparse(source) and source.format in ("csr", "csc", "coo") and source.nnz and rng.random() < 0.3:
            part = pick(source.coords if source.format == "coo" else (source.indices, source.indptr), rng)
            part[int(rng.integers(len(part)))] = pick((-1, 0, 1, 99, 2**31 - 1), rng)
        try:
            graph = NeuronGraph.import_from(source)
        except NeuroGraphError:
            return "refused"
        check(graph, tmp_path / "kept")
        return "used"

    repeat("forged adjacencies in memory", trial, 60, 10_000)


@pytest.mark.filterwarnings("ignore")
def test_forged_graphs_of_networkx_are_refused_or_networks(tmp_path):
    base = mlp([2, 3, 1], seed=0)

    def trial(_, rng):
        plain = to_plain(base)
        for _ in times(rng):
            node, edge, what = pick(list(plain), rng), pick(list(plain.edges), rng), rng.integers(6)
            if what == 0:
                plain.add_node(pick(NAMES, rng)) if rng.random() < 0.5 else plain.remove_node(node)
            elif what == 1:
                plain.add_edge(pick(list(plain), rng), pick(list(plain), rng), weight=pick(OTHERS, rng))
            elif what == 2:
                plain = nx.relabel_nodes(plain, {node: pick(NAMES, rng)})
            elif what == 3:
                plain.graph[pick(["name", "x", 3], rng)] = pick(OTHERS, rng)
            else:
                held = plain.nodes[node] if what == 4 else plain.edges[edge]
                held[pick([*held, "delay", "kernel", "shape", "op", "slope", 3], rng)] = pick(OTHERS, rng)
        try:
            graph = NeuronGraph.import_from(plain)
        except NeuroGraphError:
            return "refused"
        check(graph, tmp_path / "kept")
        return "used"

    repeat("forged graphs of networkx", trial, 60, 10_000)


def genome(state):
    return Of(
        nodes={key: Of(**node) for key, node in state["nodes"].items()},
        connections={key: Of(**link) for key, link in state["connections"].items()},
    ), Of(**state["config"])


def test_forged_genomes_are_refused_or_networks(tmp_path):
    node = {"bias": 0.5, "response": 1.0, "activation": "tanh", "aggregation": "sum"}
    nodes = {0: node, 1: node | {"activation": "cube"}, 2: node | {"aggregation": "median"}, 3: node}
    pairs = [(-1, 0), (-2, 1), (1, 2), (-1, 2), (-2, 2), (2, 3), (2, 0), (0, 3), (3, 0)]
    state = {
        "nodes": nodes, "config": {"input_keys": [-1, -2], "output_keys": [0, 3], "feed_forward": True},
        "connections": {pair: {"key": pair, "weight": 0.5, "enabled": pair != (3, 0)} for pair in pairs},
    }  # fmt: skip
    check(from_neat(*genome(state)), tmp_path / "kept")

    def trial(_, rng):
        try:
            made = genome(forged_state(state, rng))
        except (TypeError, AttributeError, KeyError):
            return "cannot be made"
        try:
            graph = from_neat(*made, recurrent=pick([None, True, False], rng))
        except NeuroGraphError:
            return "refused"
        check(graph, tmp_path / "kept")
        return "used"

    repeat("forged genomes of neat-python", trial, 60, 10_000)
