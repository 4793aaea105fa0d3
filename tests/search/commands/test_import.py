"""`neurograph import`: a saved graph out of another program's file."""

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.files import export
from search import cli


def test_a_file_becomes_a_saved_graph_beside_it(tmp_path, capsys):
    export(mlp([4, 3, 2], seed=5), tmp_path / "net.json")
    assert cli.main(["import", str(tmp_path / "net.json")]) == 0
    made = tmp_path / "net.safetensors"
    assert capsys.readouterr().out == f"wrote {made}: 9 neurons, 18 synapses\n"
    assert dict(NeuronGraph.load(made).edges) == dict(mlp([4, 3, 2], seed=5).edges)
    assert cli.main(["import", str(tmp_path / "net.json")]) == 2
    assert "--force writes over it" in capsys.readouterr().err
    assert cli.main(["import", str(tmp_path / "net.json"), "--from", "graphml", "--force"]) == 2
    assert "damaged" in capsys.readouterr().err
