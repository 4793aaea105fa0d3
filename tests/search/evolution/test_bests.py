"""The bests that an evolution's run directory keeps: who they were, what changed, and no more of them than is said."""

from itertools import pairwise

import numpy as np
import pytest
from deap import tools

import search
from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from search.evolution import Birth, EvolutionOptions, births, evolve, make_toolbox
from search.evolution.bests import FOLDER, forget_after, keep_best, kept
from search.evolution.genomes.innovations import mark
from search.evolution.individual import Individual, fitness_of
from search.evolution.showing.page import _how, generations_of
from search.runs import open_run, refuse_taken
from search.runs.making import FOLDERS
from tests.search.evolution.lineages import RICH, structure
from tests.search.evolution.test_evolve_runs import Stopped, once


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "evolved"
    options = EvolutionOptions(8, 9, objectives={"synapses": 1.0}, seed=3)
    fitness, toolbox = (lambda one: one.graph.number_of_edges()), make_toolbox(RICH)
    return evolve(mlp([2, 1], seed=0), fitness, options, toolbox=toolbox, run=path)


def test_a_file_holds_whoever_was_the_best_of_a_generation(run):
    known, rows = births(run.run), open_run(run.run).metrics()
    assert len(kept(run.run)) > 3
    for generation, number, path in kept(run.run):
        assert rows[generation]["best_individual"] == number
        assert NeuronGraph.load(path).number_of_edges() == known[number].fitness[0] == rows[generation]["max"][0]
    assert kept(run.run)[-1][1] == run.best.number


def genes(graph):
    """Innovations of neurons, and the pairs of them that synapses join."""
    known = dict(zip(graph.names_of(np.array(list(mark(graph)))), mark(graph).values(), strict=True))
    return set(known.values()), {(known[u], known[v]): (u, v) for u, v in graph.edges}


def test_the_page_says_of_each_best_what_the_one_before_had_not(run):
    found = generations_of(open_run(run.run))
    files = {number: path for _, number, path in kept(run.run)}
    changed = [best for best in found.bests if best.changed]
    assert [best.number for best in changed] == list(files)
    assert changed[0].newer is None
    for before, now in pairwise(changed):
        (old, old_pairs), (new, new_pairs) = (genes(NeuronGraph.load(files[one.number])) for one in (before, now))
        assert now.newer is not None
        assert len(now.newer.neurons) == len(new - old) and now.lost[0] == len(old - new)
        graph = found.genomes[now.number]
        names = graph.names_of(now.newer.neurons) if len(now.newer.neurons) else []
        assert {graph.nodes[name]["innovation"] for name in names} == new - old
        assert len(now.newer.synapses) == len(new_pairs.keys() - old_pairs.keys())
        assert now.lost[1] == len(old_pairs.keys() - new_pairs.keys())


def test_what_changed_names_every_birth_since_the_best_before(run):
    known = births(run.run)
    changed = [best for best in generations_of(open_run(run.run)).bests if best.changed]
    for before, now in pairwise(changed):
        one, steps = known[now.number], 1
        while one.parents and one.parents[0] != before.number and one.parents[0] in known:
            one, steps = known[one.parents[0]], steps + 1
        if one.parents[:1] == (before.number,) and not any(len(b.parents) > 1 for b in known.values()):
            assert now.changed.startswith("from the best before it by ")
            assert now.changed.count(", then ") == steps - 1


def test_births_and_deaths_of_several_edits_are_added_up():
    edits = ("Connect(seed=1): 1 synapse born", "raw: 3 values",
             "SplitEdge(a): 1 neuron born, 2 synapses born, 1 synapse died",
             "SplitEdge(c): 1 neuron born, 2 synapses born, 1 synapse died", "Rename(x): y")  # fmt: skip
    one = Birth(7, 1, (3,), ("connect", "split", "split"), edits, (0.5,))
    assert _how(one) == "connect, split (2): 5 synapses born, 2 neurons born, 2 synapses died, Rename: y"


@pytest.mark.parametrize("stop", [0, 2, 4])
def test_a_run_that_was_stopped_and_goes_on_keeps_the_same(tmp_path, stop):
    once(tmp_path / "whole", 6)
    with pytest.raises(Stopped):
        once(tmp_path / "stopped", 6, stop)
    once(tmp_path / "stopped", 6, resume=True)
    held = [[(g, n, structure(NeuronGraph.load(path))) for g, n, path in kept(tmp_path / name)]
            for name in ("whole", "stopped")]  # fmt: skip
    assert held[0] == held[1] and len(held[0]) > 1


def individual(number, failure=None):
    one = Individual(mlp([1, number % 3 + 1, 1], seed=number), fitness_of({"error": -1.0})(), number)
    one.score((float(number),), failure)
    return one


def test_later_ones_go_where_a_run_goes_on_from_before_them(tmp_path):
    for generation in range(5):
        keep_best(tmp_path, generation, individual(generation))
    forget_after(tmp_path, 2)
    assert [one[:2] for one in kept(tmp_path)] == [(0, 0), (1, 1), (2, 2)]
    keep_best(tmp_path, 3, individual(2))  # the same one
    keep_best(tmp_path, 3, individual(9, "it failed"))
    assert [one[:2] for one in kept(tmp_path)] == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize(("name", "limit"), [("MOST", 5), ("LIMIT", 20_000)])
def test_no_more_are_kept_than_is_said_the_first_and_the_newest_always(tmp_path, monkeypatch, name, limit):
    monkeypatch.setattr(f"search.evolution.bests.{name}", limit)
    for generation in range(30):
        keep_best(tmp_path, generation, individual(generation))
        found = kept(tmp_path)
        assert found[0][0] == 0 and found[-1][0] == generation
        sizes = sum(path.stat().st_size for *_, path in found)
        assert len(found) <= 5 if name == "MOST" else sizes <= 20_000 or len(found) == 2


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path):
    (tmp_path / FOLDER).write_text("mine")
    with pytest.raises(FileError, match=r"cannot make the folder .*bests"):
        keep_best(tmp_path, 0, individual(0))


def test_a_run_that_takes_its_place_removes_them(run):
    assert FOLDER in FOLDERS
    with pytest.raises(Exception, match="bests"):
        refuse_taken(run.run)


def test_pictures_are_of_fitness_the_front_and_the_best(tmp_path):
    options = EvolutionOptions(6, 3, objectives={"synapses": -1.0, "neurons": 1.0}, seed=1)
    evolve(mlp([2, 1]), lambda one: (one.graph.number_of_edges(), len(one.graph)), options, run=tmp_path / "run")
    folder = search.redraw(tmp_path / "run")
    assert {path.name for path in folder.iterdir()} == {"fitness.png", "front.png", "best.png"}
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert all(content.startswith(b"\x89PNG") for content in first.values())
    search.redraw(tmp_path / "run")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    with pytest.raises(OptionError, match="beside is for runs"):
        search.redraw(tmp_path / "run", {"other": tmp_path / "run"})


def test_statistics_of_ones_own_do_not_hinder_pictures(tmp_path):
    stats = tools.Statistics(lambda one: one.number)
    stats.register("synapses", str)
    evolve(mlp([2, 1]), lambda one: one.number, EvolutionOptions(4, 2), stats=stats, run=tmp_path / "run")
    assert {path.name for path in search.redraw(tmp_path / "run").iterdir()} == {"fitness.png", "best.png"}
