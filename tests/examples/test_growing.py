"""The examples of growing, splitting and pruning, in small: they run to their end and leave what they promise."""

from search.runs import open_run


def test_metanet(example, tmp_path, capsys):
    pictures = example("metanet").main(epochs=6, run=tmp_path / "run")
    assert {p.name for p in pictures.iterdir()} == {"growth.png", "topology.png", "weights.png"}
    shown = capsys.readouterr().out
    grown, large = (open_run(tmp_path / "run" / name) for name in ("grown", "large"))
    assert large.metrics()[0]["parameters"] > grown.metrics()[0]["parameters"]
    assert f"{grown.config()['result']['test_error']:.2f}%" in shown
    assert str(pictures / "growth.png") in shown


def test_self_expanding(example, tmp_path, capsys):
    pictures = example("self_expanding").main(epochs=14, run=tmp_path / "run")
    assert {p.name for p in pictures.iterdir()} == {"growth.png", "topology.png", "scores.png", "comparison.png"}
    shown = capsys.readouterr().out
    rows = open_run(tmp_path / "run" / "grown").metrics()
    assert [row["event"]["kind"] for row in rows if row["event"]] == ["expansion", "pruning"]
    assert f"{rows[-1]['parameters']:,}   split where the gradient asks" in shown


def test_small_network(example, tmp_path, capsys):
    picture = example("small_network").main("digits:400", epochs=8, out=tmp_path / "picture.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert "20 synapses have become neurons" in shown
    sizes = [int(line.split("%")[1].split()[0].replace(",", "")) for line in shown.splitlines() if "pruned" in line]
    assert len(sizes) == 8
    assert sizes[0] > sizes[3] < 400


def test_compnet(example, tmp_path, capsys):
    example("compnet").main(["--data", "digits:400", "--epochs", "2", "--keep", "20", "--out", str(tmp_path)])
    assert "algorithm 3" in capsys.readouterr().out
    assert len(list(tmp_path.rglob("*.png"))) == 2
