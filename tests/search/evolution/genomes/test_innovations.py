"""What a neuron is known by: siblings agree without a counter, and different neurons never do."""

import numpy as np
from hypothesis import given, settings

from neurograph import NeuronGraph
from neurograph.builders import mlp
from search.evolution import Policy, mutate
from search.evolution.genomes.innovations import INNOVATION, added, align, mark
from tests.search.evolution.lineages import ancestor, genomes

SPLIT = Policy(connect=0, split=1, cut=0, remove=0, perturb=0, activations=("tanh",))


def split_of(graph: NeuronGraph, seed: int) -> tuple[tuple, str]:
    """Split a synapse of a genome that is drawn: which, and what the newborn is known by."""
    before, edges = set(graph), set(graph.edges)
    mutate(graph, np.random.default_rng(seed), SPLIT)
    (new,), (gone,) = set(graph) - before, edges - set(graph.edges)
    return gone, graph.nodes[new][INNOVATION]


def test_siblings_that_split_the_same_synapse_agree_and_others_do_not():
    found = [split_of(ancestor(), seed) for seed in range(40)]
    assert len({edge for edge, _ in found}) == 4
    assert len(set(found)) == 4 == len({innovation for _, innovation in found})


def test_what_is_split_again_is_another_neuron_also_after_other_edits_in_between():
    graph = ancestor()
    (u, v), first = split_of(graph, 3)
    graph.add_edge(u, v, weight=1.0)
    for seed in range(200):
        other = graph.copy()
        edge, second = split_of(other, seed)
        if edge == (u, v):
            assert second != first
            break
    else:
        raise AssertionError("that synapse was never drawn")


@settings(max_examples=25)
@given(graph=genomes())
def test_no_two_neurons_of_a_genome_are_known_by_the_same(graph):
    known = list(mark(graph).values())
    assert len(set(known)) == len(known) and all(len(one) == 32 for one in known)


@settings(max_examples=10)
@given(graph=genomes())
def test_copies_and_files_keep_them(graph, tmp_path_factory):
    mark(graph)
    path = tmp_path_factory.mktemp("genomes") / "genome.safetensors"
    graph.save(path)
    known = [data[INNOVATION] for _, data in graph.nodes(data=True)]
    for other in (graph.copy(), NeuronGraph.load(path)):
        assert [data[INNOVATION] for _, data in other.nodes(data=True)] == known


def test_graphs_of_one_builder_are_known_by_population_and_number():
    a, b = mlp([2, 3, 1], seed=0), mlp([2, 3, 1], seed=1)
    assert list(mark(a).values()) == list(mark(b).values())
    assert mark(a)[3] == added("hidden1", 1)
    found = align(a, b)
    assert len(found.neurons) == 6 and len(found.synapses) == 9


@settings(max_examples=25)
@given(a=genomes(), b=genomes())
def test_an_alignment_pairs_equal_ends_and_forms(a, b):
    found = align(a, b)
    first, second = found.a, found.b
    known = {id(one): sorted(one.places, key=one.places.__getitem__) for one in (first, second)}
    for place, other in found.neurons.tolist():
        assert known[id(first)][place] == known[id(second)][other]
    both = first.places.keys() & second.places.keys()
    assert len(found.neurons) == len(both)

    def ends(one, at):
        u, v = one.source[at], one.target[at]
        delay = one.graph.edges[tuple(one.graph.names_of(one.keys[[u, v]]))].get("delay", 0)
        return known[id(one)][u], known[id(one)][v], delay

    for place, other in found.synapses.tolist():
        assert ends(first, place) == ends(second, other)
    shared = {ends(first, at) for at in range(len(first.rows))} & {ends(second, at) for at in range(len(second.rows))}
    assert len(found.synapses) == len(shared)
