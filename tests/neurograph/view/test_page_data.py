"""What goes into a page, unpacked as a browser does and held against the graph itself."""

import base64
import gzip
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

import neurograph.view
from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.analysis.timeline import timeline
from neurograph.builders import lenet4, mlp
from neurograph.errors import FileError, OptionError
from neurograph.view import bundles, view
from neurograph.view import page_data as content_
from neurograph.view.packing import pack
from neurograph.view.page_data import content
from tests.neurograph.view.histories import HOSTILE, epochs_on, grown, hostile, metrics


def unpack(text):
    raw = gzip.decompress(base64.b64decode(text))
    length = struct.unpack("<I", raw[:4])[0]
    data, at, arrays = json.loads(raw[4 : 4 + length]), 4 + length, {}
    for name, kind, count in data["arrays"]:
        wide = np.dtype(kind).itemsize
        planes = np.frombuffer(raw[at : at + wide * count], np.uint8).reshape(wide, count)
        arrays[name] = np.ascontiguousarray(planes.T).view("<" + kind).reshape(-1)
        at += wide * count
    assert at == len(raw)
    return data, arrays


def data_of(page):
    return unpack(re.search(r'id="data">([A-Za-z0-9+/=]*)</script>', page).group(1))


def synapses_in(data, arrays):
    """{(name, name): weight}"""
    names = data["names"]
    ends = zip(arrays["source"].tolist(), arrays["target"].tolist(), strict=True)
    return {(names[u], names[v]): weight for (u, v), weight in zip(ends, arrays["weight"].tolist(), strict=True)}


def test_packing_keeps_numbers():
    rng = np.random.default_rng(0)
    arrays = {
        "small": np.array([0, 200]),
        "middle": np.array([0, 65_535]),
        "large": np.array([0, 70_000]),
        "bytes": np.array([-127, 127], np.int8),
        "floats": np.concatenate([rng.normal(size=500), [0.0, -0.0, np.nan, 1e-30, -3e30]]),
        "none": np.zeros(0),
    }
    data, back = unpack(pack({"x": "ä\u2028</script>"}, arrays))
    assert data["x"] == "ä\u2028</script>"
    assert [kind for _, kind, _ in data["arrays"]] == ["u1", "u2", "u4", "i1", "f4", "f4"]
    for name in ("small", "middle", "large", "bytes"):
        assert back[name].tolist() == arrays[name].tolist()
    assert back["floats"] == pytest.approx(arrays["floats"], rel=1 / 8000, abs=0, nan_ok=True)
    assert len(back["none"]) == 0


def test_a_page_holds_every_neuron_and_synapse(tmp_path):
    g = mlp([6, 5, 3], seed=0)
    data, arrays = data_of(g.view(tmp_path / "p.html").read_text(encoding="utf-8"))
    assert data["living"] == [14, 45]
    found = synapses_in(data, arrays)
    assert found.keys() == {(str(u), str(v)) for u, v in g.edges}
    for u, v, weight in g.edges(data="weight"):
        assert found[str(u), str(v)] == pytest.approx(weight, rel=1 / 8000)
    kinds = [data["kinds"][code] for code in arrays["kind"]]
    assert {name: kind["activation"] for name, kind in zip(data["names"], kinds, strict=True)} == {
        str(n): g.nodes[n]["activation"] for n in g
    }
    assert arrays["fan_in"].tolist() == [g.in_degree[int(n)] for n in data["names"]]


def test_bundles_tell_of_all_their_weights():
    g = mlp([40, 30, 5], seed=0)
    found = content(g).data["bundles"]
    weights = np.array([w for u, v, w in g.edges(data="weight") if v < 70])
    first = found[0]
    assert (first["living"], first["count"], first["zeros"]) == (1200, 1200, 0)
    assert (first["mean"], first["deviation"]) == pytest.approx((weights.mean(), weights.std()), rel=1e-4)
    assert (first["least"], first["most"]) == pytest.approx((weights.min(), weights.max()), rel=1e-4)
    assert sum(first["histogram"]) == 1200
    positive = sum(first["histogram"][21:]) + first["histogram"][20]
    assert abs(positive - (weights > 0).sum()) <= first["histogram"][20]


def test_kernels_go_in_and_their_histogram_counts_every_number():
    g = lenet4(seed=0)
    made = content(g)
    of, data = made.arrays, made.data
    at = int(np.flatnonzero(of["kernel"] > 0)[0])
    rows, columns = of["kernel_sides"].reshape(-1, 2)[of["kernel_shape"][at]]
    start = of["kernel"][at] - 1
    u, v = (data["names"][of[end][at]] for end in ("source", "target"))
    kernel = g[int(u)][int(v)]["weight"]
    assert kernel.shape == (rows, columns)
    byte = of["kernels"][start : start + rows * columns].reshape(rows, columns)
    assert np.abs(byte / 127 * np.abs(kernel).max() - kernel).max() <= np.abs(kernel).max() / 250
    numbers = {}
    for a, b, weight in g.edges(data="weight"):
        ends = g.nodes[a]["population"], g.nodes[b]["population"]
        numbers[ends] = numbers.get(ends, 0) + (0 if weight is None else np.size(weight))
    names = [p["name"] for p in data["populations"]]
    assert {(names[b["source"]], names[b["target"]]): sum(b["histogram"]) for b in data["bundles"]} == numbers


def test_what_is_too_much_is_said(monkeypatch):
    g = mlp([30, 20, 10], seed=0)
    made = content(g, limit=300)
    assert sum(b["count"] for b in made.data["bundles"]) == 300
    assert made.data["notes"] == ["the strongest 300 of 800 synapses are in the page; histograms count them all"]
    assert [sum(b["histogram"]) for b in made.data["bundles"]] == [600, 200]
    held = np.abs(made.arrays["weight"][:150])
    every = np.sort([abs(w) for u, v, w in g.edges(data="weight") if v < 50])
    assert sorted(held) == pytest.approx(every[-150:])
    monkeypatch.setattr(bundles, "LINES", 500)
    monkeypatch.setattr(content_, "DOTS", 35)
    notes = content(g).data["notes"]
    assert notes[0] == "1 bundle is drawn whole; a neuron's synapses show when it is pointed at"
    assert notes[1] == "drawn as a whole, without single neurons: input"
    assert [p["closed"] for p in content(g).data["populations"]] == [True, False, False]


def test_the_timeline_follows_epochs():
    g, _ = grown()
    epochs_on(g)
    data = timeline(g.journal, metrics())
    assert data["axis"] == "epoch"
    assert [int(entry["at"]) for entry in data["entries"]] == [2, 4, 6, 8, 10]
    assert data["end"] == 12
    assert data["curves"]["validation_error"][0] == pytest.approx(63.0)
    assert data["entries"][0]["details"]["loss_before"] == "0.5"
    assert data["entries"][0]["options"]["population"] == "hidden1"
    counts = [entry["counts"] for entry in data["entries"]]
    assert [c[:2] for c in counts] == [[3, 0], [0, 2], [1, 0], [0, 0], [2, 0]]


def test_several_entries_of_one_epoch_come_one_after_the_other():
    g, _ = grown()
    for entry in g.journal:
        entry.details["event"] = {"epoch": 3}
    places = [entry["at"] for entry in timeline(g.journal, metrics())["entries"]]
    assert places == sorted(set(places))
    assert 3 < places[0] < places[-1] < 4


def test_without_epochs_the_timeline_counts_edits():
    g, _ = grown()
    data = timeline(g.journal)
    assert (data["axis"], [entry["at"] for entry in data["entries"]], data["curves"]) == ("edit", [1, 2, 3, 4, 5], {})
    with pytest.raises(OptionError, match="'epoch'"):
        timeline(g.journal, [{"train_error": 3.0}])


def test_gradients_go_to_their_own_synapses(tmp_path):
    g = mlp([3, 2], seed=0)
    ids = np.sort(g.arrays().ids)[:4]
    seen = Observations(
        np.sort(g.keys_of(list(g))), np.zeros(5), np.arange(5.0), ids, np.arange(1.0, 5.0), np.zeros(4), np.zeros(4)
    )
    made = content(g, observations=seen)
    rows = g.table.rows_of(ids)
    expected = {
        (str(u), str(v)): float(at + 1)
        for at, (u, v) in enumerate(zip(g.names_of(g.table.src[rows]), g.names_of(g.table.dst[rows]), strict=True))
    }
    names = made.data["names"]
    for u, v, gradient in zip(made.arrays["source"], made.arrays["target"], made.arrays["gradient"], strict=True):
        assert gradient == pytest.approx(expected.get((names[u], names[v]), np.nan), nan_ok=True)


def test_names_are_never_markup(tmp_path):
    page = hostile().view(tmp_path / "p.html").read_text(encoding="utf-8")
    for name in HOSTILE[:3]:
        assert name not in page
    assert page.count("</script>") == page.count("<script") == 4
    assert "{{" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    data, _ = data_of(page)
    assert set(data["names"]) >= set(HOSTILE[:3])
    assert data["title"] == data["names"][3] == "\ufffd \ufffd \ufffd `${1}`"  # what no page can hold
    html = hostile()._repr_html_()
    assert "<script" not in html
    assert "<img" not in html


def test_a_policy_lets_only_the_pages_own_scripts_run(tmp_path):
    import hashlib

    page = mlp([2, 1], seed=0).view(tmp_path / "p.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 3
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"unsafe-(eval|hashes)|script-src[^;]*unsafe-inline", policy)
    assert "sourceMappingURL" not in page


def test_a_page_that_is_there_stays_unless_forced(tmp_path):
    g, path = mlp([2, 1], seed=0), tmp_path / "p.html"
    assert view(g, path) == path
    before = path.read_bytes()
    with pytest.raises(FileError, match="there already"):
        g.view(path, title="Another")
    assert path.read_bytes() == before
    g.view(path, title="Another & <better>", force=True)
    assert "<title>Another &amp; &lt;better&gt;</title>" in path.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["p.html"]


def test_the_same_graph_makes_the_same_page(tmp_path):
    pages = [mlp([4, 3, 2], seed=0).view(tmp_path / f"{at}.html").read_bytes() for at in range(2)]
    assert pages[0] == pages[1]


def test_what_cannot_be_shown_is_refused(tmp_path):
    with pytest.raises(OptionError, match="no neurons"):
        NeuronGraph().view(tmp_path / "p.html")
    with pytest.raises(OptionError, match="max_synapses"):
        mlp([2, 1]).view(tmp_path / "p.html", max_synapses=-1)
    with pytest.raises(FileError, match="no folder"):
        mlp([2, 1]).view(tmp_path / "nowhere" / "p.html")
    assert not list(tmp_path.iterdir())


def test_a_notebook_shows_a_small_picture():
    html = grown()[0]._repr_html_()
    assert "27 neurons, 132 synapses" in html
    assert "5 edits in its journal" in html
    assert "<svg" in html
    assert len(html) < 60_000
    assert "<svg" not in NeuronGraph()._repr_html_()
    assert len(mlp([100, 400, 400, 10], seed=0)._repr_html_()) < 120_000


def test_the_headline_counts_what_the_journal_says():
    g, moments = grown()
    data = content(g, test_error=3.1).data
    changed = [entry for entry in g.journal if any(entry.counts().values())]
    assert data["headline"] == f"{len(moments[0])} → {len(g)} neurons, {len(changed)} events, test error 3.10 %"
    assert content(moments[0]).data["headline"] == ""


def test_the_policy_of_pages_is_written_in_one_place():
    folder = Path(neurograph.view.__file__).parent / "assets"
    assert [path.name for path in folder.iterdir() if "Content-Security-Policy" in path.read_text()] == [
        "document.html"
    ]
