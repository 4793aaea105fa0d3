import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import search
from neurograph.builders import lenet4, mlp
from neurograph.errors import FileError
from search import cli
from search.growth.expansion import PRESETS, ExpandOptions
from search.growth.metabolism import MetabolizeOptions
from search.growth.method import Method
from search.growth.options import GrowingOptions
from search.runs import create_run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def asked(monkeypatch):
    """What the commands ask of the public functions, which are replaced."""
    calls = []

    def answer(name):
        def ask(*args, **kw):
            method, *args = args if name is None else (None, *args)
            calls.append((name or method.command, tuple(args), kw))
            return SimpleNamespace(test_error=12.5, run=kw.get("run", args[0]))

        return ask

    monkeypatch.setattr(search, "resume", answer("resume"))
    monkeypatch.setattr(Method, "__call__", answer(None))
    return calls


def _sizes(graph):
    return [len(names) for names in graph.populations.values()]


def test_metabolize_hands_over_graph_data_options_and_directory(asked, tmp_path, capsys):
    (tmp_path / "o.toml").write_text("epochs = 4\ncycle = 3\nseed = 1\n")
    words = ["--hidden", "16", "8", "--config", str(tmp_path / "o.toml"), "--set", "cycle=7", "--set", "slope=0.5"]
    status = cli.main(
        ["metabolize", *words, "--slope", "0.25", "--learning-rate=0.1", "--run", str(tmp_path / "r"), "--force"]
    )
    assert status == 0
    [(name, (graph, data, options), keywords)] = asked
    assert name == "metabolize"
    assert graph.wiring_digest() == mlp([64, 16, 8, 10], activation="relu").wiring_digest()
    assert data.name == "digits"
    assert data.input_shape == (1, 8, 8)  # a graph of maps takes images, and one of scalars is given rows later
    assert options == MetabolizeOptions(epochs=4, cycle=7, slope=0.25, learning_rate=0.1, seed=1)
    assert keywords == {"run": tmp_path / "r", "force": True, "progress": True}
    assert f"test error 12.50%; graph, journal, metrics and pictures lie in {tmp_path / 'r'}" in capsys.readouterr().out


def test_train_takes_a_graph_of_maps_and_a_part_of_the_data(asked, tmp_path):
    lenet4().save(tmp_path / "net.safetensors")
    words = ["--graph", str(tmp_path / "net.safetensors"), "--data", "digits:100", "--epochs", "1"]
    assert cli.main(["train", *words]) == 0
    [(name, (_, data, options), keywords)] = asked
    assert (name, len(data.train_y), data.input_shape) == ("train", 100, (1, 8, 8))
    assert options == GrowingOptions(epochs=1)
    assert keywords["run"].name == "train-digits-100-1"


def test_expand_starts_without_hidden_layers(asked, tmp_path):
    words = ["--metric", "weight_square", "--set", "most=4", "--run", str(tmp_path / "r"), "--seed", "2"]
    assert cli.main(["expand", *words]) == 0
    [(name, (graph, data, options), keywords)] = asked
    assert (name, _sizes(graph), data.name) == ("expand", [64, 10], "digits")
    assert options == ExpandOptions(metric="weight_square", most=4, seed=2)
    assert keywords == {"run": tmp_path / "r", "force": False, "progress": True}
    assert cli.main(["expand", "--hidden", "8", "--run", str(tmp_path / "s")]) == 0
    assert _sizes(asked[1][1][0]) == [64, 8, 10]


def test_a_preset_gives_data_network_and_options_and_flags_win(asked, tmp_path):
    assert cli.main(["expand", "--preset", "linear-digits", "--most", "3", "--run", str(tmp_path / "r")]) == 0
    [(_, (graph, data, options), _)] = asked
    preset = PRESETS["linear-digits"]
    assert graph.wiring_digest() == preset.graph().wiring_digest()
    assert data.name == "digits"
    assert options == preset.options(most=3)
    assert options != ExpandOptions(most=3)


def test_a_run_directory_is_chosen_where_none_is_named(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "metabolize-digits-1").mkdir(parents=True)
    assert cli.main(["metabolize"]) == 0
    assert str(asked[0][2]["run"]) == "runs/metabolize-digits-2"


def test_resume_hands_over_the_directory(asked, tmp_path):
    assert cli.main(["resume", str(tmp_path)]) == 0
    assert asked == [("resume", (tmp_path,), {"progress": True})]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["metabolize", "--epochs", "many"], "epochs must be a whole number"),
        (["metabolize", "--set", "epoch=3"], "no option 'epoch'"),
        (["expand", "--threshold", "1.5"], "threshold must be a number, at least 0 and at most 1"),
        (["metabolize", "--data", "mnist", "--no-download", "--data-directory", "/nowhere"], "/nowhere/mnist"),
    ],
)
def test_errors_are_one_line_and_status_2(asked, capsys, words, message):
    assert cli.main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("neurograph: ")
    assert message in error
    assert error.count("\n") == 1
    assert not asked


def test_errors_of_the_work_itself_are_one_line_too(asked, monkeypatch, capsys):
    def fail(run, progress):
        raise FileError(f"{run} is not a run directory")

    monkeypatch.setattr(search, "resume", fail)
    assert cli.main(["resume", "elsewhere"]) == 2
    assert capsys.readouterr().err == "neurograph: elsewhere is not a run directory\n"


def test_an_interrupt_says_how_to_go_on(asked, monkeypatch, capsys, tmp_path):
    def interrupt(*args, run, **kw):
        if begun:
            create_run(run, {"command": "metabolize"}).save_checkpoint({})
        raise KeyboardInterrupt

    monkeypatch.setattr(Method, "__call__", interrupt)
    begun = False
    assert cli.main(["metabolize", "--run", str(tmp_path / "r")]) == 130
    error = capsys.readouterr().err
    assert "neurograph resume" not in error and "nothing to go on from" in error
    begun = True
    assert cli.main(["metabolize", "--run", str(tmp_path / "r")]) == 130
    assert f"neurograph resume {tmp_path / 'r'}" in capsys.readouterr().err


def test_an_interrupt_while_it_is_loaded_is_a_line_too(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nclass Stop:\n    def find_spec(self, name, *_):\n"
        "        if name == 'neurograph.search.cli':\n            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-m", "neurograph", "train"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 130 and done.stderr == "\nneurograph: stopped\n"


def test_compile_reports_on_a_saved_graph(tmp_path, capsys):
    mlp([4, 3, 2], activation="relu", seed=0).save(tmp_path / "net.safetensors")
    assert cli.main(["compile", str(tmp_path / "net.safetensors"), "--batch-size", "32"]) == 0
    assert "tuned for batches of 32" in capsys.readouterr().out
    assert cli.main(["compile", str(tmp_path / "elsewhere")]) == 2
    assert "elsewhere" in capsys.readouterr().err


def test_a_saved_graph_or_layers_to_start_from(asked, tmp_path):
    graph = mlp([64, 5, 10], activation="tanh", seed=3)
    graph.save(tmp_path / "net.safetensors")
    run = ["--run", str(tmp_path / "r")]
    assert cli.main(["metabolize", "--graph", str(tmp_path / "net.safetensors"), *run]) == 0
    assert cli.main(["metabolize", "--hidden", "5", "--activation", "tanh", "--seed", "3", *run]) == 0
    assert {call[1][0].wiring_digest() for call in asked} == {graph.wiring_digest()}
    saved, made = (list(call[1][0].edges(data="weight")) for call in asked)
    assert saved == made


def test_a_preset_takes_no_other_network(asked, capsys):
    assert cli.main(["expand", "--preset", "linear-digits", "--hidden", "8"]) == 2
    assert "--preset brings a network of its own" in capsys.readouterr().err
    assert not asked


def test_every_option_has_a_flag_with_its_range(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["metabolize", "--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--growth-limit VALUE neurons a population never grows beyond (a whole number or a table of names" in text
    assert "--momentum VALUE of sgd (a number, at least 0 and below 1; default 0.9)" in text


def test_the_package_starts_the_command_line():
    done = subprocess.run([sys.executable, "-m", "neurograph", "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "invalid choice: 'nonsense'" in done.stderr
