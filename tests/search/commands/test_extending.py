"""Runs begun again by their own configuration, and gone on with to more epochs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neurograph.search import cli
from neurograph.search.options import read_options
from neurograph.search.runs import Run

from neurograph import search
from neurograph.builders import mlp
from neurograph.errors import FileError, OptionError

QUICK = {"data": "digits:100", "learning_rate": 0.01, "batch_size": 20}


def begin(run, method="train", **more):
    return search.METHODS[method](mlp([64, 5, 10], seed=0), **QUICK, run=run, **more)


def losses(rows):
    return [row["train_loss"] for row in rows]


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_with_more_epochs_is_the_run_that_was_begun_with_them(finished, tmp_path):
    whole = search.train(mlp([64, 5, 10], seed=0), **QUICK, epochs=5)

    def stop(trainer, row):
        if row["epoch"] == 2 and not finished:
            raise InterruptedError

    if finished:
        begin(tmp_path / "run", epochs=3)
    else:
        with pytest.raises(InterruptedError):
            begin(tmp_path / "run", epochs=3, callbacks=[stop])
    extended = search.resume(tmp_path / "run", epochs=5)
    assert losses(extended.rows) == losses(whole.rows) and extended.test_error == whole.test_error
    config = Run(tmp_path / "run").config()
    assert config["options"]["epochs"] == 5 and config["result"]["test_error"] == whole.test_error
    assert losses(search.resume(tmp_path / "run").rows) == losses(whole.rows)


def test_an_extended_run_goes_on_after_a_stop_too_and_grows(tmp_path):
    how = {"epochs": 2, "first_cycle": 1, "cycle": 1, "slope": 9.0, "settle": 0, "newborns": 2}
    begin(tmp_path / "run", "metabolize", **how)

    def stop(trainer, row):
        if row["epoch"] == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        search.resume(tmp_path / "run", epochs=6, callbacks=[stop])
    made = search.resume(tmp_path / "run")
    assert [row["epoch"] for row in made.rows] == [1, 2, 3, 4, 5, 6]
    assert any(row["edit"] for row in made.rows[2:])


def test_what_cannot_be_extended_is_refused_and_left_as_it_is(tmp_path):
    begin(tmp_path / "run", epochs=2)
    before = (tmp_path / "run" / "config.json").read_bytes()
    with pytest.raises(OptionError, match="at least the 2"):
        search.resume(tmp_path / "run", epochs=1)
    with pytest.raises(OptionError, match="epochs must be"):
        search.resume(tmp_path / "run", epochs=2**40)
    (tmp_path / "run" / "start.safetensors").write_bytes(b"")
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(b"x")
    (tmp_path / "run" / "checkpoint.previous.safetensors").unlink(missing_ok=True)
    with pytest.raises(FileError), pytest.warns():
        search.resume(tmp_path / "run", epochs=4)
    assert (tmp_path / "run" / "config.json").read_bytes() == before


def test_the_command_line_extends(tmp_path, capsys):
    begin(tmp_path / "run", epochs=1)
    assert cli.main(["resume", str(tmp_path / "run"), "--epochs", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["epoch"] == 3


def test_a_runs_own_configuration_begins_it_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["train", "--data", "digits:100", "--hidden", "5", "--learning-rate", "0.02", "--epochs", "2"]
    assert cli.main([*words, "--run", "a", "--quiet"]) == 0
    assert cli.main(["train", "--hidden", "5", "--config", "a/config.json", "--run", "b", "--quiet"]) == 0
    one, other = (Run(tmp_path / name) for name in "ab")
    assert losses(one.metrics()) == losses(other.metrics()) and one.config()["data"] == other.config()["data"]
    more = ["train", "--hidden", "5", "--config", "a/config.json", "--epochs", "3", "--run", "c", "--quiet"]
    assert cli.main(more) == 0 and len(Run(tmp_path / "c").metrics()) == 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
    )
)
def test_a_configuration_that_is_none_is_refused_by_name(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "config.json"
    path.write_text(json.dumps(content))
    with pytest.raises(OptionError, match="config.json"):
        read_options(search.METHODS["train"].options, path)


@pytest.mark.parametrize("text", ["", "{", '{"options": 3}', "[" * 100_000])
def test_a_damaged_configuration_is_one_line(text, tmp_path, capsys):
    (tmp_path / "config.json").write_text(text)
    for command in ("train", "search"):
        assert cli.main([command, "--config", str(tmp_path / "config.json")]) == 2
        error = capsys.readouterr().err
        assert "config.json" in error and error.count("\n") == 1 and len(error) < 600
