"""The strongest absent synapses are those of the whole gradient, however small the pieces in which it is taken."""

import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss

import compiler
from compiler.statistics.absent import absent_gradients
from compiler.statistics.strongest import strongest_absent
from neurograph import NeuronGraph
from neurograph.analysis.layers import synapse_layers
from neurograph.builders import mlp, random_field
from neurograph.edits import Rewire
from neurograph.errors import CompileError, EditError, MissingError, OptionError


def maps():
    """Kernels of two sizes, strides, a read-out of whole maps, batch norm; half of the kernels are not there."""
    rng, g = np.random.default_rng(0), NeuronGraph()
    image = g.add_population("image", 3, role="input", shape=(7, 7))
    one = g.add_population("one", 4, shape=(4, 4), activation="tanh", bias=rng.normal(size=4), norm="batch")
    two = g.add_population("two", 5, shape=(4, 4), activation="relu", bias=0.1)
    out = g.add_population("out", 2, is_output=True, bias=0.0)
    for sources, targets, shape, form in (
        (image, one, (3, 3), {"stride": 2, "padding": 1}),
        (one, two, (3, 2), {"padding": (1, 1), "dilation": (1, 2)}),
        (two, out, (4, 4), {}),
    ):
        pairs = [(u, v) for u in sources for v in targets if rng.random() < 0.5 or u == sources[0]]
        g.add_edges_from_arrays(*zip(*pairs, strict=True), rng.normal(size=(len(pairs), *shape)) * 0.3, **form)
    return g


GRAPHS = {
    "layers": lambda: mlp([6, 8, 5, 3], density=0.5, seed=3, activation="tanh"),
    "field": lambda: random_field(30, 3, 5, 0, inputs=5, outputs=3, activation="tanh"),
    "maps": maps,
}


def examples(graph, count=2):
    reads = [graph.nodes[n]["shape"] for n in graph if graph.nodes[n]["role"] == "input"]
    outs, random = sum(graph.nodes[n]["is_output"] for n in graph), torch.Generator().manual_seed(0)
    sizes = (5, len(reads), *reads[0]), (5, outs)
    return [tuple(torch.randn(*s, dtype=torch.float64, generator=random) for s in sizes) for _ in range(count)]


def by_autograd(graph, data, layer):
    """(pairs,) mean absolute gradients of a layer's pairs, of a network in which all of them have a synapse."""
    full = graph.copy()
    sources, targets = layer.ends(np.arange(layer.pairs))
    ends = list(zip(full.names_of(sources), full.names_of(targets), strict=True))
    absent = [pair for pair in ends if not full.has_edge(*pair)]
    if absent:
        full.add_edges_from_arrays(*zip(*absent, strict=True), np.zeros((len(absent), *layer.window)), **layer.form)
    net, total = compiler.compile(full, dtype=torch.float64, lowering="blocks").eval(), None
    rows = full.table.find_many(sources, targets)
    quantity = ("weight", layer.window)
    for x, y in data:
        net.zero_grad()
        mse_loss(net(x), y).backward()
        ids = net.slots.numbers(quantity)
        found = net.slots.gather(quantity, lambda p: p.grad).numpy()
        here = found[np.searchsorted(ids, full.table.id[rows])]
        total = here if total is None else total + here
    return np.abs(total / len(data)).reshape(len(total), -1).mean(1)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("fraction", [0.3, 5.0])
def test_they_are_the_largest_gradients_of_what_is_not_there(name, fraction):
    graph = GRAPHS[name]()
    data, layers = examples(graph), synapse_layers(graph)
    net = compiler.compile(graph, dtype=torch.float64, lowering="blocks")
    sources, targets, scores = strongest_absent(net, data, mse_loss, fraction)
    seen = 0
    for layer in layers:
        codes = layer.codes(sources, targets)
        mine = codes >= 0
        expected = by_autograd(graph, data, layer)
        np.testing.assert_allclose(scores[mine], expected[codes[mine]], rtol=1e-9, atol=1e-13)
        absent = np.setdiff1d(np.arange(layer.pairs), layer.taken)
        best = absent[np.argsort(-expected[absent], kind="stable")][: round(fraction * len(layer.ids))]
        np.testing.assert_allclose(scores[mine], expected[best], rtol=1e-9, atol=1e-13)
        assert not np.isin(codes[mine], layer.taken).any()
        seen += mine.sum()
    assert seen == len(scores) > 0


@pytest.mark.parametrize("name", GRAPHS)
def test_pieces_find_what_the_whole_finds(name):
    graph = GRAPHS[name]()
    net, data = compiler.compile(graph, dtype=torch.float64, lowering="blocks"), examples(graph)
    whole = strongest_absent(net, data, mse_loss, 0.5)
    least = max(8 * len(layer.targets) * int(np.prod(layer.window)) for layer in synapse_layers(graph))
    for piece in (least, 2 * least, 5 * least):
        for a, b in zip(whole, strongest_absent(net, iter(data), mse_loss, 0.5, piece=piece), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
    with pytest.raises(OptionError, match="piece=8"):
        strongest_absent(net, data, mse_loss, 0.5, piece=8)


def test_the_bound_is_kept():
    """No piece of gradients that is handed out is larger than was said, and none joins all layers where they are."""
    graph = mlp([50, 40, 30], density=0.2, seed=0)
    net = compiler.compile(graph, dtype=torch.float64)
    found = list(absent_gradients(net, examples(graph), mse_loss, synapse_layers(graph), piece=4000))
    assert max(part.gradient.nbytes for part in found) <= 4000
    assert sum(part.gradient.size for part in found) == 50 * 40 + 40 * 30


def test_an_edit_takes_them():
    graph = mlp([12, 10, 4], density=0.4, seed=0)
    net = compiler.compile(graph, dtype=torch.float64)
    found = strongest_absent(net, examples(graph), mse_loss, 0.25)
    result = graph.apply(Rewire(0.25, candidates=found))
    born = set(result.entry.synapses_born.tolist())
    pairs = zip(graph.names_of(found[0]), graph.names_of(found[1]), strict=True)
    assert {graph.table.id[graph.table.find(graph.table.index[u], graph.table.index[v])] for u, v in pairs} >= born
    assert len(born) == result.details["moved"]


def test_gradients_between_maps_by_name():
    graph, data = maps(), examples(maps())
    net = compiler.compile(graph, dtype=torch.float64)
    by_name = list(absent_gradients(net, data, mse_loss, [("one", "two"), ("two", "out")]))
    by_layer = list(absent_gradients(net, data, mse_loss, synapse_layers(graph)[1:]))
    for a, b in zip(by_name, by_layer, strict=True):
        np.testing.assert_array_equal(a.gradient, b.gradient)
    assert [part.gradient.shape for part in by_name] == [(4, 5, 3, 2), (5, 2, 4, 4)]
    with pytest.raises(EditError, match="there are no layers of them to take the kernels' form from"):
        list(absent_gradients(net, data, mse_loss, [("image", "two")]))


def test_what_cannot_be_looked_at_is_refused():
    graph = random_field(60, 3, 12, 0, inputs=5, outputs=3)
    net = compiler.compile(graph, dtype=torch.float64, lowering="field")
    with pytest.raises(CompileError, match='compile for this with lowering="blocks"'):
        strongest_absent(net, examples(graph), mse_loss, 0.5)
    with pytest.raises(MissingError, match="nobody"):
        strongest_absent(net, examples(graph), mse_loss, 0.5, into=("nobody",))
