"""Long evolution leaves few neurons among millions of keys: the gaps cost no memory and change nothing."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import AddNeuron, Proliferate, Prune, RemoveNeurons, SplitEdge
from neurograph.errors import CycleError
from neurograph.files import container
from neurograph.storage import sparse
from tests.neurograph.networks import dump
from tests.robustness.states import check_indices

MOST = 12 * 2**20  # bytes; the keys of the test's graph would take a hundred times as many


def traced(act):
    """What an act returns, and the most memory that it took, in bytes."""
    tracemalloc.start()
    try:
        return act(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def jump(g, path, keys):
    """The graph, saved and loaded as if so many more neurons and synapses had come and gone."""
    g.save(path)
    content = container.read(path)
    text = {name: content.text[name] + keys for name in ("next_key", "next_id")}
    container.write(path, replace(content, text=content.text | text))
    return NeuronGraph.load(path)


def grow(g, seed):
    """Some of everything that changes structure."""
    g.apply(SplitEdge(*next(iter(g.edges)), names=[f"split {seed}"]))
    g.apply(Proliferate("hidden1", 1, seed=seed))
    g.apply(AddNeuron(f"added {seed}", incoming={0: 0.5}, outgoing={g.population("output")[0]: 1.0}))
    g.apply(RemoveNeurons([g.population("hidden1")[0]]))
    g.apply(Prune(share=0.8))
    g.add_node(("raw", seed), note="own")
    g.add_edge(f"added {seed}", ("raw", seed), weight=0.25)


def plain(g):
    """Neurons and synapses with all that they carry, in order."""
    return [(n, dict(data)) for n, data in g.nodes.items()], [(u, v, dict(data)) for u, v, data in g.edges(data=True)]


def grown(path=None):
    """A graph after two rounds of growth; with a path, after 30 million keys more in front of each."""
    g = mlp([4, 6, 3], seed=0)
    for name in range(2):
        if path is not None:
            g = jump(g, path, 30_000_000)
        g.next_name = 1000 * (name + 1)
        grow(g, name)
    return g


def everything(path):
    """A gappy graph after what can be done with one."""
    g = grown(path)
    assert g.table.keys().max() > 60_000_000
    entries = len(g.journal)
    after = plain(g)
    for _ in range(entries):
        g.undo()
    for _ in range(entries):
        g.redo()
    assert plain(g) == after
    copy = g.copy()
    copy.remove_nodes_from(copy.population("input")[:1])
    copy.subgraph(copy.population("hidden1")).copy()
    g.topological_order(), g.arrays(), list(g.edges(data="weight"))
    g.save(path)
    return NeuronGraph.load(path)


def test_a_graph_among_gone_keys_is_as_small_and_as_good_as_one_without(tmp_path):
    g, most = traced(lambda: everything(tmp_path / "net.safetensors"))
    assert most < MOST
    reference = grown()
    reference.arrays()
    assert plain(g) == plain(reference)
    assert g.wiring_digest() == reference.wiring_digest()
    assert g.topological_order() == reference.topological_order()
    check_indices_of_those_there(g)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    net, most = traced(lambda: compiler.compile(g))
    assert most < MOST
    assert torch.equal(net(x), compiler.compile(reference)(x))


def check_indices_of_those_there(g):
    """Neighbours and degrees by either index, against all edges."""
    edges = set(g.edges)
    assert {(u, v) for u in g for v in g.successors(u)} == edges == {(u, v) for v in g for u in g.predecessors(v)}
    assert all(g.in_degree(n) == sum(v == n for _, v in edges) for n in g)


def test_the_dead_of_a_living_graph_cost_its_copies_nothing():
    g = mlp([4, 6, 3], seed=0)
    g.restart_journal()
    g.add_population("passing", 80_000)
    g.remove_neurons(g.population("passing"))
    g.restart_journal()
    g.apply(SplitEdge(0, g.population("hidden1")[0]))
    g.arrays()
    copy, most = traced(g.copy)
    assert most < 2**19  # 80,000 keys alone would take 6 MiB
    assert plain(copy) == plain(g)
    copy.undo()
    g.undo()
    assert plain(copy) == plain(g)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_without_gaps_does_as_arrays_do(seed, monkeypatch, tmp_path):
    def walk():
        g = mlp([4, 6, 3], seed=seed)
        rng, found = np.random.default_rng(seed), []
        for step in range(12):
            before = dump(g)
            grow(g, 10 * seed + step)
            if step % 4 == 1:
                g = g.copy()
            if step % 4 == 3:
                g.save(tmp_path / "net")
                g = NeuronGraph.load(tmp_path / "net")
            if rng.random() < 0.3:
                u, v = f"added {10 * seed + step}", ("raw", 10 * seed + step)
                with pytest.raises(CycleError):
                    g.add_edges_from_arrays([v, u], [u, g.population("output")[1]], [0.1, 0.2])
                entries = len(g.journal)
                g.undo(), g.undo(), g.redo(), g.redo()
                assert len(g.journal) == entries
            check_indices(g)
            assert dump(g) != before
            found.append(dump(g))
        return found

    dense = walk()
    monkeypatch.setattr(sparse, "LEAST", -1)
    monkeypatch.setattr(sparse, "GAPS", 0)
    assert walk() == dense
