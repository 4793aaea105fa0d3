"""What programs see of the commands: one JSON object wherever something is printed, quiet pipes, completion."""

import argparse
import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest
from neurograph.search import cli
from neurograph.search.commands.completion import SHELLS, script
from neurograph.search.commands.parsing import subparsers, words_of

from neurograph import search
from neurograph.builders import mlp

QUICK = ["--data", "digits:60", "--hidden", "4", "--epochs", "2", "--batch-size", "30"]
NEUROGRAPH = [sys.executable, "-m", "neurograph"]
PARSER = cli.make_parser()
COMMANDS = subparsers(PARSER)
PRINTS_SOMETHING_ELSE = {"completion"}  # a script


@pytest.fixture(autouse=True)
def one_parser(monkeypatch):
    """It is made once: that takes longer than what it parses."""
    monkeypatch.setattr(cli, "make_parser", lambda: PARSER)


def json_of(words, capsys):
    assert cli.main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    search.metabolize(
        mlp([64, 4, 10], seed=0), "digits:60", run=path, epochs=3, first_cycle=1, cycle=1, slope=9.0, settle=0
    )
    return path


def test_every_command_that_prints_takes_json():
    for name, parser in COMMANDS.items():
        assert ("--json" in words_of(parser)) == (name not in PRINTS_SOMETHING_ELSE), name


def test_what_is_printed_of_files_is_one_object(run, tmp_path, capsys):
    net = str(tmp_path / "net.safetensors")
    mlp([4, 3, 2], seed=0).save(net)
    exported = json_of(["export", net, "--to", "graphml"], capsys)
    assert exported["format"] == "graphml" and exported["wrote"].endswith("net.graphml")
    imported = json_of(["import", exported["wrote"], "--out", str(tmp_path / "back.safetensors")], capsys)
    assert (imported["neurons"], imported["synapses"]) == (9, 18)
    assert json_of(["view", net], capsys)["bytes"] > 1000
    assert "stages for float32" in json_of(["compile", net], capsys)["report"][0]
    assert json_of(["inspect", net], capsys)["synapses"] == 18
    assert "topology.png" in json_of(["pictures", str(run)], capsys)["files"]
    about = json_of(["inspect", str(run)], capsys)["run"]
    assert (about["done"], about["wanted"], about["of"], about["finished"]) == (3, 3, "epochs", True)


def test_the_result_of_a_run_is_one_object_and_nothing_else(tmp_path, capsys):
    made = json_of(["train", *QUICK, "--run", str(tmp_path / "r")], capsys)
    assert made["epoch"] == 2 and made["unit"] == "%" and made["neurons"]["hidden1"] == 4
    assert json_of(["resume", str(tmp_path / "r")], capsys)["test_error"] == made["test_error"]


def test_json_beside_a_file_on_standard_output_goes_to_standard_error(tmp_path):
    mlp([2, 1], seed=0).save(tmp_path / "net.safetensors")
    words = ["export", tmp_path / "net.safetensors", "--to", "json", "--out", "-", "--json"]
    done = subprocess.run([*NEUROGRAPH, *words], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["nodes"] and json.loads(done.stderr)["format"] == "json"


def test_a_pipe_gets_the_result_alone_and_progress_where_it_is_asked_for(tmp_path):
    words = [*NEUROGRAPH, "train", *QUICK, "--run"]
    quiet = subprocess.run([*words, tmp_path / "a"], capture_output=True, text=True, check=True)
    assert len(quiet.stdout.splitlines()) == 1 and not quiet.stderr
    asked = subprocess.run([*words, tmp_path / "b", "--progress"], capture_output=True, text=True, check=True)
    assert len(asked.stdout.splitlines()) == 1 and asked.stderr.startswith("epoch    1 |")


def test_a_terminal_beside_a_pipe_shows_how_long_it_takes(tmp_path):
    master, terminal = pty.openpty()
    words = [*NEUROGRAPH, "train", *QUICK, "--run", str(tmp_path / "a")]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=terminal, text=True, check=True)
    os.close(terminal)
    seen = b""
    with suppress(OSError):  # a terminal that nobody writes to any more
        while part := os.read(master, 4096):
            seen += part
    os.close(master)
    assert b"2 of 2" in seen and b"time" in seen and len(done.stdout.splitlines()) == 1


def test_quiet_and_progress_exclude_each_other(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "--quiet", "--progress"])
    assert "not allowed with" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------- words
def everything_with_choices():
    for name, parser in COMMANDS.items():
        for action in parser._actions:
            if action.choices and action.option_strings and not isinstance(action, argparse._SubParsersAction):
                yield name, action.option_strings[-1], sorted(map(str, action.choices))[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_slip_in_a_command_or_a_flag_is_answered_with_the_word_that_was_meant(name, capsys):
    with pytest.raises(SystemExit):
        cli.main([f"{name[:-1]}x{name[-1]}"])
    assert f"(did you mean '{name}'?)" in capsys.readouterr().err
    flags = [flag for flag in words_of(COMMANDS[name]) if len(flag) > 6]
    needed = [*["nothing"] * sum(not action.option_strings for action in COMMANDS[name]._actions)]
    needed += ["--graph", "nothing"] if any(a.required and a.option_strings for a in COMMANDS[name]._actions) else []
    needed = ["bash"] if name == "completion" else needed
    for flag in flags[:2] + flags[-2:]:
        with pytest.raises(SystemExit):
            cli.main([name, *needed, f"{flag[:-2]}{flag[-1]}{flag[-2]}x=1"])
        assert "did you mean '--" in capsys.readouterr().err, flag


@pytest.mark.parametrize(("name", "flag", "right"), list(everything_with_choices()))
def test_a_slip_in_a_choice_is_answered_with_the_choice_that_was_meant(name, flag, right, capsys):
    with pytest.raises(SystemExit):
        cli.main([name, flag, right + "x"])
    assert f"did you mean '{right}'?" in capsys.readouterr().err


def test_other_names_have_their_neighbours_named_too(tmp_path, capsys):
    mlp([2, 1], seed=0).save(tmp_path / "net.safetensors")
    for words, meant in (
        (["train", "--data", "digist"], "digits"),
        (["train", "--set", "epohcs=3"], "epochs"),
        (["search", "--set", "finl.epochs=3"], "final"),
        (["export", str(tmp_path / "net.safetensors"), "--to", "graphlm"], "graphml"),
        (["import", str(tmp_path / "x.json"), "--from", "grahpml"], "graphml"),
    ):
        assert cli.main(words) == 2
        assert f"did you mean '{meant}'?" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------- help, completion
def test_help_lists_every_command_in_a_group_and_every_option_in_one_with_its_default(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in COMMANDS) and "train and grow:" in text
    with pytest.raises(SystemExit):
        cli.main(["metabolize", "--help"])
    text = capsys.readouterr().out
    for group in ("network:", "data:", "run:", "training options:", "growing options:", "metabolism options:"):
        assert f"\n{group}\n" in text
    options = " ".join(text[text.index("training options:") :].split())
    assert options.count("default ") >= options.count("VALUE ")


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_every_command_and_flag(shell):
    text = script(shell, COMMANDS)
    for name, parser in COMMANDS.items():
        assert name in text
        for flag in words_of(parser):
            assert (flag if shell != "fish" else f"-l {flag[2:]}") in text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["metab"], ["metabolize", "metabolize-stream"]),
        (["train", "--sched"], ["--schedule"]),
        (["train", "--schedule", "co"], ["constant", "cosine"]),
        (["metabolize-stream", "--stream", "perm"], ["permuted_pixels"]),
    ],
)
def test_bash_completes(words, found, tmp_path):
    (tmp_path / "script").write_text(script("bash", COMMANDS))
    line = (
        f"source {tmp_path / 'script'}; COMP_WORDS=(neurograph {' '.join(words)}); COMP_CWORD={len(words)}; "
        '_neurograph; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.split() == found
