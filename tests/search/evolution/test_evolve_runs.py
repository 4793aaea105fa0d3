"""An evolution in a run directory: resumed bit for bit wherever it was stopped, and no other search is taken for it."""

import pytest
import torch
import torch.nn.functional as F

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from search.evolution import Evolution, EvolutionOptions, Learning, Species, evolve, make_toolbox
from search.evolution.kept import graph_from, graph_state
from search.runs import Run, open_run
from tests.search.evolution.lineages import RICH, descendant, structure

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


class Stopped(Exception):
    """What ends a search in the middle of things."""


def once(run=None, generations=5, stop=None, by_species=False, where="progress", **how):
    """An evolution, that may be stopped in a generation: after it, or while it is evaluated."""
    toolbox = make_toolbox(RICH)
    if by_species:
        toolbox.register("select", Species(threshold=0.8))

    def progress(search, record):
        if where == "progress" and search.generation == stop:
            raise Stopped

    def fitness(one, net):
        if where == "fitness" and one.number == stop:
            raise KeyboardInterrupt
        return (net(X) - Y).square().mean()

    options = EvolutionOptions(10, generations, objectives={"error": -1.0}, seed=4)
    learning = Learning((X, Y), F.mse_loss, steps=3, batch=3)
    return evolve(
        mlp([2, 1]), fitness, options, learning=learning, toolbox=toolbox, progress=progress, run=run, **how
    )  # fmt: skip


def same(one, other) -> bool:
    populations = [[(i.number, i.fitness.values, structure(i.graph)) for i in e.population] for e in (one, other)]
    halls = [[(i.number, i.fitness.values, structure(i.graph)) for i in e.hall] for e in (one, other)]
    return (
        populations[0] == populations[1]
        and halls[0] == halls[1]
        and list(one.logbook) == list(other.logbook)
        and one.ancestry == other.ancestry
    )


@pytest.mark.parametrize("by_species", [False, True])
@pytest.mark.parametrize(
    ("stop", "where", "error"), [(0, "progress", Stopped), (3, "progress", Stopped), (25, "fitness", KeyboardInterrupt)]
)
def test_a_search_that_was_stopped_goes_on_bit_for_bit(tmp_path, by_species, stop, where, error):
    whole = once(by_species=by_species)
    with pytest.raises(error):
        once(tmp_path / "run", stop=stop, where=where, by_species=by_species)
    found = once(tmp_path / "run", by_species=by_species, resume=True)
    assert same(found, whole)
    assert [row["generation"] for row in open_run(tmp_path / "run").metrics()] == list(range(6))
    assert not open_run(tmp_path / "run").damage()


def test_a_search_that_was_stopped_before_its_first_checkpoint_begins_anew(tmp_path, monkeypatch):
    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(Run, "save_checkpoint", lambda *_: (_ for _ in ()).throw(Stopped))
        once(tmp_path / "run")
    assert len(open_run(tmp_path / "run").metrics()) == 1
    assert same(once(tmp_path / "run", resume=True), once())
    assert [row["generation"] for row in open_run(tmp_path / "run").metrics()] == list(range(6))


def test_a_search_that_is_done_may_get_more_generations(tmp_path):
    once(tmp_path / "run", generations=2)
    assert same(once(tmp_path / "run", generations=5, resume=True), once())
    again = once(tmp_path / "run", generations=5, resume=True)
    assert same(again, once())
    assert structure(NeuronGraph.load(tmp_path / "run" / "graph.safetensors")) == structure(
        max(again.population, key=lambda one: one.fitness).graph
    )


def test_no_other_run_is_taken_for_it(tmp_path):
    once(tmp_path / "run", generations=1)
    with pytest.raises(OptionError, match="holds another run"):
        once(tmp_path / "run", generations=1)
    options = EvolutionOptions(11, 1, objectives={"error": -1.0}, seed=4)
    with pytest.raises(FileError, match="is a run of another search: its population is 10, and this one's 11"):
        evolve(mlp([2, 1]), lambda one, net: 0.0, options, run=tmp_path / "run", resume=True)
    open_run(tmp_path / "run").update_config(command="train")
    with pytest.raises(FileError, match="is a run of 'train', not an evolution"):
        once(tmp_path / "run", resume=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_graph_as_plain_data_is_the_same_graph(seed):
    graph = descendant(seed)
    other = graph_from(graph_state(graph))
    assert structure(other) == structure(graph) and str(other.journal) == str(graph.journal)


@pytest.mark.parametrize("odd, match", [({0: 7}, "is 7, and not 32"), ({0: "ab" * 16, 1: "ab" * 16}, "have the same")])
def test_neurons_that_come_with_odd_innovations_are_refused(odd, match):
    start = mlp([2, 1])
    for name, innovation in odd.items():
        start.nodes[name]["innovation"] = innovation
    with pytest.raises(OptionError, match=match):
        evolve(start, lambda one, net: 0.0, EvolutionOptions(4, 1))


def test_a_run_that_was_bred_graph_by_graph_goes_on_so(tmp_path, monkeypatch):
    made = Evolution.__init__

    def before(self, *given, **named):
        made(self, *given, **named)
        self.in_arrays = False  # as searches were that knew no arrays: their states do not say how they breed

    with monkeypatch.context() as patch:
        patch.setattr(Evolution, "__init__", before)
        whole = once()
        with pytest.raises(Stopped):
            once(tmp_path / "run", stop=2)
        state, _ = open_run(tmp_path / "run").load_network(lambda state, _: state)
        assert "breeding" not in state["search"]
    assert same(once(tmp_path / "run", resume=True), whole)
    assert not same(once(), whole)
