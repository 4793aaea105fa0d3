"""The numbers that an edit tells are those of the graph as it is afterwards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.analysis.layers import synapse_layers
from neurograph.analysis.observations import Observations
from neurograph.builders import enas_macro, lenet5, mlp
from neurograph.edits import EDITS, AddOnNeurons, Autophagy, Prune, PruneKernels
from neurograph.edits.prune import weight_sizes
from neurograph.edits.prune_kernels import prunable_kernels
from neurograph.errors import NeuroGraphError
from tests.neurograph.edits.test_random_edits import MAKE
from tests.neurograph.networks import random_network

ELSEWHERE = {  # numbers that no graph has: shares, errors, thresholds, what was asked for
    "function_preserving", "threshold", "width", "reconstruction_error", "penalty", "alpha", "rows", "left_out",
    "not_shared",
}  # fmt: skip


class Before:
    """What has to be remembered of a graph, to compare what an edit tells with."""

    def __init__(self, g):
        self.weights = weight_sizes(g)[0]
        self.kernels = prunable_kernels(g)
        self.populations = {name: len(some) for name, some in g.populations.items()}
        self.home = {name: g.nodes[name]["population"] for name in g}


def begun(neuron):
    """Whether a neuron has a value that it can begin again with."""
    return neuron["trainable"] and (neuron["bias"] is not None or "slope" in neuron or "gamma" in neuron)


def there(g, ids):
    return int((g.table.rows_of(ids) >= 0).sum())


def counted(verb, edit, before, g, result):
    """What a verb's numbers have to be, by name."""
    entry, details = result.entry, result.details
    born, synapses = len(entry.neurons_born), len(entry.synapses_born)
    if verb == "Prune":
        ids = before.weights if edit.scores is None else edit.scores[0]
        return {"left": there(g, ids), "pruned": len(ids) - there(g, ids), "spared": details["spared"]}
    if verb == "PruneKernels":
        ids = before.kernels.ids
        return {"kernels": len(ids), "pruned": len(ids) - there(g, ids)}
    if verb == "Autophagy":
        left = len(g.populations.get(edit.population, []))
        home = [name for name in details["cleaned_up"] if before.home[name] == edit.population]
        gone = before.populations[edit.population] - left - len(home)
        return {"left": left, "eaten": gone, "spared": details["spared"]}
    if verb == "Proliferate":
        grown = len(g.populations[edit.population]) - before.populations[edit.population]
        return {"newborns": grown, "followers": born - grown}
    if verb == "AddOnNeurons":
        return {"neurons": born, "reads": synapses - details["feeds"], "feeds": synapses - details["reads"]}
    if verb == "Expand":
        return {"neurons": born, "synapses": synapses}
    if verb == "InsertLayer":
        return {"neurons": born}
    if verb == "Reinitialize":
        chosen = edit.populations or list(g.populations)
        read = [d for _, v, d in g.edges(data=True) if g.nodes[v]["population"] in chosen and "weight" in d]
        trained = sum(d.get("trainable", True) for d in read)
        return {"weights": trained, "neurons": sum(begun(g.nodes[n]) for n in g if g.nodes[n]["population"] in chosen)}
    if verb == "Rewire":
        assert synapses == len(entry.synapses_died) == sum(details["by_layer"].values())
        return {"moved": synapses}
    if verb == "Sparsify":
        gone = len(entry.synapses_died)
        left = sum(len(layer.ids) for layer in synapse_layers(g, edit.into))
        return {"removed": gone, "left": left}
    if verb == "Rename":
        return {"renamed": len(set(before.home) - set(g)) or len(edit.names)}
    if verb == "Renew":
        mine = [name for name in result.born if before.home[name] == edit.population]
        return {"renewed": len(mine), "followers": born - len(mine)}
    if verb == "SetValues":
        return {"neurons": len(edit.neurons), "synapses": len(edit.synapses)}
    return {}


def check(g, edit):
    """Apply an edit, and compare all numbers among its details with the graph."""
    before = Before(g)
    try:
        result = g.apply(edit)
    except NeuroGraphError:
        return
    details = result.details
    numbers = {n: x for n, x in details.items() if isinstance(x, int | float) and n not in ELSEWHERE}
    assert numbers == counted(type(edit).__name__, edit, before, g, result)
    assert details.get("spared", 0) <= details.get("left", 0) or isinstance(edit, Autophagy)
    if "cleaned_up" in details:
        assert set(details["cleaned_up"]) <= set(result.died)
        assert not set(details["cleaned_up"]) & set(g)
    for name in details.get("stranded", []):
        assert not g.in_degree(name) or not g.out_degree(name)
    for at, (were, gone) in enumerate(details.get("layers", {}).values()):
        mine = before.kernels.ids[before.kernels.layer == at]
        assert (were, were - gone) == (len(mine), there(g, mine))


@given(st.integers(0, 2**20), st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=5))
def test_of_any_edit_on_any_network(seed, verbs):
    rng, g = np.random.default_rng(seed), random_network(seed, hidden=8)
    for verb in verbs:
        inner = [name for name in g.populations if name not in ("in", "out")]
        if inner and len(g) > 6 and any(w is not None for *_, w in g.edges(data="weight")):
            check(g, MAKE[verb](g, rng))


@pytest.mark.parametrize("stranded", ["remove", "leave"])
@pytest.mark.parametrize("left", [{"share": 0.05}, {"share": 0.1}, {"share": 0.3}, {"left": 7}])
def test_of_pruning_almost_everything(left, stranded):
    for seed in range(4):
        check(mlp([16, 40, 4], seed=seed), Prune(**left, stranded=stranded))
        check(mlp([8, 12, 12, 4], seed=seed), Prune(**left, scope="layer", stranded=stranded))
        g = mlp([8, 12, 4], seed=seed)
        ids = weight_sizes(g)[0][::2]
        check(g, Prune(**left, scores=(ids, np.arange(len(ids), dtype=float)), stranded=stranded))


@pytest.mark.parametrize("ratio", [0.3, 0.75, 0.9])
def test_of_pruning_kernels(ratio):
    for scope in ("layer", "network"):
        check(enas_macro([["conv3"], ["conv5", 1]], channels=4, segments=1, size=8), PruneKernels(ratio, scope=scope))
        check(lenet5(), PruneKernels(ratio, scope=scope))


def test_of_a_population_that_strands_its_own():
    """A chain within one population: who is eaten takes the rest along."""
    g = mlp([2, 3, 1])
    a, b, _ = g.population("hidden1")
    g.remove_synapses([(u, b) for u in list(g.predecessors(b))])
    g.add_edge(a, b, weight=1.0)
    keys = g.table.keys()
    seen = Observations(keys, np.zeros(len(keys)), np.array([1, 1, 0.001, 1.0, 1.0, 1]))
    check(g, Autophagy("hidden1", stranded="remove", observations=seen))
    assert len(g.population("hidden1")) == 1


def test_of_add_ons():
    g = enas_macro([["conv3"], ["conv3", 0]], channels=10, segments=1, size=8)
    check(g, AddOnNeurons(("stem", "layer1"), kernel=5, count=4, directions=7))
    assert g.journal[0].verb == "AddOnNeurons"
