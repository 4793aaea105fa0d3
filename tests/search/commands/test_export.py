import json
import subprocess
import sys

import networkx as nx
import pytest

from neurograph.builders import mlp
from neurograph.edits import SplitEdge
from neurograph.files import EXPORTS
from search import cli
from search.runs import create_run


@pytest.fixture
def saved(tmp_path):
    graph = mlp([3, 2, 1], seed=0)
    graph.apply(SplitEdge(0, 3))
    graph.save(tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def test_a_format_goes_beside_the_graph(saved, capsys):
    assert cli.main(["export", str(saved), "--to", "graphml"]) == 0
    printed = capsys.readouterr().out
    assert (
        printed == f"wrote {saved.with_suffix('.graphml')}\nleft out: the journal (1 entry), which graph.save keeps\n"
    )
    assert len(nx.read_graphml(saved.with_suffix(".graphml"))) == 7


def test_a_folder_has_a_name_of_its_own(saved):
    assert cli.main(["export", str(saved), "--to", "pytorch"]) == 0
    assert (saved.with_name("net_pytorch") / "model.py").exists()


def test_an_ending_says_the_format(saved, tmp_path):
    assert cli.main(["export", str(saved), "--out", str(tmp_path / "there.cyjs")]) == 0
    assert json.loads((tmp_path / "there.cyjs").read_text())["elements"]["nodes"]


def test_nothing_is_written_over_without_force(saved, capsys):
    target = saved.with_suffix(".json")
    target.write_text("mine")
    words = ["export", str(saved), "--to", "json"]
    assert cli.main(words) == 2
    assert "is there already" in capsys.readouterr().err and target.read_text() == "mine"
    assert cli.main([*words, "--force"]) == 0
    assert target.read_text() != "mine"


@pytest.mark.parametrize("words", [["--to", "pdf"], ["--out", "net.pdf"], []])
def test_unknown_formats_name_those_there_are(saved, capsys, words):
    assert cli.main(["export", str(saved), *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(repr(name) in error for name in EXPORTS)


def test_a_run_directory_stands_for_its_graph(tmp_path):
    run = create_run(tmp_path / "run", {"command": "metabolize"})
    mlp([2, 1]).save(run.graph)
    assert cli.main(["export", str(run.path), "--to", "csv"]) == 0
    assert (run.path / "graph.csv").exists()


def test_the_help_lists_the_formats(capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    shown = capsys.readouterr().out
    assert all(f"  {name:<9} {found.about}" in shown for name, found in EXPORTS.items())


def neurograph(*words, **options):
    return subprocess.run([sys.executable, "-m", "neurograph", *map(str, words)], capture_output=True, **options)


@pytest.mark.parametrize("out", ["-", "/dev/stdout"])
def test_standard_output_holds_the_file_and_nothing_else(saved, out):
    done = neurograph("export", saved, "--to", "json", "--out", out)
    assert done.returncode == 0 and len(nx.node_link_graph(json.loads(done.stdout))) == 7
    assert done.stderr.decode().splitlines()[0] == "wrote /dev/stdout"


def test_a_page_goes_to_standard_output(saved, capfdbinary):
    assert cli.main(["view", str(saved), "--out", "-"]) == 0
    printed = capfdbinary.readouterr()
    assert printed.out.startswith(b"<!doctype html>") and printed.out.rstrip().endswith(b"</html>")
    assert b"wrote /dev/stdout; open it" in printed.err


@pytest.mark.parametrize("format", ["onnx", "pt2"])
def test_exporters_of_torch_say_nothing_on_standard_output(saved, format, capfdbinary, tmp_path):
    pytest.importorskip("onnxscript")
    assert cli.main(["export", str(saved), "--to", format, "--out", str(tmp_path / "file")]) == 0
    capfdbinary.readouterr()
    assert cli.main(["export", str(saved), "--to", format, "--out", "-"]) == 0
    assert abs(len(capfdbinary.readouterr().out) - (tmp_path / "file").stat().st_size) < 100
