"""Run directories from elsewhere: no link in them leads a writer out."""

import os
import shutil

import pytest

import search
from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError
from search import cli
from search.executors import Task
from search.nhn.locations import EvolutionOptions, locate_and_direct
from search.nhn.pipeline.stages import STAGES
from search.runs import continued_run, open_run, started_run
from search.runs.run import FILES

PLANTED = (*FILES, "pictures", "pictures/growth.png", "report.md", "add-ons/locations", "layers", "view.html", "a/b/c")
SMALL = {"epochs": 2, "batch_size": 64, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "trained"
    search.train(mlp([64, 4, 10], seed=0), "digits:100", run=path, **SMALL)
    return path


@pytest.fixture
def run(trained, tmp_path):
    return open_run(shutil.copytree(trained, tmp_path / "run")).path


def planted(run, name, target):
    path = run / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("target", ["a file", "a folder", "nothing"])
@pytest.mark.parametrize("name", PLANTED)
def test_a_link_that_leads_out_is_refused_by_name(run, name, target, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "a folder").mkdir()
    (theirs / "a file").write_text((run / "config.json").read_text())
    planted(run, name, os.path.join("..", "theirs", target) if "/" not in name else theirs / target)
    before = contents(theirs)
    ways = [lambda: started_run(run, {}, force=True, parts=STAGES).__enter__()]
    if name != "config.json" or target == "a file":
        ways += [lambda: search.resume(run), lambda: search.redraw(run)]
    for way in ways:
        with pytest.raises(FileError, match=rf"{name} is a link that leads out of the run directory, to .*{target}"):
            way()
    assert contents(theirs) == before and not (theirs / "nothing").exists()


@pytest.mark.parametrize("name", [*FILES, "pictures", *STAGES])
def test_a_link_that_lies_where_a_run_shall_be_made_counts_as_a_run(tmp_path, name):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).symlink_to(tmp_path / "nothing")
    with pytest.raises(OptionError, match="holds another run"), started_run(tmp_path / "run", {}, parts=STAGES):
        pass
    with pytest.raises(FileError, match="leads out"), started_run(tmp_path / "run", {}, force=True, parts=STAGES):
        pass


def test_a_forced_run_says_so_before_it_trains(run, tmp_path):
    planted(run, "metrics.jsonl", tmp_path / "theirs")
    with pytest.raises(FileError, match="leads out"):
        search.train(mlp([64, 4, 10], seed=0), "digits:100", run=run, force=True, **SMALL)
    assert not (tmp_path / "theirs").exists()


def test_searches_in_a_directory_do_not_leave_it(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "locations").symlink_to(tmp_path)
    with pytest.raises(FileError, match="locations is a link that leads out"):
        locate_and_direct(Task("nowhere:nothing"), EvolutionOptions(), run=tmp_path / "run", force=True)


def test_what_commands_write_into_a_run_stays_in_it_unless_the_user_names_a_place(run, tmp_path, capsys):
    planted(run, "view.html", tmp_path / "page.html")
    planted(run, "graph.json", tmp_path / "graph.json")
    for words in (["view", run], ["export", run, "--to", "json"]):
        assert cli.main([str(word) for word in (*words, "--force")]) == 2
        assert "is a link that leads out" in capsys.readouterr().err
    assert cli.main(["export", str(run), "--out", str(run / "graph.json"), "--force"]) == 0
    assert (tmp_path / "graph.json").exists() and (run / "graph.json").is_symlink()


def test_links_to_the_directory_and_inside_it_are_the_users_own(run, tmp_path):
    (run / "newest.safetensors").symlink_to("graph.safetensors")
    (tmp_path / "latest").symlink_to(run)
    with continued_run(tmp_path / "latest") as kept:
        assert kept.metrics()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "data").symlink_to(tmp_path)
    with started_run(tmp_path / "project", {"command": "train"}):
        pass


def test_a_copy_made_of_hard_links_is_not_written_to_by_the_run_it_was_copied_from(run, tmp_path):
    (run / "journal.jsonl").touch()
    shutil.copytree(run, tmp_path / "copy", copy_function=os.link)
    before = contents(tmp_path / "copy")
    kept = open_run(run)
    kept.load_checkpoint()
    kept.log_metrics({"epoch": 3})
    kept.log_journal({"epoch": 3})
    assert contents(tmp_path / "copy") == before
