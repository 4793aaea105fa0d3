"""An evolution's and a search's run directories as pages: their numbers are the journals'."""

import pytest

from neurograph.builders import mlp
from search import cli
from search.evolution import EvolutionOptions, births, evolve
from search.evolution.showing.page import generations_of
from search.runs import open_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "evolved"
    options = EvolutionOptions(6, 4, objectives={"synapses": 1.0}, seed=1)
    return evolve(mlp([2, 1], seed=0), lambda one: one.graph.number_of_edges(), options, run=path)


def test_bests_and_ancestry_are_the_journals(run):
    found, known = generations_of(open_run(run.run)), births(run.run)
    assert (found.measure, found.lower, found.unit) == ("synapses", False, "generation")
    assert {one.number: (one.parents, one.value) for one in found.bred} == {
        n: (one.parents, one.fitness[0]) for n, one in known.items()
    }
    assert [best.value for best in found.bests] == [row["max"][0] for row in run.logbook]
    for best in found.bests:
        one = known[best.number]
        assert one.fitness[0] == best.value and one.generation <= best.generation
    assert sorted(found.living) == sorted(one.number for one in run.population)
    assert found.genomes[run.best.number].number_of_edges() == run.best.graph.number_of_edges()
    changed = [best.number for best in found.bests if best.changed]
    assert changed == list(dict.fromkeys(best.number for best in found.bests))


def test_the_command_writes_it(run, capsys):
    assert cli.main(["view", str(run.run)]) == 0
    text = (run.run / "view.html").read_text(encoding="utf-8")
    assert "Evolution of 6 networks, evolved" in text and 'data-page="generations"' in text
    assert "wrote" in capsys.readouterr().out
