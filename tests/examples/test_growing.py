"""The examples of growing, splitting and pruning, in small: they run to their end and leave what they promise."""

import importlib.util
from pathlib import Path

import pytest
import torch

from search.runs import open_run

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def threads():
    """The examples set torch's thread count, which is for the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_metanet(tmp_path, capsys):
    pictures = example("metanet").main(epochs=6, run=tmp_path / "run")
    assert {p.name for p in pictures.iterdir()} == {"growth.png", "topology.png", "weights.png"}
    told = capsys.readouterr().out
    grown, large = (open_run(tmp_path / "run" / name) for name in ("grown", "large"))
    assert large.metrics()[0]["parameters"] > grown.metrics()[0]["parameters"]
    assert f"{grown.config()['result']['test_error']:.2f}%" in told
    assert str(pictures / "growth.png") in told


def test_self_expanding(tmp_path, capsys):
    pictures = example("self_expanding").main(epochs=14, run=tmp_path / "run")
    assert {p.name for p in pictures.iterdir()} == {"growth.png", "topology.png", "scores.png", "comparison.png"}
    told = capsys.readouterr().out
    rows = open_run(tmp_path / "run" / "grown").metrics()
    assert [row["event"]["kind"] for row in rows if row["event"]] == ["expansion", "pruning"]
    assert f"{rows[-1]['parameters']:,}   split where the gradient asks" in told


def test_small_network(tmp_path, capsys):
    picture = example("small_network").main("digits:400", epochs=8, out=tmp_path / "picture.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert "20 synapses have become neurons" in told
    sizes = [int(line.split("%")[1].split()[0].replace(",", "")) for line in told.splitlines() if "pruned" in line]
    assert len(sizes) == 8
    assert sizes[0] > sizes[3] < 400
