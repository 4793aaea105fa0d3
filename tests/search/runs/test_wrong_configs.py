"""Configurations of runs that hold other types than any run writes."""

import json
import shutil

import pytest

import search
from neurograph.builders import mlp
from search import cli

WRONG = {
    "command": (5, None, ["train"]),
    "data": (5, None, ["digits"]),
    "options": (5, None, []),
    "result": (5, "x"),
    "fingerprint": ([5],),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_config_of_other_types_is_damaged_for_every_reader(name, tmp_path, capsys):
    path = tmp_path / "run"
    search.train(mlp([64, 2, 10], seed=0), "digits:60", epochs=1, run=path)
    content = json.loads((path / "config.json").read_text(encoding="utf-8"))
    content.pop("checksum", None)  # as those of older runs, which have none
    for value in WRONG[name]:
        (path / "config.json").write_text(json.dumps(content | {name: value}), encoding="utf-8")
        for command in (["resume"], ["inspect"], ["pictures"], ["view", "--gradients", "--force"]):
            assert cli.main([command[0], str(path), *command[1:]]) == 2
            assert f"config.json is damaged: its {name} is" in capsys.readouterr().err


def test_a_config_without_an_entry_is_damaged_or_needs_none(tmp_path, capsys):
    """Whatever a run says it is, every entry that is not there is named, if it is missed."""
    whole = tmp_path / "whole"
    search.train(mlp([64, 2, 10], seed=0), "digits:60", epochs=1, run=whole)
    content = json.loads((whole / "config.json").read_text(encoding="utf-8"))
    content.pop("checksum", None)
    missed = set()
    for number, name in enumerate(content):
        run = tmp_path / str(number)
        shutil.copytree(whole, run)
        left = {key: value for key, value in content.items() if key != name}
        (run / "config.json").write_text(json.dumps(left), encoding="utf-8")
        status = cli.main(["resume", str(run)])
        assert status in (0, 2)
        if status:
            missed.add(name)
            assert "neurograph: " in capsys.readouterr().err
    assert {"options", "command", "format"} <= missed
