"""A file with a right checksum and wrong content is refused in words, or is a graph on which everything works."""

import base64
import subprocess
import sys
import zlib
from dataclasses import replace

import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp
from neurograph.edits import AddNeuron, Proliferate, Prune, RemoveNeurons, RemoveSynapses, SetValues, SplitEdge
from neurograph.errors import FileError, NeuroGraphError
from neurograph.files import container
from neurograph.files.packing import pack
from tests.neurograph.networks import check_saved_and_loaded
from tests.robustness.forger import damaged, forged
from tests.robustness.tally import repeat


def scalars():
    g = mlp([2, 3, 2], seed=0)
    g.restart_journal()
    g.apply(SplitEdge(0, 2))
    g.apply(AddNeuron(("a", 1), incoming={0: 0.5}, outgoing={5: 1.0}, attributes={"note": [1, {"deep": (2,)}]}))
    g.nodes[3]["activation"] = "prelu"
    g.edges[1, 3]["trainable"] = False
    g.remove_edge(1, 4)
    g.apply(Proliferate("hidden1", 1, seed=1))
    g.apply(SetValues({4: {"bias": 1.0, "own": 1}}, {(0, 4): {"weight": 2.0, "own": "x"}}))
    g.apply(RemoveNeurons([2]))
    g.apply(Prune(share=0.8))
    g.undo()
    g.undo()
    return g


def maps():
    g = enas_macro([["conv3"], ["maximum", 1]], channels=2, segments=1, size=4, seed=0)
    g.restart_journal()
    g.apply(RemoveNeurons([g.population("layer1")[0]]))
    g.nodes[g.population("stem")[0]]["norm"] = "batch"
    g.undo()
    return g


def use(g, folder):
    """All that a graph must be able to do."""
    g.arrays()
    g.save(folder / "again.safetensors")
    g.view(folder / "page.html", force=True)
    try:
        g.export(folder / "net.gexf", force=True)
    except FileError as err:
        assert "cannot hold" in str(err) or "would both be written" in str(err)  # names that XML cannot tell
    str(g.journal)
    undone = len(g.journal.undone)
    for _ in range(undone):
        g.redo()
        check_saved_and_loaded(g)
    while g.journal:
        g.undo()
        check_saved_and_loaded(g)
    g.arrays()
    while g.journal.undone:
        g.redo()
    g.journal.save(folder / "history")
    NeuronGraph.load(folder / "again.safetensors")


@pytest.fixture
def graphs_come_back():
    """Nothing: the graphs here are half made."""


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("make", [scalars, maps])
def test_forged_files_are_refused_or_whole(make, tmp_path):
    content, path = pack(make()), tmp_path / "net.safetensors"
    container.write(path, content)
    whole = path.read_bytes()
    use(NeuronGraph.load(path), tmp_path)

    def trial(_, rng):
        flipped = rng.random() < 0.2
        try:
            path.write_bytes(damaged(whole, rng)) if flipped else container.write(path, forged(content, rng))
        except (ValueError, NeuroGraphError):
            return "cannot be written"  # by JSON or safetensors
        try:
            g = NeuronGraph.load(path)
        except FileError as err:
            assert str(path) in str(err)
            return "refused"
        assert not flipped or path.read_bytes() == whole, "damaged and taken"
        use(g, tmp_path)
        return "used"

    counts = repeat(f"forged graph files of {make.__name__}", trial, 60, 5_500)
    assert counts["refused"] > counts["trials"] // 4


def test_nesting_is_bounded(tmp_path):
    content, path = pack(scalars()), tmp_path / "net.safetensors"
    deep = [1]
    for _ in range(300):
        deep = [deep]
    content.text["attributes"]["deep"] = deep
    container.write(path, content)
    with pytest.raises(FileError, match="nested too deeply"):
        NeuronGraph.load(path)


BOMB = """
import resource, sys, tracemalloc
from neurograph import NeuronGraph
tracemalloc.start()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
NeuronGraph.load(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.parametrize(
    "filling", [bytes(2**20), bytes([1, 2, 3, 4]) * 2**18, bytes(range(16)) * 2**16], ids=["noughts", "one", "two"]
)
def test_memory_is_bounded_by_what_the_file_holds(filling, tmp_path):
    """Some megabytes that say they hold half a gigabyte, of one pattern over and over, which packs to nothing.

    Noughts are asked for and never touched, a pattern is on the disk, which is no memory that is held.
    """
    path, content = tmp_path / "net.safetensors", pack(scalars())
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(filling) for _ in range(512)) + packer.flush()
    content.text["attributes"]["bomb"] = {"$array": ["<f8", [2**26], base64.b64encode(packed).decode()]}
    container.write(path, content)
    assert path.stat().st_size < 4 * 2**20
    done = subprocess.run([sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True)
    resident, asked = map(int, done.stdout.split())
    assert min(resident * (1 if sys.platform == "darwin" else 1024), asked) < 2**27


def _numbers_for_truths(value):
    """Have every kind of neuron in a text say 1 and 0 for true and false."""
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _numbers_for_truths(item)
    if isinstance(value, dict) and "$kind" in value:
        value["$kind"]["trainable"] = int(value["$kind"]["trainable"])


def test_a_journal_in_which_a_number_stands_for_true_or_false_is_refused(tmp_path):
    """1 equals True, and a graph that holds it has another digest once it is saved and loaded."""
    content, path = pack(scalars()), tmp_path / "net.safetensors"
    _numbers_for_truths([content.text["journal"], content.text["undone"]])
    container.write(path, content)
    with pytest.raises(FileError, match="no kind of neuron"):
        NeuronGraph.load(path)


def test_a_journal_that_cannot_be_undone_on_its_graph_is_refused(tmp_path):
    """Each of its entries may have been, but not all of them: what was removed is there, and its return left out."""
    g, path = mlp([2, 3, 1], seed=0), tmp_path / "net.safetensors"
    g.apply(RemoveSynapses([(0, 2)]))
    g.add_edge(0, 2, weight=0.5)
    content = pack(g)
    del content.text["journal"][-1]
    container.write(path, content)
    with pytest.raises(FileError, match="does not fit its graph"):
        NeuronGraph.load(path)


@pytest.mark.parametrize("name", ["next_key", "next_id", "next_name", "version", "top_rank"])
def test_counters_at_their_ends_lead_to_no_file_that_cannot_be_read(name, tmp_path):
    content, path = pack(mlp([2, 3, 1], seed=0)), tmp_path / "net.safetensors"
    most = {"next_key": 2**30, "top_rank": 2.0**53}.get(name, 2**62)
    container.write(path, replace(content, text=content.text | {name: most}))
    g = NeuronGraph.load(path)
    for number in range(3):
        g.add_edge(0, g.add_neuron(("new", number)), weight=1.0)
    g.add_edge(("new", 0), ("new", 1))
    try:
        g.save(path)
    except FileError as err:
        assert f"a graph whose {name} is" in str(err)
    assert NeuronGraph.load(path)
    container.write(path, replace(content, text=content.text | {name: most * 2}))
    with pytest.raises(FileError, match=f"{name} is"):
        NeuronGraph.load(path)
