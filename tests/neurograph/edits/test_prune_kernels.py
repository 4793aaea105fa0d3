"""Kernels that are nearly flat go, and whatever that leaves without inputs or readers."""

import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp, parameter_count, vgg
from neurograph.edits import PruneKernels
from neurograph.edits.prune_kernels import prunable_kernels
from neurograph.errors import EditError, OptionError

GENES = [["conv3"], ["separable3", 1], ["conv5", 0, 1], ["maximum", 1, 0, 1]]


def macro(seed=0, channels=6):
    return enas_macro(GENES, channels=channels, segments=2, size=8, classes=3, seed=seed)


def kernels(g):
    """(source, target) -> kernel, for those between maps of more than one number."""
    found = {}
    for u, v, data in g.edges(data=True):
        weight = data.get("weight")
        if np.ndim(weight) == 2 and np.size(weight) > 1 and g.nodes[v]["shape"]:
            found[u, v] = weight
    return found


def layers(g, some):
    return {g.nodes[v]["population"] for _, v in some}


def test_what_may_go_is_told_by_sort():
    g = macro()
    found, exempt = prunable_kernels(g), {"layer1.depthwise", "layer1.at1.between", "layer0.at1.between"}
    plain = {pair: w for pair, w in kernels(g).items() if g.nodes[pair[1]]["population"] not in exempt}
    assert {(name, size) for name, size in found.layers} == {
        ("stem", (3, 3)),
        ("layer0", (3, 3)),
        ("layer2.operation", (5, 5)),
    }
    assert len(found.ids) == len(plain)
    assert sorted(found.deviation) == pytest.approx(sorted(w.std() for w in plain.values()))
    assert (np.diff(found.ids) > 0).all()
    assert not len(prunable_kernels(mlp([4, 3, 2])).ids)


def test_the_flattest_of_each_layer_go():
    g = macro()
    before, spared = kernels(g), set(g.edges)
    g.apply(PruneKernels(0.5, stranded="leave"))
    gone = {pair for pair in before if pair not in g.edges}
    assert spared - set(g.edges) == gone
    for name in ("stem", "layer0", "layer2.operation"):
        mine = {pair: w.std() for pair, w in before.items() if g.nodes[pair[1]]["population"] == name}
        flat = sorted(mine, key=mine.__getitem__)[: round(len(mine) / 2)]
        assert set(flat) == {pair for pair in gone if g.nodes[pair[1]]["population"] == name}
    assert layers(g, gone) == {"stem", "layer0", "layer2.operation"}


def test_over_the_whole_network_layers_thin_out_as_they_can():
    g = macro()
    old = prunable_kernels(g)
    outcome = g.apply(PruneKernels(0.6, scope="network", stranded="leave")).details
    left = prunable_kernels(g)
    assert outcome["pruned"] == round(0.6 * len(old.ids)) == len(old.ids) - len(left.ids)
    assert left.deviation.min() >= outcome["threshold"]
    shares = [gone / there for there, gone in outcome["layers"].values()]
    assert max(shares) - min(shares) > 0.2  # 5 x 5 kernels are drawn smaller


def test_a_threshold_takes_what_is_at_most_that():
    g = macro()
    deviation = prunable_kernels(g).deviation
    cut = float(np.sort(deviation)[9])
    assert g.apply(PruneKernels(threshold=cut, stranded="leave")).details["pruned"] == 10
    flat = macro()
    ids = prunable_kernels(flat).ids[:5]
    flat.write_weights(ids, np.zeros((5, 3, 3)))
    result = flat.apply(PruneKernels(threshold=0.0, stranded="leave"))
    assert sorted(result.entry.synapses_died.tolist()) == ids.tolist()


def test_ratios_by_layer():
    g = macro()
    layers = g.apply(PruneKernels({"layer0": 0.25, "layer2.operation": 0.75}, stranded="leave")).details["layers"]
    assert layers == {"stem 3 x 3": (18, 0), "layer0 3 x 3": (36, 9), "layer2.operation 5 x 5": (36, 27)}
    with pytest.raises(EditError, match="'layer1' read no kernel that may be pruned; these do: 'stem'"):
        g.apply(PruneKernels({"layer1": 0.5}))


def test_what_is_left_without_inputs_or_readers_goes_with_all_that_follows():
    """A dead channel takes its depthwise channel and its places in pools along, until nobody is left hanging."""
    g = macro(channels=8)
    old = set(g)
    reader = g.population("layer0")[3]
    ids = [g[u][reader] for u in g.pred[reader]]
    for edge in ids:
        edge["weight"] = np.zeros((3, 3))
    result = g.apply(PruneKernels(threshold=0.0))
    assert reader in result.died
    assert set(result.died) == old - set(g)
    for name, data in g.nodes(data=True):
        assert data["role"] == "input" or g.in_degree(name)
        assert data["is_output"] or g.out_degree(name)
    hanging = {n for n in old if n not in g}
    assert result.details["cleaned_up"]
    assert hanging == set(result.details["cleaned_up"])


def test_most_of_a_network_may_go_and_its_data_and_answers_stay():
    g = macro(channels=12)
    before = parameter_count(g)
    result = g.apply(PruneKernels(0.85))
    assert parameter_count(g) < before
    assert len(g.population("input")) == 3
    assert len(g.population("output")) == 3
    for name, data in g.nodes(data=True):
        assert data["role"] == "input" or g.in_degree(name)
        assert data["is_output"] or g.out_degree(name)
    assert nx.is_directed_acyclic_graph(g)
    assert result.entry.verb == "PruneKernels"


def test_undo_and_redo():
    g = macro()
    digest, weights = g.wiring_digest(), {(u, v): np.array(w) for u, v, w in g.edges(data="weight") if w is not None}
    for _ in range(3):
        g.apply(PruneKernels(0.4))
    pruned = g.wiring_digest()
    for _ in range(3):
        g.undo()
    assert g.wiring_digest() == digest
    assert all(np.array_equal(g[u][v]["weight"], w) for (u, v), w in weights.items())
    for _ in range(3):
        g.redo()
    assert g.wiring_digest() == pruned


def test_an_output_never_loses_everything():
    g = vgg(11, width=1 / 32)
    digest = g.wiring_digest()
    with pytest.raises(EditError, match="output .* would be left without inputs.*prune less than"):
        g.apply(PruneKernels(1.0))
    assert g.wiring_digest() == digest
    assert not g.journal.entries
    assert g.apply(PruneKernels(0.0)).details["pruned"] == 0


def test_nothing_to_prune_is_told_and_changes_nothing():
    result = mlp([4, 3, 2]).apply(PruneKernels(0.5))
    assert (result.details["kernels"], result.details["pruned"], result.died) == (0, 0, [])
    assert NeuronGraph().apply(PruneKernels(0.5)).details["kernels"] == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ratio": 0.5, "threshold": 0.1},
        {"ratio": 1.5},
        {"ratio": {"layer0": -0.1}},
        {"threshold": -1.0},
        {"threshold": float("nan")},
        {"ratio": 0.5, "scope": "population"},
        {"ratio": 0.5, "stranded": "refuse"},
    ],
)
def test_impossible_options(options):
    with pytest.raises(OptionError):
        PruneKernels(**options)
