"""A file that is not what it should be is refused by name; what was there stays; nothing in a file is ever executed."""

import io
import json
import pickle
import re
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.errors import FileError
from neurograph.files import container, export, synapses
from neurograph.files.packing import pack


@pytest.fixture
def graphs_come_back():
    """Nothing: the graphs here are half made, because their files are refused."""


@pytest.fixture
def net(tmp_path):
    g = mlp([2, 3, 1])
    g.add_neuron(("a", 1), note=[1, 2])
    path = tmp_path / "net.safetensors"
    g.save(path)
    return path


def refused(path, what):
    with pytest.raises(FileError, match=what) as caught:
        NeuronGraph.load(path)
    assert str(path) in str(caught.value)


def test_missing(tmp_path):
    refused(tmp_path / "none.safetensors", "No such file")


def test_a_folder(tmp_path):
    refused(tmp_path, "folder")
    with pytest.raises(FileError, match="folder"):
        mlp([1, 1]).save(tmp_path)


def test_empty(tmp_path):
    path = tmp_path / "net.safetensors"
    path.touch()
    refused(path, "empty")


def test_truncated_anywhere(net):
    whole = net.read_bytes()
    for length in [*range(1, 40), *range(40, len(whole), 37), len(whole) - 1]:
        net.write_bytes(whole[:length])
        refused(net, "truncated")
    net.write_bytes(whole + b"more")
    refused(net, "damaged")
    net.write_bytes(whole)
    NeuronGraph.load(net)


def test_a_bit_flipped_anywhere(net):
    whole = net.read_bytes()
    for at in [*range(400), *range(400, len(whole), 11)]:
        broken = bytearray(whole)
        broken[at] ^= 1 << (at % 8)
        net.write_bytes(bytes(broken))
        with pytest.raises(FileError, match=re.escape(str(net))):
            NeuronGraph.load(net)


def test_another_safetensors_file(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"layer.weight": np.ones((2, 2))}, path)
    refused(path, "holds no network")
    save_file({"layer.weight": np.ones((2, 2))}, path, {"format": "pt"})
    refused(path, "holds no network")


@pytest.mark.parametrize("kind", ["graphml", "gexf", "dot", "json"])
def test_a_file_for_other_programs(kind, tmp_path):
    path = tmp_path / f"net.{kind}"
    export(mlp([2, 1]), path)
    refused(path, "other programs")


def test_a_newer_version_asks_for_an_upgrade(net, monkeypatch):
    monkeypatch.setattr(container, "VERSION", container.VERSION + 1)
    mlp([2, 1]).save(net)
    monkeypatch.undo()
    refused(net, "newer.*upgrade")


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickles_are_never_opened(tmp_path):
    fired, path = tmp_path / "fired", tmp_path / "net.safetensors"
    path.write_bytes(pickle.dumps(Bomb(fired)))
    refused(path, "pickle")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("net/data.pkl", pickle.dumps(Bomb(fired)))
    path.write_bytes(archive.getvalue())
    refused(path, "torch.save")
    assert not fired.exists()
    pickle.loads(pickle.dumps(Bomb(fired)))
    assert fired.exists()  # the bomb is live


def crafted(path, change):
    """A whole file with a right checksum whose content somebody has changed."""
    content = pack(mlp([2, 2, 1]))
    arrays = {name: np.array(array) for name, array in content.arrays.items()}
    text = json.loads(json.dumps(content.text))
    digest = change(arrays, text) or content.digest
    container.write(path, container.Content(arrays, text, digest))
    return path


def put(name, at, value):
    def change(arrays, text):
        arrays[name][at] = value

    return change


CRAFTED = {
    "another wiring": (lambda arrays, text: "0" * 32, "wiring"),
    "a bias that is gone": (put("neuron.bias", 3, np.nan), "wiring"),
    "a cycle": (put("neuron.rank", 2, 99.0), "cycle"),
    "a stranger as source": (put("synapse.source", 0, 77), "not there"),
    "a stranger as target": (put("synapse.target", 0, -1), "not there"),
    "a pair twice": (put("synapse.target", 1, 2), "order"),
    "one id twice": (put("synapse.id", 1, 0), "one number"),
    "an id to come": (put("synapse.id", 1, 99), "one number"),
    "a weight that is not a number": (put("weights.1", 0, np.nan), "finite"),
    "a bias beyond all bounds": (put("neuron.bias", 3, np.inf), "infinite"),
    "an unknown form": (put("synapse.form", 0, 9), "form"),
    "an unknown kind": (put("neuron.kind", 0, 9), "kind"),
    "a missing weight": (put("synapse.weights", 0, 0), "weights"),
    "weights of no pool": (put("synapse.weights", 0, 5), "weight"),
    "neurons out of order": (put("neuron.key", 0, 3), "order"),
    "an input that reads": (lambda a, t: t["kinds"][1].update(role="input", activation="identity"), "input"),
    "a kernel between scalars": (lambda a, t: a.update({"weights.1": a["weights.1"][:, None, None]}), "weight"),
    "a name twice": (lambda a, t: t["names"].__setitem__(0, 1), "name"),
    "too few names": (lambda a, t: t["names"].pop(), "damaged"),
    "no names": (lambda a, t: t.pop("names") and None, "names"),
    "no sources": (lambda a, t: a.pop("synapse.source") is None or None, "synapse.source"),
    "columns of odd lengths": (lambda a, t: a.update({"synapse.form": a["synapse.form"][:-1]}), "length"),
    "an unknown activation": (lambda a, t: t["kinds"][1].update(activation="os.system"), "activation"),
    "an attribute a neuron has not": (lambda a, t: t["kinds"][1].update(made_up=1), "made_up"),
    "an entry of the journal that is none": (lambda a, t: t["journal"].append({"verb": "x"}), "damaged"),
    "a text that is a list": (lambda a, t: [t.clear(), "x"][1], "damaged"),
    "attributes of a synapse that is not there": (lambda a, t: t["synapse_attributes"].append([99, {}]), "attributes"),
    "more neurons than there can be": (lambda a, t: t.update(next_key=10**13), "next_key is 10000000000000"),
    "a population that is missing": (lambda a, t: t["populations"].clear(), "population"),
}


@pytest.mark.parametrize("piece", [1, 3, synapses._PIECE])
@pytest.mark.parametrize(("change", "what"), CRAFTED.values(), ids=CRAFTED)
def test_crafted_content_is_checked_as_the_graphs_own_verbs_would(change, what, piece, tmp_path, monkeypatch):
    monkeypatch.setattr(synapses, "_PIECE", piece)
    refused(crafted(tmp_path / "net.safetensors", change), what)


@pytest.mark.parametrize("at", range(6))
def test_a_pair_twice_is_seen_between_two_pieces_too(at, tmp_path, monkeypatch):
    monkeypatch.setattr(synapses, "_PIECE", at + 1)

    def change(arrays, text):
        for end in ("source", "target"):
            arrays[f"synapse.{end}"][at + 1 if at < 5 else 5] = arrays[f"synapse.{end}"][min(at, 4)]

    refused(crafted(tmp_path / "net.safetensors", change), "order")


def test_a_header_that_says_nothing(tmp_path):
    path = tmp_path / "net.safetensors"
    for about in ("", "[]", "{}", '{"version": 1}', '{"version": "x", "wiring": ""}'):
        save_file({"text": np.zeros(2, np.uint8)}, path, {container.FORMAT: about})
        refused(path, "damaged")


def test_what_is_crafted_without_a_change_loads(tmp_path):
    assert len(NeuronGraph.load(crafted(tmp_path / "net.safetensors", lambda arrays, text: None))) == 5


@pytest.mark.parametrize("where", ["save_file", "replace", "fsync"])
def test_a_failure_leaves_the_old_file(where, net, monkeypatch):
    def fails(*_args, **_options):
        raise OSError(28, "No space left on device")

    old = net.read_bytes()
    owner = {"save_file": "neurograph.files.container.save_file"}.get(where, f"neurograph.disk.aside.os.{where}")
    monkeypatch.setattr(owner, fails)
    with pytest.raises(FileError, match="No space left"):
        mlp([3, 3]).save(net)
    monkeypatch.undo()
    assert net.read_bytes() == old
    assert [path.name for path in net.parent.iterdir()] == [net.name]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileError, match="no folder"):
        mlp([1, 1]).save(tmp_path / "deep" / "net.safetensors")


def test_a_link_is_followed(net):
    link = net.with_name("link.safetensors")
    link.symlink_to(net.name)
    mlp([4, 1]).save(link)
    assert link.is_symlink() and len(NeuronGraph.load(net)) == 5
