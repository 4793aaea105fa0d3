"""What people ask the command line first: its version, how a run's network would run, what an option is called."""

import pytest
from neurograph.search.cli import main

import neurograph
from neurograph import search
from neurograph.builders import mlp
from neurograph.errors import OptionError


def test_the_version_is_said_alike_everywhere(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"neurograph {neurograph.__version__}\n"
    assert neurograph.__version__[0].isdigit()


def test_a_run_is_compiled_like_its_graph(tmp_path, capsys):
    made = search.train(mlp([64, 4, 10], seed=0), "digits:200", epochs=1, run=tmp_path / "run")
    assert main(["compile", str(made.run)]) == 0
    of_run = capsys.readouterr().out
    made.graph.save(tmp_path / "graph.safetensors")
    assert main(["compile", str(tmp_path / "graph.safetensors")]) == 0
    assert of_run == capsys.readouterr().out


@pytest.mark.parametrize(("wrong", "right"), [("learning_rte", "learning_rate"), ("epoch", "epochs")])
def test_a_slip_in_an_options_name_is_answered_by_what_was_meant(wrong, right):
    with pytest.raises(OptionError, match=rf"no option '{wrong}' \(did you mean '{right}'\?\)"):
        search.train(mlp([64, 4, 10], seed=0), "digits:200", **{wrong: 1})
