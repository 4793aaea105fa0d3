"""Arrays that pack to next to nothing: files in which something stands behind them load, the others are refused."""

import base64
import zlib

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core import unpacked
from neurograph.core.codec import decode, encode, repeated_item
from neurograph.core.journal import Journal
from neurograph.edits import RemoveSynapses, SetValues
from neurograph.errors import FileError
from neurograph.files import container, packing
from neurograph.files.packing import pack

BIG = 2**18  # numbers: 2 MiB of float64, more than any text may claim here


@pytest.fixture
def graphs_come_back():
    """Nothing: the graphs of forged files are half made."""


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(unpacked, "LEAST", 2**16)


@pytest.fixture
def as_before(monkeypatch):
    """Files are written as they were when nothing was stored plainly for its reader's sake."""
    monkeypatch.setattr(packing, "back_claims", lambda text: None)


def kernels(side: int = 15, count: int = 45) -> NeuronGraph:
    """`count` squared synapses with kernels of noughts, all dead."""
    g = NeuronGraph()
    g.add_population("in", count, role="input", shape=(16, 16))
    g.add_population("out", count, shape=(16, 16))
    source, target = np.divmod(np.arange(count**2), count)
    g.add_edges_from_arrays(source, target + count, weight=np.zeros((count**2, side, side)), padding=(side - 1) // 2)
    g.restart_journal()
    g.apply(RemoveSynapses(list(g.edges)))
    return g


@pytest.mark.parametrize("fill", [0.0, 1.0, float("nan"), -0.0])
def test_attributes_of_one_number_load_whoever_wrote_them(fill, as_before, tmp_path):
    g, path = mlp([2, 1], seed=0), tmp_path / "net.safetensors"
    g.graph["mask"] = np.full(BIG, fill)
    g.apply(SetValues({1: {"mask": g.graph["mask"], "one": fill, "several": [fill, (fill,)]}}))
    g.save(path)
    assert path.stat().st_size < 2**16
    again = NeuronGraph.load(path)
    for found in (again.nodes[1]["mask"], again.graph["mask"]):
        assert found.dtype == float and found.shape == (BIG,) and np.array_equal(found[:9], np.full(9, fill), True)
        assert np.signbit(found[-1]) == np.signbit(fill)
    again.undo()
    assert not {"mask", "one", "several"} & set(again.nodes[1])  # none is taken for changed since, not even NaN


def test_histories_of_noughts_load_whoever_wrote_them(as_before, tmp_path):
    for name, g in (("kernels", kernels()), ("scalars", mlp([40, 40, 40], initializer="zeros"))):
        g.remove_edges_from(list(g.edges))
        g.remove_nodes_from(list(g)[50:])
        g.save(tmp_path / name)
        again = NeuronGraph.load(tmp_path / name)
        for graph in (g, again):
            while graph.journal:
                graph.undo()
        assert len(again.edges) == len(g.edges) > 1000
        assert again.wiring_digest() == g.wiring_digest()


def test_what_nothing_stands_for_is_stored_plainly(tmp_path):
    g, start = mlp([2, 1], seed=0), mlp([2, 1], seed=0)
    nearly = np.zeros(300_000)
    nearly[-1] = 1.0
    g.apply(SetValues({1: {"own": [nearly, (nearly,)]}}))
    g.save(tmp_path / "net.safetensors")
    g.journal.save(tmp_path / "history")
    start.replay(Journal.load(tmp_path / "history"))
    for graph in (NeuronGraph.load(tmp_path / "net.safetensors"), start):
        assert all(np.array_equal(each, nearly) for each in (graph.nodes[1]["own"][0], *graph.nodes[1]["own"][1]))


def packed(array: np.ndarray) -> list:
    return ["<f8", list(array.shape), base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()]


@pytest.mark.parametrize("odd", [lambda: np.repeat(np.arange(4.0), BIG), lambda: np.eye(1500), lambda: zeros_but_one()])
def test_odd_arrays_of_any_size_load_whoever_wrote_them(odd, as_before, tmp_path):
    g, path = mlp([2, 1], seed=0), tmp_path / "net.safetensors"
    g.graph["map"] = odd()
    g.apply(SetValues({1: {"map": odd()}}))
    g.save(path)
    assert path.stat().st_size < g.graph["map"].nbytes // 16
    again = NeuronGraph.load(path)
    assert np.array_equal(again.graph["map"], odd()) and np.array_equal(again.nodes[1]["map"], odd())
    again.graph["map"].flat[0] = 7.0  # which is a matter of this array alone
    assert again.nodes[1]["map"].flat[0] != 7.0 != NeuronGraph.load(path).graph["map"].flat[0]
    again.undo()
    assert "map" not in again.nodes[1]


@pytest.mark.parametrize("size", [2**20, 2**22 + 8, 2**60])
def test_odd_arrays_of_another_size_than_they_say_are_refused(size, tmp_path):
    content, path = pack(mlp([2, 1], seed=0)), tmp_path / "net.safetensors"
    parts = packed(np.repeat(np.arange(4.0), 2**17))
    content.text["attributes"]["map"] = {"$array": [parts[0], [size // 8], parts[2]]}
    container.write(path, content)
    with pytest.raises(FileError, match=r"net.safetensors.*does not hold"):
        NeuronGraph.load(path)


def many_ones(text):
    """Each is one number over and over, and has memory of its own once it is an attribute."""
    text["neuron_attributes"] = [[0, {"own": [{"$array": packed(np.ones(2**15))} for _ in range(20)]}]]


def test_many_attributes_of_one_number_are_read_back(tmp_path):
    g = mlp([2, 1], seed=0)
    g.graph["masks"] = [np.ones(2**15) for _ in range(20)]
    g.apply(SetValues({1: {"masks": [np.ones(2**15) for _ in range(20)]}}))
    g.save(tmp_path / "net.safetensors")
    again = NeuronGraph.load(tmp_path / "net.safetensors")
    again.undo()
    assert len(again.graph["masks"]) == 20 and "masks" not in again.nodes[1]


def zeros_but_one():
    array = np.zeros(16 * BIG)
    array[-1] = 1.0
    return array


def many_odd(text):
    """Each of them too small for a file of its own."""
    text["attributes"]["own"] = [{"$array": packed(np.repeat([1.0, 2.0], 2**15))} for _ in range(20)]


def large_kernels(text):
    rows = text["journal"][-1]["effects"][-1][1]["$synapses"]
    rows[7] = [{"$array": packed(np.zeros((len(decode(rows[0])), 80, 80)))}]


def many_kernels(text):
    """As many as an array of one number says, beside it."""
    rows = text["journal"][-1]["effects"][-1][1]["$synapses"]
    rows[0] = encode(np.zeros(5_000, np.int64))
    rows[7] = [{"$array": packed(np.zeros((5_000, 14, 14)))}]


@pytest.mark.parametrize("forge", [many_odd, many_ones, large_kernels, many_kernels])
def test_forged_claims_are_refused_before_memory_is_taken(forge, tmp_path):
    content, path = pack(kernels()), tmp_path / "net.safetensors"
    forge(content.text)
    container.write(path, content)
    with pytest.raises(FileError, match="net.safetensors.*the arrays in its text would take"):
        NeuronGraph.load(path)


def test_a_synapse_that_is_born_many_times_is_refused(tmp_path):
    """Each time it would be taken out with its kernel."""
    g, path = kernels(count=2), tmp_path / "net.safetensors"
    g.undo()
    g.restart_journal()
    g.add_population("more", 1, role="input", shape=(16, 16))
    g.add_edge(g.population("more")[0], 2, weight=np.zeros((3, 3)), padding=1)
    content = pack(g)
    (born,) = [effect for effect in content.text["journal"][-1]["effects"] if effect[0] == "S+"]
    born[1] = encode(np.repeat(decode(born[1]), 10_000))
    container.write(path, content)
    with pytest.raises(FileError, match="born twice"):
        NeuronGraph.load(path)


@pytest.mark.parametrize("dtype", ["?", "i1", "<u2", "<f2", "<f4", ">f8", "<i8"])
def test_one_number_is_told_from_several(dtype):
    for count in (1, 2, 65_536, 70_001):
        array = np.ones(count, dtype)
        parts = encode(array)["$array"]
        assert repeated_item(parts) == array[0] and repeated_item(parts).dtype == array.dtype
        if count > 1:
            array[-1] = 0
            assert repeated_item(encode(array)["$array"]) is None
        assert repeated_item([parts[0], [count + 1], parts[2]]) is None
        assert repeated_item([parts[0], [count - 1], parts[2]]) is None
