"""Genomes in arrays are worth graphs: what is bred there is what the verbs over graphs make of the same draws."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import OptionError
from search.evolution import (
    Evolution,
    EvolutionOptions,
    Individual,
    Learning,
    MapElites,
    Policy,
    crossover,
    make_toolbox,
    mutate,
    youngest,
)
from search.evolution.breeding import operators_of
from search.evolution.evaluation import Evaluator
from search.evolution.genomes.arrays import Genomes
from search.evolution.genomes.as_graphs import as_arrays, graph_of
from search.evolution.genomes.changes import Split
from search.evolution.genomes.crossovers import crossed, matched
from search.evolution.genomes.distance import distance
from search.evolution.genomes.distances import Measure
from search.evolution.genomes.drawing import Draws, acyclic_pairs
from search.evolution.genomes.genome import Genome
from search.evolution.genomes.innovations import align, mark
from search.evolution.genomes.mutations import Mutating
from search.evolution.genomes.policy import RATES
from search.evolution.genomes.vocabulary import Vocabulary
from search.evolution.individual import fitness_of
from search.evolution.seats import Seat, gathered
from tests.search.evolution.lineages import RICH, descendant, genomes, structure

EVERY = Policy(
    **dict.fromkeys(RATES, 0.7),
    activations=("tanh", "relu", "prelu"),
    aggregations=("sum", "mean", "max"),
)
NO_BIAS = Policy(**dict.fromkeys(RATES, 0.7), bias=None, population="born", from_outputs=True)
LIMITED = Policy(**dict.fromkeys(RATES, 0.9), neurons=7, synapses=12, of=("hidden",))
SEVERAL = st.lists(genomes(), min_size=1, max_size=4)


def arrays_of(graphs: list, words: Vocabulary | None = None) -> Genomes:
    found = as_arrays(graphs, words or Vocabulary())
    assert found is not None
    return found


def plain(graph: NeuronGraph) -> NeuronGraph:
    """A copy that is numbered afresh, its neurons marked."""
    mark(graph)
    return graph.copy(journal=False)


def same_numbers(a: NeuronGraph, b: NeuronGraph) -> bool:
    """Whether two graphs are equal down to the order in which neurons and synapses were born."""
    ends = [
        [graph.names_of(getattr(graph.table, end)[graph.table.live()]) for end in ("src", "dst")] for graph in (a, b)
    ]
    ids = [np.argsort(np.argsort(graph.table.id[graph.table.live()])).tolist() for graph in (a, b)]
    born = [dict(zip(zip(*two, strict=True), one, strict=True)) for two, one in zip(ends, ids, strict=True)]
    return structure(a) == structure(b) and born[0] == born[1] and a.next_name == b.next_name


@settings(max_examples=15)
@given(graphs=SEVERAL)
def test_graphs_become_arrays_and_arrays_graphs(graphs):
    before = [structure(graph) for graph in graphs]
    found = arrays_of(graphs, Vocabulary())
    assert [structure(graph) for graph in graphs] == before
    for at, graph in enumerate(graphs):
        made, wanted = graph_of(found, at), plain(graph)
        assert same_numbers(made, wanted) and list(made.population_names) == list(wanted.population_names)
        assert made.wiring_digest() == wanted.wiring_digest() and not len(made.journal)
        mutate(made, np.random.default_rng(0), RICH)  # its ranks are those of an acyclic graph
    again = arrays_of([graph_of(found, at) for at in range(len(found))], found.words)
    assert all(
        np.array_equal(getattr(again, c), getattr(found, c)) for c in ("kind", "gene", "source", "form", "weight")
    )


@settings(max_examples=20)
@given(graphs=SEVERAL, seed=st.integers(0, 2**16), policy=st.sampled_from([EVERY, NO_BIAS, LIMITED, RICH]))
def test_what_mutation_does_to_arrays_its_changes_do_to_graphs(graphs, seed, policy):
    before = arrays_of(graphs, Vocabulary())
    mutating = Mutating(before, np.random.default_rng(seed))
    mutating.by([policy, EVERY], np.arange(len(graphs)))
    for at in range(len(graphs)):
        seat = Seat(mutating.genomes, at, Seat(before, at), tuple(mutating.changes[at]))
        by_edits, by_arrays = seat.graph(), seat.plain_graph()
        assert same_numbers(plain(by_edits), by_arrays)
        assert seat.edits() == [str(entry) for entry in by_edits.journal]
        assert list(by_arrays.population_names) == list(by_edits.population_names)
        by_edits.undo() if len(by_edits.journal) else None
        compiler.compile_population([by_arrays], cut_off=True)  # which takes nothing that has a cycle


@settings(max_examples=20)
@given(graphs=SEVERAL, seed=st.integers(0, 2**16), joined=st.booleans(), acyclic=st.booleans())
def test_pairs_that_are_drawn_are_those_that_are_possible(graphs, seed, joined, acyclic):
    found = arrays_of(graphs, Vocabulary())
    kinds = found.words.kinds
    inputs = np.array([kind.role == "input" for kind in kinds])[found.kind]
    outputs = np.array([kind.is_output for kind in kinds])[found.kind]
    draws = Draws(found, np.arange(len(graphs)), np.random.default_rng(seed))
    of, source, target = acyclic_pairs(draws, ~outputs, ~inputs, joined, acyclic)
    pairs = dict(zip(of.tolist(), zip(source.tolist(), target.tolist(), strict=True), strict=True))
    for at, graph in enumerate(graphs):
        genome = Genome(graph, Policy())
        possible = set()
        for u in np.flatnonzero(~genome.outputs).tolist():
            readers = ~genome.inputs.copy()
            if acyclic:
                readers &= ~genome._before(u)
            if not joined:
                readers[genome.target[genome.source == u]] = False
            possible |= {(u, v) for v in np.flatnonzero(readers).tolist()}
        start = found.first[0][at]
        assert (at in pairs) == bool(possible)
        if possible:
            assert (pairs[at][0] - start, pairs[at][1] - start) in possible


class Replayed:
    """A generator that gives what was drawn elsewhere."""

    def __init__(self, *draws):
        self.draws = list(draws)

    def random(self, size):
        found = self.draws.pop(0)
        assert len(found) == size
        return found

    def permutation(self, values):
        found = self.draws.pop(0)
        assert sorted(found.tolist()) == values.tolist()
        return found


@settings(max_examples=20)
@given(
    pairs=st.lists(st.tuples(genomes(), genomes(), st.booleans()), min_size=1, max_size=3),
    seed=st.integers(0, 2**16),
    limits=st.sampled_from([{}, {"neurons": 6}, {"synapses": 9}]),
)
def test_crossover_of_arrays_is_that_of_graphs_under_the_same_draws(pairs, seed, limits):
    words, (firsts, others, tie) = Vocabulary(), zip(*pairs, strict=True)
    firsts, others = [plain(graph) for graph in firsts], [plain(graph) for graph in others]
    a, b = arrays_of(firsts, words), arrays_of(others, words)
    found = matched(a, b)
    rng = np.random.default_rng(seed)
    draws = rng.random(len(found.synapses)), rng.random(len(found.neurons))
    only = np.ones(len(b.reader), bool)
    only[found.synapses[:, 1]] = False
    rest = np.flatnonzero(only & np.array(tie)[b.reader])
    order = rng.random(len(rest))
    made = crossed(a, b, Replayed(*draws, order), np.array(tie), **limits)
    for at, (one, other) in enumerate(zip(firsts, others, strict=True)):
        aligned, first = align(one, other), [np.array(side.first)[:, at] for side in (a, b)]
        theirs = []
        for kind, pair, drawn in ((1, aligned.synapses, draws[0]), (0, aligned.neurons, draws[1])):
            mine = found.synapses if kind else found.neurons
            place = {tuple(two): at for at, two in enumerate(mine.tolist())}
            theirs.append(drawn[[place[i + first[0][kind], j + first[1][kind]] for i, j in pair.tolist()]])
        mine = b.reader[rest] == at
        in_turn = rest[mine][np.argsort(order[mine], kind="stable")] - first[1][1]
        child = crossover(one, other, Replayed(*theirs, in_turn), tie=tie[at], **limits)
        assert same_numbers(child, graph_of(made, at))
        assert list(child.population_names) == list(made.populations[at])


@settings(max_examples=20)
@given(graphs=SEVERAL, other=genomes(), own=st.tuples(*[st.sampled_from([0.0, 0.5, 2.0])] * 3))
def test_distances_of_arrays_are_those_of_graphs(graphs, other, own):
    words, (neurons, synapses, weights) = Vocabulary(), own
    found, one = arrays_of([*graphs, other], words), arrays_of([other], words)
    measure = Measure(found, neurons, synapses, weights)
    wanted = [distance(g, other, neurons=neurons, synapses=synapses, weights=weights) for g in (*graphs, other)]
    assert np.allclose(measure.to(one, 0, np.arange(len(found))), wanted, rtol=1e-12, atol=1e-12)
    assert np.allclose(measure.to(found, len(graphs), np.array([0])), wanted[:1], rtol=1e-12, atol=1e-12)


def test_siblings_that_split_the_same_synapse_agree_and_others_never_do():
    graphs = [mlp([2, 1], seed=seed) for seed in range(40)]
    mutating = Mutating(arrays_of(graphs, Vocabulary()), np.random.default_rng(0))
    split = Policy(**dict.fromkeys(RATES, 0.0) | {"split": 1.0})
    mutating.by([split, split], np.arange(40))
    found: dict[str, set] = {}
    for first, *_ in mutating.changes:
        assert isinstance(first, Split)
        found.setdefault(first.innovation, set()).add((first.source, first.target))
    assert len(found) == 2 and {len(ends) for ends in found.values()} == {1}
    one = mlp([2, 1], seed=0)
    mutate(one, np.random.default_rng(1), split)
    assert one.nodes[3]["innovation"] in found


def test_what_arrays_cannot_say_is_bred_as_graphs():
    odd = [with_own(), with_product(), with_identity(), with_synapse_attribute()]
    assert all(as_arrays([graph], Vocabulary()) is None for graph in odd)
    for graph in odd:
        search = Evolution(graph, EvolutionOptions(6, objectives={"size": 1.0}, seed=1))
        for _ in range(2):
            for one in search.ask():
                one.score((one.synapses,))
            search.tell()
        assert all(one.seat is None for one in search.population)


def with_own() -> NeuronGraph:
    graph = mlp([2, 1], seed=0)
    graph.nodes[0]["mine"] = 1
    return graph


def with_product() -> NeuronGraph:
    graph = mlp([2, 2, 1], seed=0)
    graph.nodes[2]["aggregation"] = "product"
    return graph


def with_identity() -> NeuronGraph:
    graph = mlp([2, 1], seed=0)
    graph.add_edge(0, graph.add_neuron(), op="identity")
    return graph


def with_synapse_attribute() -> NeuronGraph:
    graph = mlp([2, 1], seed=0)
    graph[0][2]["mine"] = 1
    return graph


def test_operators_of_the_users_own_are_asked():
    assert operators_of(make_toolbox()) is not None
    mine = make_toolbox()
    mine.decorate("mutate", lambda function: lambda *args, **named: function(*args, **named))
    assert operators_of(mine) is None
    mine = make_toolbox()
    mine.register("mate", lambda a, b, rng, tie: a.copy(journal=False))
    assert operators_of(mine) is None
    assert operators_of(make_toolbox(Policy(aggregation=0.5, aggregations=("sum", "product")))) is None


def test_to_look_at_a_graph_changes_nothing_and_to_edit_it_does():
    def after(generations: int, look) -> list:
        search = Evolution(mlp([2, 2, 1], seed=0), EvolutionOptions(12, objectives={"size": 1.0}, seed=3))
        for _ in range(generations):
            for one in search.ask():
                look(one)
                one.score((one.synapses + one.number % 3,))
            search.tell()
        return [structure(copy.deepcopy(one).graph) for one in search.population]

    assert after(4, lambda one: None) == after(4, lambda one: one.graph.number_of_nodes())


def test_an_edit_in_a_fitness_function_is_inherited():
    search = Evolution(mlp([2, 2, 1], seed=0), EvolutionOptions(8, crossover=0.0, objectives={"size": 1.0}, seed=3))
    for generation in range(3):
        for one in search.ask():
            if generation == 1 and not any("mine" in other.graph for other in search.population):
                one.graph.add_neuron("mine")
            one.score(("mine" in one.graph,))
        search.tell()
    assert sum("mine" in one.graph for one in search.population) > 1


def test_seats_of_several_blocks_and_vocabularies_are_gathered():
    graphs = [mlp([2, 3, 1], seed=seed) for seed in range(4)]
    one, other = arrays_of(graphs[:2], Vocabulary()), arrays_of(graphs[2:], Vocabulary())
    seats = [Seat(other, 1), graphs[0], Seat(one, 1), Seat(one, 0)]
    found = gathered(seats, Vocabulary())
    wanted = [graphs[3], graphs[0], graphs[1], graphs[0]]
    assert isinstance(found, Genomes)
    assert all(same_numbers(graph_of(found, at), plain(graph)) for at, graph in enumerate(wanted))


@pytest.mark.parametrize("rate", [-0.1, 1.5, True, "0.5"])
def test_a_rate_that_is_no_chance_is_refused_in_arrays_too(rate):
    found = arrays_of([mlp([2, 1])], Vocabulary())
    with pytest.raises(OptionError, match="rate must be a chance"):
        crossed(found, found, np.random.default_rng(0), np.array([False]), rate=rate)


@pytest.mark.parametrize("inheritance", ["lamarckian", "baldwinian"])
@pytest.mark.parametrize("time", [False, True])
def test_a_generation_in_arrays_is_trained_and_scored_as_one_of_graphs(inheritance, time):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(3, 4, 2, generator=generator), torch.rand(3, 4, 2, generator=generator)
    data = (x, y) if time else (x[0], y[0])
    learning = Learning(data, torch.nn.functional.mse_loss, steps=3, batch=2, time=time, inheritance=inheritance)

    def fitness(one, net):
        acted = net.act(np.ones(2))
        return float(net(x[0]).sum()) + float(np.sum(acted[0] if net.memory else acted))

    search = Evolution(
        [descendant(seed) for seed in range(6)], EvolutionOptions(14, elite=0, seed=2), make_toolbox(RICH)
    )
    for one in search.ask():
        one.score((one.number,))
    search.tell()
    graphs = [copy.deepcopy(one) for one in search.population]
    assert all(one.seat is not None for one in search.population) and all(one.graph is not None for one in graphs)
    before = [structure(one.graph) for one in graphs]
    for individuals in (search.population, graphs):
        Evaluator(fitness, learning)(individuals, np.random.default_rng(5))
    assert [one.failure for one in search.population] == [None] * 14
    assert [one.fitness.values for one in search.population] == [one.fitness.values for one in graphs]
    learned = [structure(one.graph) for one in graphs]
    assert [structure(one.graph) for one in search.population] == learned
    assert (learned == before) == (inheritance == "baldwinian")


def test_weights_that_diverge_stay_as_they_were_with_a_warning():
    one = Individual(Seat(arrays_of([mlp([2, 1], seed=0)]), 0), fitness_of({"error": -1.0})(), 0)
    before = structure(copy.deepcopy(one).graph)
    learning = Learning(torch.ones(1, 2), lambda found: found.sum() * torch.inf, steps=1, rate=1.0)
    with pytest.warns(UserWarning, match="not finite .*of individual 0.*diverged"):
        Evaluator(lambda one, net: 0.0, learning)([one], np.random.default_rng(0))
    assert structure(one.graph) == before


@pytest.mark.parametrize("how", ["elite", "survive", "archive"])
def test_who_lives_long_holds_no_other_genomes(how):
    toolbox = make_toolbox(Policy(connect=0.5, split=0.5))
    archive = MapElites(lambda one: [one.synapses], [0], [20], [20])
    if how == "survive":
        toolbox.register("survive", youngest)
    if how == "archive":
        toolbox.register("select", archive)
    search = Evolution(mlp([2, 1], seed=0), EvolutionOptions(12, elite=3, objectives={"size": 1.0}, seed=2), toolbox)
    for _ in range(5):
        for one in search.ask():
            one.score((one.synapses,))
        search.tell()
    living = {"elite": search.population[:3], "survive": search.elders, "archive": list(archive.archive.values())}
    sizes = [len(one.seat.genomes) for one in living[how] if one.seat is not None]
    assert sizes and set(sizes) == {1}
