from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp
from search import cli
from search.runs import open_run


def test_the_command_prunes_a_saved_graph(tmp_path, capsys):
    enas_macro([["conv3"]], channels=4, segments=1, inputs=1, size=8).save(tmp_path / "net.safetensors")
    words = ["--graph", str(tmp_path / "net.safetensors"), "--data", "digits:100", "--run", str(tmp_path / "run")]
    settings = ["--progress", "--epochs", "3", "--settle", "1", "--ratio", "0.5", "--batch-size", "50"]
    assert cli.main(["prune-network", *words, *settings]) == 0
    printed = "".join(capsys.readouterr())
    assert "9 of 20 kernels masked" in printed
    assert "-10 of 20 kernels" in printed
    assert "test error" in printed
    run = open_run(tmp_path / "run")
    assert run.config()["command"] == "prune-network"
    assert not run.damage()
    assert [entry["verb"] for entry in run.journal()] == ["PruneKernels"]
    assert [entry.verb for entry in NeuronGraph.load(run.graph).journal] == ["PruneKernels"]
    assert (run.pictures / "growth.png").stat().st_size > 0


def test_what_cannot_be_pruned_is_told(tmp_path, capsys):
    mlp([64, 4, 10]).save(tmp_path / "net.safetensors")
    assert cli.main(["prune-network", "--graph", str(tmp_path / "net.safetensors"), "--run", str(tmp_path / "r")]) == 2
    assert "no kernels to prune" in capsys.readouterr().err
