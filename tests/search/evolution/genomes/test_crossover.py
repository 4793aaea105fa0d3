"""A child has what both parents have from either, and the rest from the fitter; distance is what they do not share."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.errors import OptionError
from search.evolution import Policy, crossover, distance, mutate
from search.evolution.genomes import innovations
from search.evolution.genomes.innovations import INNOVATION, align, mark
from tests.search.evolution.lineages import ancestor, descendant, genomes, structure
from tests.search.evolution.plain_crossover import plain_crossover

SEEDS = st.integers(0, 2**16)


def by_innovation(graph: NeuronGraph) -> tuple[dict, dict]:
    """Neurons and synapses by what they are known by."""
    mark(graph)
    known = {name: data[INNOVATION] for name, data in graph.nodes(data=True)}
    neurons = {known[name]: dict(data) for name, data in graph.nodes(data=True)}
    return neurons, {(known[u], known[v], d.get("delay", 0)): dict(d) for u, v, d in graph.edges(data=True)}


@settings(max_examples=40)
@given(a=genomes(), b=genomes(), seed=SEEDS, tie=st.booleans())
def test_genes_come_from_the_parents(a, b, seed, tie):
    mark(a), mark(b)
    before = structure(a), structure(b)
    child = crossover(a, b, np.random.default_rng(seed), tie=tie)
    assert (structure(a), structure(b)) == before
    again = crossover(a, b, np.random.default_rng(seed), tie=tie)
    assert structure(again) == structure(child)
    assert nx.is_directed_acyclic_graph(child.immediate()) and len(child.journal) == 0
    assert [child.population(p) for p in ("x", "y")] == [a.population(p) for p in ("x", "y")]
    (neurons_a, synapses_a), (neurons_b, synapses_b) = by_innovation(a), by_innovation(b)
    neurons, synapses = by_innovation(child)
    for pair, data in synapses.items():
        assert data in (synapses_a.get(pair), synapses_b.get(pair))
    for one, data in neurons.items():
        for name in ("bias", "activation", "aggregation"):
            assert data.get(name) in [n[one].get(name) for n in (neurons_a, neurons_b) if one in n]
    assert neurons.keys() >= neurons_a.keys() and synapses.keys() >= synapses_a.keys()
    if not tie:
        assert neurons.keys() == neurons_a.keys() and synapses.keys() == synapses_a.keys()


@settings(max_examples=30)
@given(a=genomes(), b=genomes(), seed=SEEDS)
def test_on_a_tie_what_is_left_out_would_close_a_cycle(a, b, seed):
    child = crossover(a, b, np.random.default_rng(seed), tie=True)
    names = {data[INNOVATION]: name for name, data in child.nodes(data=True)}
    _, synapses = by_innovation(child)
    for u, v, _ in by_innovation(b)[1].keys() - synapses.keys():
        assert u in names and v in names, "a neuron of a synapse that could be is missing"
        assert child.has_edge(names[u], names[v]) or nx.has_path(child.immediate(), names[v], names[u])


@settings(max_examples=20)
@given(a=genomes(), b=genomes(), more=st.integers(0, 3))
def test_on_a_tie_limits_hold(a, b, more):
    neurons, synapses = len(a) + more, a.number_of_edges() + more
    child = crossover(a, b, np.random.default_rng(0), tie=True, neurons=neurons, synapses=synapses)
    assert len(a) <= len(child) <= neurons and a.number_of_edges() <= child.number_of_edges() <= synapses


@settings(max_examples=20)
@given(a=genomes(), b=genomes())
def test_the_rate_is_the_share_of_the_other(a, b):
    none, all_ = (crossover(a, b, np.random.default_rng(0), rate=rate) for rate in (0, 1))
    assert by_innovation(none) == by_innovation(a)
    synapses, theirs = by_innovation(all_)[1], by_innovation(b)[1]
    assert all(synapses[pair] == theirs[pair] for pair in synapses.keys() & theirs.keys())


def test_kernels_are_exchanged_whole_where_they_slide_alike():
    def maps(seed: int, padding: int = 0) -> NeuronGraph:
        rng, side = np.random.default_rng(seed), 4 + 2 * padding
        graph = NeuronGraph()
        graph.add_population("image", 1, role="input", shape=(6, 6))
        graph.add_population("maps", 8, shape=(side, side), is_output=True)
        graph.connect("image", "maps", weight=rng.normal(size=(1, 8, 3, 3)), padding=padding)
        return graph

    a, b = maps(0), maps(1)
    child = crossover(a, b, np.random.default_rng(0))
    kernels = [[g[u][v]["weight"] for u, v in child.edges] for g in (child, a, b)]
    origins = [int(np.array_equal(c, kb)) for c, ka, kb in zip(*kernels, strict=True)]
    assert 0 < sum(origins) < 8
    assert all(np.array_equal(c, (ka, kb)[o]) for c, ka, kb, o in zip(*kernels, origins, strict=True))
    padded = crossover(a, maps(1, padding=1), np.random.default_rng(0), rate=1)
    assert all(np.array_equal(padded[u][v]["weight"], a[u][v]["weight"]) for u, v in a.edges)


@settings(max_examples=25)
@given(a=genomes(), b=genomes())
def test_distance_is_symmetric_and_zero_for_equal_genomes(a, b):
    assert distance(a, a.copy()) == 0.0
    assert distance(a, b) == pytest.approx(distance(b, a))
    found = align(a, b)
    same = len(found.neurons) == len(a) == len(b)
    assert (distance(a, b, synapses=0, weights=0) == 0.0) == same


def test_distance_counts_what_only_one_has_and_how_far_weights_are():
    a = ancestor()
    b = a.copy()
    mutate(b, np.random.default_rng(0), Policy(connect=0, split=1, cut=0, remove=0, perturb=0))
    assert distance(a, b, synapses=0, weights=0) == pytest.approx(1 / 6)
    assert distance(a, b, neurons=0, weights=0) == pytest.approx(3 / 5)
    c = a.copy()
    for u, v in c.edges:
        c[u][v]["weight"] += 0.7
    assert distance(a, c, weights=1.0) == pytest.approx(0.7 * 4 / 7)  # four weights and three biases
    c.nodes["h"]["activation"] = "relu"
    assert distance(a, c, weights=1.0) == pytest.approx((0.7 * 4 + 1) / 8)


@pytest.mark.parametrize("rate", [-0.1, 1.1, "half", True])
def test_a_rate_that_is_no_chance(rate):
    with pytest.raises(OptionError, match="rate must be a chance"):
        crossover(ancestor(), ancestor(), np.random.default_rng(0), rate=rate)


def test_genomes_do_not_grow_by_their_past():
    graph = descendant(3, steps=12)
    child = crossover(graph, graph, np.random.default_rng(0))
    assert len(graph.journal) > 10 and len(child.journal) == 0


@settings(max_examples=40)
@given(a=genomes(), b=genomes(), seed=SEEDS, rate=st.sampled_from([0.2, 0.5, 1.0]))
def test_by_columns_it_is_what_it_is_gene_by_gene(a, b, seed, rate):
    mark(a), mark(b)
    child = crossover(a, b, np.random.default_rng(seed), rate=rate)
    plain = plain_crossover(a, b, np.random.default_rng(seed), rate)
    assert structure(child) == structure(plain)


@settings(max_examples=20)
@given(seed=SEEDS, spread=st.sampled_from([1, 1000]))
def test_codes_in_both_are_found_alike_by_table_and_by_sorting(seed, spread):
    rng = np.random.default_rng(seed)
    a, b = (rng.choice(60, rng.integers(0, 40), replace=False) * spread for _ in range(2))
    one, other = innovations._in_both(a, b)
    _, *wanted = np.intersect1d(a, b, assume_unique=True, return_indices=True)
    np.testing.assert_array_equal((one, other), wanted)
