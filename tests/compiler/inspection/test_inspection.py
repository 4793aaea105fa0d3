"""What an inspection says, against what the graph and a compiled network know."""

import warnings

import numpy as np
import pytest

import compiler
from compiler.inspection import inspect, plain, tables
from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field
from neurograph.edits import Proliferate, SplitEdge
from tests.compiler.graphs import Recipe, build
from tests.compiler.portable.everything import every_map, every_scalar


@pytest.mark.parametrize(
    "make", [every_scalar, every_map, lambda: build(Recipe(3, (4, 6, 6, 3), density=0.5, mixed=True))]
)
def test_counts_are_those_of_a_compiled_network(make):
    graph = make()
    found, net = inspect(graph), compiler.compile(graph.copy())
    assert (found.neurons, found.synapses) == (len(graph), graph.number_of_edges())
    assert found.parameters == net.parameter_count()
    assert found.parameters + found.frozen == net.parameter_count(frozen=True)
    assert sum(p.parameters for p in found.populations) == found.parameters
    assert {p.name: p.neurons for p in found.populations} == {n: len(v) for n, v in graph.populations.items()}
    assert sum(w.synapses for w in found.wiring) == found.synapses
    ours = {id_ for w in found.wiring for product in w.products for id_ in product.layout.ids.tolist()}
    assert ours == set(graph.arrays().ids.tolist())


def test_densities_and_weights_are_those_of_the_pairs_of_populations():
    graph = mlp([4, 3, 2], seed=0)
    graph.remove_synapses([(0, 4), (1, 5)])
    hidden = np.array([d for u, v, d in graph.edges(data="weight") if v in graph.population("hidden1")])
    first, second = inspect(graph).wiring
    assert (first.source, first.target, first.what, first.synapses) == ("input", "hidden1", "weights", 10)
    assert first.density == pytest.approx(10 / 12) and second.density == 1.0
    assert first.mean == pytest.approx(hidden.mean()) and first.deviation == pytest.approx(hidden.std())


def test_maps_say_what_their_synapses_do():
    found = inspect(every_map())
    shown = {(w.source, w.target): w.what for w in found.wiring}
    assert shown["image", "full"] == "3x3 kernels"
    assert shown["grouped", "depthwise"] == "3x3 kernels, stride (2, 2)"
    assert shown["depthwise", "residual"] == "identity"
    assert shown["average", "class"] == "whole maps"
    kinds = {p.name: p.kinds for p in found.populations}
    assert kinds["full"] == ("8 x 8", "batch norm", "relu") and "dropout 0.2" in kinds["grouped"]
    assert {p.name: p.part for p in found.populations}["image"] == "input"


def test_growth_is_the_journal_summed_up():
    graph = mlp([2, 3, 1], seed=0)
    graph.apply(SplitEdge(0, 2))
    graph.apply(Proliferate("hidden1", 2, seed=0)).entry.details["event"] = {"epoch": 7}
    graph.remove_neurons([graph.population("hidden1")[0]])
    growth = inspect(graph).growth
    assert growth.verbs == {"SplitEdge": 1, "Proliferate": 1, "raw": 1}
    assert (growth.neurons_born, growth.neurons_died) == (3, 1)
    assert growth.synapses_born == 2 + 2 * 3 and growth.synapses_died >= 4
    assert (
        growth.latest[1].startswith("1: Proliferate(population='hidden1', count=2")
        and "after epoch 7" in growth.latest[1]
    )
    assert growth.latest[2].startswith("2: by hand: 1 neuron died")
    graph.undo()
    assert inspect(graph).growth.undone == 1


def test_it_says_how_it_would_run_and_why():
    text = plain(inspect(mlp([64, 16, 10])))
    assert "dense" in text and "would take" in text and "predicted to take" in text
    assert "106" not in text and "90 neurons, 1,184 synapses, 1,210 parameters, depth 2" in text
    assert str(inspect(mlp([64, 16, 10]))) == text


def test_what_cannot_be_compiled_is_inspected_all_the_same():
    graph = mlp([2, 1])
    graph.add_edge(0, graph.add_neuron("far", population="far"))
    found = inspect(graph)
    assert found.program is None and "'far'" in found.refusal
    assert "It cannot be compiled" in plain(found)
    assert "empty" in plain(inspect(NeuronGraph()))


@pytest.mark.parametrize("make", [lambda: random_field(300, 4, 60), every_scalar])
def test_it_fits_one_screen(make):
    text = plain(inspect(make()))
    assert len(text.splitlines()) < 50
    assert all(len(table.rows) <= 15 for table in tables(inspect(make())))


def test_nothing_about_the_graph_changes():
    graph = mlp([3, 2, 1])
    net = compiler.compile(graph)
    before = graph.version, len(graph.journal), graph.wiring_digest()
    inspect(graph)
    assert (graph.version, len(graph.journal), graph.wiring_digest()) == before
    assert net.owns and not net.stale


def test_weights_near_the_largest_float_have_a_mean():
    graph = mlp([2, 3, 1], seed=0)
    for source, target in graph.edges:
        graph[source][target]["weight"] = -1e308
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = inspect(graph)
    assert [(wiring.mean, wiring.deviation) for wiring in found.wiring] == [(-1e308, 0.0)] * 2
