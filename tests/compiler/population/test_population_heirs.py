"""Copies that join a population go on with the optimizer's state of whom they are copies of; renewal begins anew."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph.edits import Renew
from tests.compiler.population.genomes import advance, assert_same_numbers, genome, regular, split

MAKE = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
}


def compiled(graphs):
    return compiler.compile_population(graphs, dtype=torch.float64, cut_off=True)


def cloned(graph, net, optimizer, make):
    """A copy in a network of its own with a copy of an optimizer's state."""
    other = compiler.compile(graph.copy(), dtype=torch.float64, cut_off=True)
    made = make(other.parameters())
    made.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    return other, made


@pytest.mark.parametrize("kind", MAKE)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 999), goes=st.booleans(), deep=st.booleans(), later=st.booleans())
def test_a_copy_goes_on_as_its_original_with_the_state_of_that(kind, seed, goes, deep, later):
    make, graphs = MAKE[kind], [regular(seed), genome(seed + 1), regular(seed + 2)]
    population = compiled(graphs)
    optimizer = make(population.parameters())
    alone = compiler.compile(graphs[0].copy(), dtype=torch.float64, cut_off=True)
    made = make(alone.parameters())
    for step in range(3):
        advance(population, optimizer, step)
        advance(alone, made, step)
    child = copy.deepcopy(graphs[0]) if deep else graphs[0].copy()
    child = child.copy() if later else child
    other, others = cloned(alone.graph, alone, made, make)
    if later and kind != "rmsprop":  # whose newborns start from the median of all
        # what is born in both has the same numbers, and is not the same
        split(graphs[0])
        for graph in (child, other.graph):
            name = graph.add_neuron(population="h1", activation="tanh", bias=0.1)
            graph.add_edge(graph.population("x")[1], name, weight=0.5)
            graph.add_edge(name, graph.population("y")[1], weight=-0.3)
        other.refresh(others)
    population.refresh(optimizer, graphs=[graphs[2], child] if goes else [graphs[0], child, graphs[1]])
    for step in range(3, 6):
        advance(population, optimizer, step)
        advance(other, others, step)
    assert_same_numbers([child], [other.graph], 1e-7)  # NAdam keeps a product in single precision


def test_who_is_no_copy_of_anybody_is_newborn():
    graphs = [regular(0), regular(1)]
    population = compiled(graphs)
    optimizer = MAKE["adam"](population.parameters())
    for step in range(3):
        advance(population, optimizer, step)
    renewed, compacted = graphs[0].copy(), graphs[0].copy()
    renewed.apply(Renew("h1", [renewed.population("h1")[0]], seed=0))
    compacted.compact()
    alone = [compiler.compile(g.copy(), dtype=torch.float64) for g in (renewed, compacted)]
    made = [MAKE["adam"](net.parameters()) for net in alone]
    population.refresh(optimizer, graphs=[graphs[1], renewed, compacted])
    for step in range(2):
        advance(population, optimizer, step)
        for net, own in zip(alone, made, strict=True):
            advance(net, own, step)
    assert_same_numbers([renewed, compacted], [net.graph for net in alone], 1e-10)


@pytest.mark.parametrize("kind", MAKE)
def test_renewed_neurons_of_an_individual_begin_anew_as_in_a_network_alone(kind):
    make, graphs = MAKE[kind], [genome(3), regular(4), regular(5)]
    population = compiled(graphs)
    optimizer, parameters = make(population.parameters()), [id(p) for p in population.parameters()]
    alone = [compiler.compile(graph.copy(), dtype=torch.float64, cut_off=True) for graph in graphs]
    made = [make(net.parameters()) for net in alone]
    for step in range(6):
        advance(population, optimizer, step)
        for net, own in zip(alone, made, strict=True):
            advance(net, own, step)
        if step % 2:
            for at in (1, 2):
                for graph in (graphs[at], alone[at].graph):
                    name = ["h1", "h2"][step % 4 // 2]
                    graph.apply(Renew(name, [graph.population(name)[at]], seed=step))
                alone[at].refresh(made[at])
            population.refresh(optimizer)
            assert [id(p) for p in population.parameters()] == parameters
    assert_same_numbers(graphs, [net.graph for net in alone], 1e-10)
