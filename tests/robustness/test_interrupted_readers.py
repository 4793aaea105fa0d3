"""What reads a graph is interrupted at any line: the graph and what its network has learned are there afterwards."""

import copy
import pickle
import random

import pytest
import torch

import compiler
from neurograph.builders import mlp
from neurograph.edits import Proliferate, SplitEdge
from tests.neurograph.networks import check_saved_and_loaded, dump
from tests.robustness.interrupts import Tracer, lines_of
from tests.robustness.states import check_indices
from tests.robustness.tally import SOAK, repeat

LINES = 6  # of each, in the tests


def grown():
    """A graph with a journal, and what is written back into it once somebody reads."""
    g = mlp([3, 4, 2], activation="tanh", seed=0)
    g.nodes[4]["note"] = {"deep": [1]}
    g.apply(SplitEdge(0, 3))
    g.apply(Proliferate("hidden1", 1, seed=1))
    g.undo()
    return g


def trained(g):
    net = compiler.compile(g)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.25)
    return net


def everything(g):
    """All that the graph is once what the network learned is in it."""
    g.write_back()
    assert not g.in_transaction and not g.turn
    check_indices(g)
    return {name: value for name, value in dump(g).items() if name != "changes"}


READERS = {
    "save": lambda g, net, folder: g.save(folder / "net.safetensors"),
    "copy": lambda g, net, folder: g.copy(),
    "deepcopy": lambda g, net, folder: copy.deepcopy(g),
    "pickle": lambda g, net, folder: pickle.dumps(g),
    "compact": lambda g, net, folder: g.copy(journal=False),
    "arrays": lambda g, net, folder: g.arrays(),
    "compile": lambda g, net, folder: compiler.compile(g),
    "compute": lambda g, net, folder: net(torch.ones(2, 3)),
    "state": lambda g, net, folder: net.load_state_dict(net.state_dict()),
    "write back": lambda g, net, folder: g.write_back(),
    "export": lambda g, net, folder: g.export(folder / "net.json", force=True),
    "view": lambda g, net, folder: g.view(folder / "net.html", force=True),
    "history": lambda g, net, folder: g.journal.save(folder / "history"),
    "numbers": lambda g, net, folder: [w for *_, w in g.edges(data="weight")] + [g.nodes[n]["bias"] for n in g],
}


@pytest.mark.parametrize("name", READERS)
def test_what_reads_is_interrupted_and_nothing_is_lost(name, tmp_path):
    read = READERS[name]

    def made():
        g = grown()
        return g, trained(g)

    g, net = made()
    read(g, net, tmp_path)  # what is imported late is there from now on
    wanted = repr(everything(g))
    g, net = made()
    count = lines_of(lambda: read(g, net, tmp_path))
    some = random.Random(0).sample(range(1, count + 1), min(count, 1000 if SOAK else LINES))

    def line(number, _):
        g, net = made()
        Tracer(some[number]).run(lambda: read(g, net, tmp_path))
        assert repr(everything(g)) == wanted, some[number]
        read(g, net, tmp_path)
        check_saved_and_loaded(g)
        assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]
        return "as it was"

    repeat(f"interrupted while it is read: {name}", line, len(some), len(some))
