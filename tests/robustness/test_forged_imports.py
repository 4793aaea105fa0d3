"""Files of other programs with anything in them: refused in words that name the file, or a network that can be kept."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp
from neurograph.errors import FileError
from tests.neurograph.networks import check_saved_and_loaded
from tests.robustness.forger import damaged, forged_arrays
from tests.robustness.state_forger import PLAIN, forged_state
from tests.robustness.tally import repeat


def scalars():
    g = mlp([2, 3, 1], seed=0)
    g.nodes[2]["note"] = "mine"
    g.remove_edge(0, 3)
    return g


def maps():
    return enas_macro([["conv3"]], channels=2, segments=1, size=4, seed=0)


def forge_json(path, rng):
    path.write_text(json.dumps(forged_state(json.loads(path.read_text()), rng, PLAIN)))


def forge_graphml(path, rng):
    """Elements, texts and attributes swapped, removed, doubled or made something else."""
    tree = ET.parse(path)
    for _ in range(int(rng.integers(1, 4))):
        elements = list(tree.iter())
        one, other = (elements[at] for at in rng.integers(len(elements), size=2))
        what = rng.integers(5)
        if what == 0:
            one.text = [None, "", "x", "-1", "1e400", "nan", "true", "3x3", "[[", other.text][rng.integers(10)]
        elif what == 1 and one.attrib:
            one.attrib.pop(sorted(one.attrib)[rng.integers(len(one.attrib))])
        elif what == 2 and one.attrib:
            name = sorted(one.attrib)[rng.integers(len(one.attrib))]
            one.attrib[name] = ["", "x", "int", "boolean", "directed", "n0", "d0"][rng.integers(7)]
        elif what == 3 and len(one):
            one.remove(one[int(rng.integers(len(one)))])
        elif other not in list(one.iter()) and one not in list(other.iter()):
            one.append(other)
    tree.write(path)


def forge_npz(path, rng):
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file}
    for _ in range(int(rng.integers(1, 4))):
        if arrays:
            forged_arrays(arrays, rng)
    np.savez(path, **arrays)


FORMATS = {
    "json": (scalars, forge_json),
    "json of maps": (maps, forge_json),
    "graphml": (scalars, forge_graphml),
    "graphml of maps": (maps, forge_graphml),
    "npz": (scalars, forge_npz),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FORMATS)
def test_forged_imports_are_refused_or_networks(name, tmp_path):
    make, forge = FORMATS[name]
    path = tmp_path / f"net.{name.split()[0]}"
    make().export(path)
    whole = path.read_bytes()
    check_saved_and_loaded(NeuronGraph.import_from(path))

    def trial(_, rng):
        path.write_bytes(damaged(whole, rng) if rng.random() < 0.2 else whole)
        if path.read_bytes() == whole:
            try:
                forge(path, rng)
            except (ValueError, TypeError):
                return "cannot be written"
        try:
            g = NeuronGraph.import_from(path)
        except FileError as err:
            assert str(path) in str(err)
            return "refused"
        g.save(tmp_path / "kept.safetensors")
        NeuronGraph.load(tmp_path / "kept.safetensors").arrays()
        return "used"

    repeat(f"forged imports of {name}", trial, 60, 5_000 if name != "npz" else 10_000)
