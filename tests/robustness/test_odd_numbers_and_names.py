"""Whatever a graph may hold, every way out of it works, or refuses in words: nothing overflows, nothing is mistyped."""

import warnings

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp
from neurograph.draw import adjacency, distributions
from neurograph.errors import FileError
from neurograph.files import EXPORTS

LARGEST = float(np.finfo(np.float64).max)
NUMBERS = [LARGEST, 1e308, 1e200, 1e40, 1.0, 1e-200, 1e-308, 5e-324, 0.0]
OURS = [
    name for name, each in EXPORTS.items() if each.write.__module__.startswith("neurograph.files.")
]  # without torch
TEXTS = ["\ud800", "x\udfff", "$\\frac$ $", "<b>&'\"", "a,b\nc", "--", "=1+1"]


def scalars(number):
    g = mlp([3, 4, 2], seed=0)
    for at, (u, v) in enumerate(list(g.edges)):
        g[u][v]["weight"] = number if at % 2 else -number
    for n in g.population("hidden1"):
        g.nodes[n]["bias"] = number
    g.remove_node(g.population("hidden1")[0])
    return g


def kernels(number):
    g = enas_macro([["conv3"], ["conv5", 1]], channels=3, segments=1, size=6, seed=0)
    for pool in g.table.pools:
        pool.data[:] = number
    g.remove_node(next(n for n in g if g.nodes[n]["shape"] and g.nodes[n]["role"] == "hidden"))
    return g


def named(text):
    g = mlp([2, 3, 1], seed=0)
    g.graph["name"] = g.nodes[0]["own"] = g[0][2]["own"] = g[0][2][text] = text
    g.add_neuron(text, population=text, **{text: text})
    g.add_edge(0, text, weight=1.0)
    g.remove_node(3)
    return g


def check_every_way_out(g, folder):
    doors = {name: lambda path, name=name: g.export(path, name, force=True) for name in OURS}
    doors |= {"html": g.view, "safetensors": g.save, "notebook": lambda path: g._repr_html_()}
    doors["svg"] = lambda path: (g.draw(path), adjacency(g, path), distributions(g, path))
    for name, door in doors.items():
        try:
            door(folder / f"net.{name}")
        except FileError as err:
            assert "cannot hold" in str(err) or "more than Graphviz" in str(err)  # XML and Graphviz have bounds
    back = NeuronGraph.load(folder / "net.safetensors")
    assert list(back.edges) == list(g.edges)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers(number, tmp_path):
    check_every_way_out(scalars(number), tmp_path)


@pytest.mark.parametrize("number", [LARGEST, 1e-308])
def test_numbers_of_kernels(number, tmp_path):
    check_every_way_out(kernels(number), tmp_path)


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text, tmp_path):
    check_every_way_out(named(text), tmp_path)
