"""What an edit would refuse epochs later is refused before a run is begun, or an old one thrown away."""

import pytest

import search
from neurograph.builders import enas_macro, mlp
from neurograph.edits import InsertLayer
from neurograph.errors import CycleError, NeuroGraphError
from search.datasets import load

DATA = load("digits:60")


def flat():
    return mlp([64, 12, 8, 10], seed=0)


def maps():
    return enas_macro([["conv3"], ["conv3", 0]], channels=4, segments=1, size=8, inputs=1)


def tangled():
    graph = flat()
    a, b = graph.population("hidden1"), graph.population("hidden2")
    graph.remove_edges_from([(b[1], out) for out in graph.population("output")])
    graph.remove_edges_from([(a[0], each) for each in b])
    graph.remove_edges_from([(each, a[0]) for each in graph.population("input")])
    graph.add_edge(b[1], a[0], weight=1.0)
    graph.add_edge(a[0], b[0], weight=1.0)
    return graph


def overflowing():
    graph = flat()
    graph[0][64]["weight"] = 1e200  # finite in float64
    return graph


def zeros():
    return mlp([64, 12, 8, 10], initializer="zeros")


def alike():
    graph = flat()
    for _, _, attributes in graph.edges(data=True):
        attributes["weight"] = 0.1
    return graph


MORPH = {"insert_after": 2, "width": 12, "between": ("hidden1", "hidden2")}
GROW = {"first_cycle": 1}
KERNEL = {"initializer": "kernel_ridge", "initializer_options": {"ridge": 0}}
READ = {**MORPH, "between": ("layer0.reduce", "layer0")}
CASES = {
    "no float32": ("train", overflowing, {}, "weight of synapse 0 -> 64.: it cannot be trained"),
    "a population left out": ("metabolize", flat, {"newborns": {"hidden1": 2}}, "newborns must .* leaves out hidden2"),
    "no rates": ("metabolize", flat, {"growth_rate": {}}, "growth_rate must give each population"),
    "a limit of nobody": ("metabolize", flat, {"growth_limit": {"a": 1}}, "growth_limit must .* no population a"),
    "no ridge among neurons alike": ("metabolize", alike, {**GROW, **KERNEL}, "no inverse with ridge 0"),
    "balance of what does not vary": ("metabolize", zeros, {**GROW, "balanced": True}, "balance"),
    "a kernel between scalars": ("morph", flat, {**MORPH, "kernel": 3}, "are scalars, which no kernel reads"),
    "no number for random": ("morph", flat, {**MORPH, "algorithm": "random"}, "'random' needs target="),
    "nothing between": ("morph", flat, {**MORPH, "between": ("input", "output")}, "there is nothing between"),
    "an even kernel": ("morph", maps, {**READ, "kernel": 4}, "has no middle"),
    "a cycle": ("morph", tangled, MORPH, "would close a cycle: it would read .* and feed"),
    "no synapse": (
        "prune",
        flat,
        {"left": 1e-6, "settle": 1},
        "leaves 0 of .* takes 2 besides those that",
    ),
    "one of a layer": ("prune", flat, {"left": 1e-6, "settle": 1, "scope": "layer"}, "shortest path"),
    "neurons without inputs": ("rewire", flat, {"density": 0.01, "settle": 1}, "fewer than its .* neurons, which each"),
    "nowhere to move": ("rewire", flat, {"density": None, "settle": 1}, "no synapse has anywhere to go"),
    "all kernels": ("prune_network", maps, {"ratio": 1.0, "settle": 1}, "ratio=1 takes kernels that every path"),
    "all of the network": ("prune_network", maps, {"ratio": 1.0, "settle": 1, "scope": "network"}, "ratio=1 takes"),
    "all of one": ("prune_network", maps, {"ratios": {"stem": 1.0}, "settle": 1}, "takes kernels that every path"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_written_or_thrown_away(case, force, tmp_path):
    command, graph, settings, words = CASES[case]
    if force:
        search.train(mlp([64, 10]), DATA, epochs=0, run=tmp_path / "run")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(NeuroGraphError, match=words):
        getattr(search, command)(graph(), DATA, epochs=4, run=tmp_path / "run", force=force, **settings)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_may_be_left_is_tried(tmp_path):
    assert search.prune(flat(), DATA, epochs=3, left=40, settle=1).graph.number_of_edges() >= 2
    with pytest.raises(NeuroGraphError, match="no path from the inputs to any output"):  # only training could say so
        search.prune(mlp([64, 40, 40, 10], seed=0), DATA, epochs=3, left=2, settle=1, metric="random")
    assert search.prune_network(maps(), DATA, epochs=3, settle=1, ratio=0.5).rows


def test_no_run_of_no_epochs_is_refused_for_what_would_come_later():
    assert search.prune(flat(), DATA, epochs=0, left=1e-6).rows == []


def test_a_cycle_is_refused_by_the_edit_as_well():
    graph = tangled()
    with pytest.raises(CycleError, match=" -> "):
        graph.apply(InsertLayer(("hidden1", "hidden2"), width=4, target=2))
