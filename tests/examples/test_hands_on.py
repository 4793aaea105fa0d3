"""Edit by hand, train a random field, export and view, in small: they run to their end and leave what they promise."""

import pytest

from neurograph import NeuronGraph
from neurograph.files import EXPORTS


def test_edit_by_hand(example, tmp_path, capsys):
    picture = example("edit_by_hand").main(steps=250, out=tmp_path / "run")
    assert picture.read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out.splitlines()
    before, after = (float(line.split("%")[0].split()[-1]) for line in shown[:2])
    assert before > 30 and after < 3
    assert len(NeuronGraph.load(tmp_path / "run" / "graph.safetensors")) == 6
    assert "undone again, the graph has 3 neurons and 2 synapses" in shown


def test_random_field(example, tmp_path, capsys):
    sizes = {"neurons": 200, "fan_in": 8, "levels": 4, "epochs": 2}
    pictures = example("random_field").main(data="digits", out=tmp_path / "run", **sizes)
    assert [path.name for path in pictures] == ["adjacency.png", "distributions.png"]
    assert all(path.exists() for path in pictures)
    g = NeuronGraph.load(tmp_path / "run" / "graph.safetensors")
    shown = capsys.readouterr().out
    assert g.number_of_edges() == (200 - 64) * 8 // 2
    assert "dense, 14 hidden neurons" in shown  # of 74 synapses each: about as many as the field's 1,088
    assert "trained on" in shown and f"{g.number_of_edges():,} synapses in 2 stages" in shown


def test_never_stops_learning(example, tmp_path, capsys):
    picture = example("never_stops_learning").main(tasks=2, images=64, passes=20, out=tmp_path / "run")
    assert picture.read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out.splitlines()
    assert [line.split(" first task")[0].strip() for line in told[:4]] == [
        "fixed, learning rate 0.0005", "fixed, learning rate 0.001", "fixed, learning rate 0.002", "metabolism",
    ]  # fmt: skip


def test_export_and_view(example, tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    module = example("export_and_view")
    module.GROWTH |= {"first_cycle": 2, "cycle": 2, "slope": 10.0}  # grows in every cycle
    out = module.main(epochs=4, out=tmp_path / "run")
    shown = capsys.readouterr().out
    there = {path.name for path in out.iterdir()}
    assert {"page.html", "adjacency.png", "distributions.png", "growth.gif", "graph.safetensors"} <= there
    endings = {found.endings[0] for found in EXPORTS.values() if found.endings} - {"dot"}
    assert {f"digits.{ending}" for ending in endings} | {"digits_pytorch"} <= there
    assert "refused" in shown and "digits.dot" not in there
    assert shown.count("at most") >= 3  # what runs agrees with the network


def test_lift_and_prune(example, tmp_path, capsys):
    example("lift_and_prune").main(["--epochs", "1", "--width", "8", "--out", str(tmp_path)])
    assert str(tmp_path / "before_and_after.svg") in capsys.readouterr().out
    assert (tmp_path / "before_and_after.svg").read_text().startswith("<?xml")
    verbs = [entry.verb for entry in NeuronGraph.load(tmp_path / "graph.safetensors").journal]
    assert verbs.count("Autophagy") == 3


def test_evolve_xor(example, capsys):
    example("evolve_xor").main(generations=20, population=30)
    told = capsys.readouterr().out.splitlines()
    generations = [line for line in told if not line.startswith("generation")]
    errors = [float(line.split()[1]) for line in generations]
    assert errors[-1] <= 0.01 and errors == sorted(errors, reverse=True)
    assert "from the start" in told[-1] and len(told) > len(generations)


@pytest.mark.parametrize("partial", [False, True])
def test_evolve_cartpole(example, capsys, partial):
    pytest.importorskip("gymnasium")
    found = example("evolve_cartpole").main(partial, generations=1, population=6, episodes=1)
    assert 8 <= found.best.fitness.values[0] <= 500 and "on 100 new episodes" in capsys.readouterr().out


def test_evolve_digits(example, tmp_path, capsys):
    sizes = {"population": 8, "steps": 3, "out": tmp_path / "run"}
    picture = example("evolve_digits").main(generations=1, **sizes)
    assert picture.read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    example("evolve_digits").main(generations=2, **sizes)  # goes on
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("generation 2: at best ")
    synapses = [int(line.split()[0]) for line in told[1:]]
    assert synapses == sorted(synapses) and len(synapses) > 1
