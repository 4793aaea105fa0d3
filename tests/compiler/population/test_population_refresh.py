"""A population follows its graphs: edits, individuals that come and go, and the optimizer's state of everybody."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph.edits import AddNeuron
from neurograph.errors import CompileError, StaleError
from tests.compiler.population.genomes import (
    advance,
    assert_same_numbers,
    data,
    genome,
    numbers,
    populations,
    regular,
    split,
    train,
)


def compiled(graphs, **options) -> compiler.CompiledPopulation:
    return compiler.compile_population(graphs, dtype=torch.float64, cut_off=True, **options)


class Alone:
    """One graph in a network of its own, with an optimizer of its own; graphs with nothing to train have none."""

    def __init__(self, graph, optimizer) -> None:
        self.graph = graph
        self.net = compiler.compile(graph, dtype=torch.float64, cut_off=True)
        parameters = list(self.net.parameters())
        self.optimizer = optimizer(parameters, lr=0.05) if parameters else None

    def advance(self, step: int) -> None:
        if self.optimizer is not None:
            advance(self.net, self.optimizer, step)

    def refresh(self) -> None:
        self.net.refresh(self.optimizer)
        if self.optimizer is None and list(self.net.parameters()):
            self.optimizer = torch.optim.Adam(self.net.parameters(), lr=0.05)


def edited(graph, what: int) -> None:
    """One of several edits, the same wherever the graph is the same."""
    if what == 0:
        split(graph)
    elif what == 1:
        incoming, outgoing = dict.fromkeys(graph.population("x"), 0.5), dict.fromkeys(graph.population("y"), -0.2)
        graph.apply(AddNeuron(population="h", activation="tanh", bias=0.1, incoming=incoming, outgoing=outgoing))
    elif what == 2 and len(graph.edges):
        graph.remove_edge(*next(iter(graph.edges)))
    elif what == 3:
        graph.nodes[graph.population("y")[0]]["bias"] = 0.25
    elif what == 4 and len(graph.population_keys("h")):
        graph.remove_node(graph.population("h")[0])


@st.composite
def histories(draw):
    """Graphs, and per round which of them are edited how, and who is there afterwards, newcomers as negative seeds."""
    graphs = [genome(0), *draw(populations())]
    rounds = []
    for _ in range(draw(st.integers(1, 3))):
        edits = draw(st.dictionaries(st.integers(0, 6), st.integers(0, 4), max_size=3))
        members = draw(st.none() | st.permutations(range(7)).map(lambda order: order[: 1 + len(order) // 2]))
        rounds.append((edits, members, draw(st.integers(0, 2))))
    return graphs, rounds


@settings(max_examples=15)
@given(history=histories(), optimizer=st.sampled_from([torch.optim.Adam, torch.optim.SGD, torch.optim.NAdam]))
def test_edits_and_changes_of_members_train_everyone_as_alone(history, optimizer):
    graphs, rounds = history
    alone = [Alone(graph.copy(), optimizer) for graph in graphs]
    population = compiled(graphs)
    made, step, left = optimizer(population.parameters(), lr=0.05), 0, []
    for edits, members, newcomers in rounds:
        for _ in range(2):
            advance(population, made, step)
            for one in alone:
                one.advance(step)
            step += 1
        for at, what in edits.items():
            edited(population.graphs[at % len(alone)], what)
            edited(alone[at % len(alone)].graph, what)
        now, others = list(population.graphs), list(alone)
        if members is not None:
            chosen = [at for at in members if at < len(now)] or [0]
            left += [(now[at], alone[at].graph) for at in range(len(now)) if at not in chosen]
            now, others = [now[at] for at in chosen], [alone[at] for at in chosen]
        fresh = [genome(1000 + step + seed) for seed in range(newcomers)]
        for one in others:
            one.refresh()
        now, others = fresh + now, [Alone(graph.copy(), optimizer) for graph in fresh] + others
        population.refresh(made, graphs=None if members is None and not fresh else now)
        alone = others
        x, _ = data(seed=step)
        for at, one in enumerate(alone):
            torch.testing.assert_close(population(x)[at], one.net(x), rtol=1e-12, atol=1e-12)
    advance(population, made, step)
    for one in alone:
        one.advance(step)
    assert_same_numbers(population.graphs, [one.graph for one in alone], 1e-10)
    assert_same_numbers([a for a, _ in left], [b for _, b in left], 1e-10)
    assert all(graph.owner is None for graph, _ in left if not any(graph is one for one in population.graphs))


def test_a_refresh_yields_what_a_fresh_compile_yields():
    graphs = [genome(seed) for seed in range(4)] + [regular(seed) for seed in range(2)]
    population = compiled(graphs)
    train(population, population.parameters(), 2)
    split(graphs[2])
    population.refresh(graphs=graphs[::-1])
    fresh = compiled([graph.copy() for graph in graphs[::-1]])
    assert fresh.program == population.program
    assert fresh.report() == population.report()


def test_values_are_loaded_in_place():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    parameters, x = list(population.parameters()), data()[0]
    before = population(x).detach()
    name = graphs[1].population("y")[0]
    graphs[1].nodes[name]["bias"] = 5.0
    assert population.stale_by == "values"
    with pytest.raises(StaleError, match="values of some of the graphs"):
        population(x)
    population.refresh()
    assert all(new is old for new, old in zip(population.parameters(), parameters, strict=True))
    after = population(x)
    assert torch.equal(after[0], before[0]) and not torch.equal(after[1], before[1])
    assert graphs[1].nodes[name]["bias"] == 5.0


def test_who_was_edited_is_named_and_an_edit_taken_back_makes_fresh_again():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    x = data()[0]
    split(graphs[1])
    assert population.stale_by == "structure"
    with pytest.raises(StaleError, match="individual 1 has been edited"):
        population(x)
    population.refresh()
    with pytest.raises(RuntimeError, match="on purpose"), graphs[2].atomic():
        graphs[2].remove_edge(*next(iter(graphs[2].edges)))
        raise RuntimeError("on purpose")
    assert not population.stale
    population(x)


def test_what_is_refused_changes_nothing():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    optimizer = train(population, population.parameters(), 2)
    assert optimizer is not None
    x, before = data()[0], [numbers(graph) for graph in graphs]
    y, state = population(x), copy.deepcopy(optimizer.state_dict())
    foreign = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
    for wrong, how in (
        ((optimizer, [*graphs, regular(0).copy(), graphs[0]]), "individuals 0 and 4 are the same graph"),
        ((foreign, [graphs[2], graphs[0], genome(9)]), "holds no Parameter of this network"),
        ((optimizer, []), "the list is empty"),
    ):
        with pytest.raises(CompileError, match=how):
            population.refresh(wrong[0], graphs=wrong[1])
        assert torch.equal(population(x), y) and population.graphs == tuple(graphs) and population.owns
        assert str(optimizer.state_dict()) == str(state)
    for graph, held in zip(graphs, before, strict=True):
        np.testing.assert_array_equal(numbers(graph), held)
    advance(population, optimizer)


def test_who_leaves_is_free_and_may_come_back():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    train(population, population.parameters(), 2)
    x = data()[0]
    y = population(x).detach()
    population.refresh(graphs=graphs[1:])
    assert graphs[0].owner is None
    alone = compiler.compile(graphs[0], dtype=torch.float64, cut_off=True)
    torch.testing.assert_close(alone(x), y[0], rtol=1e-12, atol=1e-12)
    with pytest.raises(CompileError, match="individual 2.*belong to a CompiledNetwork"):
        population.refresh(graphs=[*graphs[1:], graphs[0]])
    del alone
    population.refresh(graphs=[*graphs[1:], graphs[0]])
    torch.testing.assert_close(population(x), y[[1, 2, 0]], rtol=1e-12, atol=1e-12)


def test_a_graph_that_another_network_takes_over_is_named():
    graphs = [genome(seed) for seed in range(3)]
    population = compiled(graphs)
    taken = compiler.compile(graphs[1], dtype=torch.float64, cut_off=True)
    assert graphs[1].owner is taken and not population.owns
    with pytest.raises(CompileError, match="individual 1: the values of this graph do not belong"):
        population.write_back()
    population.graph.own(population)
    assert population.owns and population.write_back() >= 0


def test_individuals_that_are_wired_alike_and_change_places_take_all_they_have_along():
    """Their units would be equal ones, were it not for the numbers in them."""
    graphs = [regular(seed) for seed in range(3)]
    alone = [Alone(graph.copy(), torch.optim.Adam) for graph in graphs]
    population = compiled(graphs)
    optimizer, x = torch.optim.Adam(population.parameters(), lr=0.05), data()[0]
    for step in range(3):
        advance(population, optimizer, step)
        for one in alone:
            one.advance(step)
        order = [1, 2, 0] if step else [0, 2, 1]
        population.refresh(optimizer, graphs=[population.graphs[at] for at in order])
        alone = [alone[at] for at in order]
        for at, one in enumerate(alone):
            torch.testing.assert_close(population(x)[at], one.net(x), rtol=1e-12, atol=1e-12)


def test_a_newcomer_in_the_place_of_one_that_left_brings_its_own_numbers():
    graphs = [regular(seed) for seed in range(3)]
    population, newcomer = compiled(graphs), regular(9)
    optimizer, x = torch.optim.Adam(population.parameters(), lr=0.05), data()[0]
    advance(population, optimizer)
    alone = Alone(newcomer.copy(), torch.optim.Adam)
    population.refresh(optimizer, graphs=[graphs[0], newcomer, graphs[2]])
    for step in range(3):
        torch.testing.assert_close(population(x)[1], alone.net(x), rtol=1e-12, atol=1e-12)
        advance(population, optimizer, step)
        alone.advance(step)
    assert graphs[1].owner is None and newcomer.owner is population
