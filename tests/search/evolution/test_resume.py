"""Evolutions that a task began go on from their directory alone; what lies there says who came from whom."""

import io
import shutil
from itertools import pairwise

import pytest
from evolving_problems import xor
from rich.console import Console

import search
from neurograph.builders import mlp
from neurograph.errors import DataError, FileError, MissingError, OptionError
from search import cli
from search.evolution import EvolutionOptions, ShowEvolution, births, evolve, line, resume
from search.executors import Task
from search.runs import open_run
from tests.search.evolution.test_evolve_runs import Stopped, same

OPTIONS = EvolutionOptions(8, 4, objectives={"error": -1.0}, seed=4)
TRUST = ["evolving_problems"]


def task(**arguments) -> Task:
    return Task("evolving_problems:xor", arguments, threads=1)


def stopped(run, made=None, after=2):
    def progress(search, record):
        if record["generation"] == after:
            raise Stopped

    with pytest.raises(Stopped):
        evolve(made or task(learning="lamarckian"), options=OPTIONS, run=run, progress=progress)


@pytest.mark.parametrize("species", [False, True])
def test_a_directory_is_all_it_takes_to_go_on(tmp_path, species, capsys):
    made = task(learning="lamarckian", species=species)
    stopped(tmp_path / "run", made)
    shutil.move(tmp_path / "run", tmp_path / "moved")
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    whole = evolve(made, options=OPTIONS)
    assert same(resume(tmp_path / "moved", trust=TRUST), whole)
    assert cli.main(["resume", str(tmp_path / "copy"), "--progress", "--trust", *TRUST]) == 0
    shown = "".join(capsys.readouterr())
    assert "generation    4 | error" in shown and "all of it lies in" in shown
    assert same(search.resume(tmp_path / "copy", trust="evolving_problems"), whole)


def test_no_module_is_imported_that_nobody_trusts(tmp_path):
    stopped(tmp_path / "run")
    for trust in ((), "evolving", ["other"]):
        with pytest.raises(FileError, match=r"names evolving_problems:xor.*--trust evolving_problems"):
            search.resume(tmp_path / "run", trust=trust)


def test_what_cannot_be_gone_on_with(tmp_path):
    problem = xor()
    evolve(problem.start, problem.fitness, EvolutionOptions(4, 0), run=tmp_path / "functions")
    with pytest.raises(FileError, match=r"begun with functions of a script.*resume=True\) goes on"):
        search.resume(tmp_path / "functions")
    search.train(mlp([64, 4, 10], seed=0), search.datasets.load("digits:60"), epochs=1, run=tmp_path / "trained")
    with pytest.raises(FileError, match="trained is a run of 'train', not an evolution"):
        resume(tmp_path / "trained")
    with pytest.raises(FileError, match="is not a run directory"):
        resume(tmp_path / "nothing")
    stopped(tmp_path / "run")
    with pytest.raises(OptionError, match="leave data out"):
        search.resume(tmp_path / "run", data="digits")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"odd": 1}, "an entry 'odd', which is no option"),
        ({"population": -1}, "population must be"),
        ({"objectives": "error"}, "objectives"),
        ({"objectives": [["error", 0.0]]}, "weight that is not 0"),
        ({"seed": 5}, "another configuration than"),
    ],
)
def test_options_of_a_directory_that_are_none(tmp_path, options, match):
    stopped(tmp_path / "run", after=0)
    run = open_run(tmp_path / "run")
    run.update_config(options=run.config()["options"] | options)
    with pytest.raises(FileError, match=match):
        resume(tmp_path / "run", trust=TRUST)


def test_files_that_a_task_names_lie_in_the_directory(tmp_path):
    (tmp_path / "target.txt").write_text("0.5")
    made = Task("evolving_problems:from_file", {"path": str(tmp_path / "target.txt")}, threads=1, files=("path",))
    stopped(tmp_path / "run", made)
    whole = evolve(made, options=OPTIONS)
    (tmp_path / "target.txt").unlink()
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    assert same(resume(tmp_path / "run", trust=TRUST), whole)
    (tmp_path / "copy" / "task-path.txt").write_text("0.25")
    with pytest.raises((FileError, DataError), match="is not the file that the search began with"):
        resume(tmp_path / "copy", trust=TRUST)


def test_who_came_from_whom_can_be_read_from_the_directory(tmp_path):
    found = evolve(task(learning="lamarckian"), options=OPTIONS, run=tmp_path / "run")
    known = births(tmp_path / "run")
    assert {number: (one.generation, one.parents, one.changes) for number, one in known.items()} == found.ancestry
    for one in found.population:
        assert known[one.number].fitness == one.fitness.values
    mutated = [one for one in known.values() if "split" in one.changes]
    assert mutated and all(any(edit.startswith("SplitEdge(") for edit in one.edits) for one in mutated)
    descent = line(known, found.best.number)
    assert descent[0].individual == found.best.number and not descent[-1].parents
    assert all(later.parents[0] == before.individual for later, before in pairwise(descent))
    with pytest.raises(MissingError, match="individual 1000 was never born"):
        line(known, 1000)


def test_the_lines_are_the_same_wherever_it_was_stopped(tmp_path):
    stopped(tmp_path / "run")
    resume(tmp_path / "run", trust=TRUST)
    evolve(task(learning="lamarckian"), options=OPTIONS, run=tmp_path / "whole")
    assert births(tmp_path / "run") == births(tmp_path / "whole")


def test_inspect_says_how_far_it_is_and_where_its_best_came_from(tmp_path, capsys):
    stopped(tmp_path / "run")
    assert cli.main(["inspect", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    assert "evolve: 2 of 4 generations of 8 individuals, " in shown and "to go at most" in shown
    assert "last generation: mean " in shown and "best by error, and whom it came from:\n  individual " in shown
    journal = tmp_path / "run" / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"parents": []', '"parents": 7'))
    assert cli.main(["inspect", str(tmp_path / "run")]) == 2
    assert "journal.jsonl" in capsys.readouterr().err


def test_time_that_went_by_and_time_to_go(tmp_path):
    stopped(tmp_path / "run", after=1)
    spent = [row["seconds"] for row in open_run(tmp_path / "run").metrics()]
    assert len(spent) == 2 and min(spent) > 0
    for terminal in (False, True):
        stream = io.StringIO()
        search = type("Search", (), {"population": [], "best": evolve(task(), options=EvolutionOptions(4, 0)).best})
        with ShowEvolution(OPTIONS, [100.0, 100.0], console=Console(file=stream, force_terminal=terminal)) as show:
            show(search, {"generation": 2, "seconds": 100.0, "failed": 1})
        assert "5 min 00 s, 3 min 20 s to go at most" in stream.getvalue()
