import io

from rich.console import Console

from compiler.inspection import inspect
from neurograph.builders import mlp
from search import cli
from search.commands.inspect import show
from search.runs import create_run


def test_a_file_in_one_screen(tmp_path, capsys):
    mlp([4, 3, 2], seed=0).save(tmp_path / "net.safetensors")
    assert cli.main(["inspect", str(tmp_path / "net.safetensors"), "--batch-size", "32"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("9 neurons, 18 synapses, 23 parameters, depth 2\n")
    assert "with 32 rows" in printed and "Populations" in printed and "Wiring" in printed and "Growth" in printed
    assert "\x1b" not in printed


def test_a_run_says_how_far_it_is(tmp_path, capsys):
    run = create_run(tmp_path / "run", {"command": "metabolize", "data": "digits", "options": {"epochs": 60}})
    mlp([4, 3, 2], seed=0).save(run.graph)
    run.log_metrics({"epoch": 1, "train_error": 50.0, "validation_error": None, "parameters": 20})
    run.log_metrics({"epoch": 2, "train_error": 12.5, "validation_error": 14.0, "parameters": 23})
    assert cli.main(["inspect", str(run.path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == [
        "metabolize on digits: 2 of 60 epochs",
        "error: train 12.50%, validation 14.00%",
        "parameters: 20 after the first epoch, 23 now",
    ]


def test_a_run_that_has_just_begun(tmp_path, capsys):
    run = create_run(tmp_path / "run", {"command": "expand", "data": "digits", "options": {"epochs": 3}})
    mlp([2, 1]).save(run.graph)
    assert cli.main(["inspect", str(run.path)]) == 0
    assert capsys.readouterr().out.startswith("expand on digits: 0 of 3 epochs\n")


def test_a_terminal_gets_tables_and_names_stay_text():
    graph = mlp([4, 3, 2], names=["[bold]x[/bold]", "h", "y"], seed=0)
    shown = io.StringIO()
    show(inspect(graph), ["a run"], Console(file=shown, force_terminal=True, width=160, color_system="truecolor"))
    printed = shown.getvalue()
    assert "\x1b[" in printed and "[bold]x[/bold]" in printed and "a run" in printed


def test_what_is_not_there_is_one_line(tmp_path, capsys):
    assert cli.main(["inspect", str(tmp_path / "none.safetensors")]) == 2
    assert cli.main(["inspect", str(tmp_path)]) == 2
    assert "is not a run directory" in capsys.readouterr().err
