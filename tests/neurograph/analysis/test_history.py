"""Who lived when, held against copies of the network made at every moment."""

import numpy as np
import pytest

from neurograph.analysis.history import NEVER, neurons_of, synapses_of
from neurograph.builders import metanet_cnn, mlp, random_field
from neurograph.edits import Proliferate, RemoveNeurons
from tests.neurograph.view.histories import grown


def living(things, moment):
    return (things.born <= moment) & ((things.died == NEVER) | (things.died > moment))


def check(g, moments):
    neurons = neurons_of(g)
    synapses = synapses_of(g, neurons)
    for moment, then in enumerate(moments):
        mine = living(neurons, moment)
        names = [neurons.names[at] for at in np.flatnonzero(mine)]
        assert dict(zip(neurons.keys[mine].tolist(), names, strict=True)) == dict(
            zip(then.keys_of(list(then)).tolist(), then, strict=True)
        )
        pairs = zip(synapses.source[living(synapses, moment)], synapses.target[living(synapses, moment)], strict=True)
        assert {(neurons.names[u], neurons.names[v]) for u, v in pairs} == set(then.edges)
    return neurons, synapses


def test_every_moment_has_the_neurons_and_synapses_that_it_had():
    check(*grown())


@pytest.mark.parametrize("seed", range(6))
def test_random_histories(seed):
    rng = np.random.default_rng(seed)
    g = mlp([4, 6, 5, 2], seed=seed)
    moments = [g.copy()]
    for _ in range(8):
        inner = [n for n in g if g.nodes[n]["role"] != "input" and not g.nodes[n]["is_output"]]
        if rng.random() < 0.4 and len(inner) > 2:
            g.apply(RemoveNeurons([inner[rng.integers(len(inner))]], stranded="leave"))
        elif rng.random() < 0.5 and inner:
            g.remove_node(inner[rng.integers(len(inner))])  # by networkx itself: an entry without an edit
            edges = list(g.edges)
            g.remove_edge(*edges[rng.integers(len(edges))])
        else:
            name = g.add_neuron(activation="tanh")
            g.add_edge(next(iter(g)), name, weight=0.5)
        assert len(g.journal) == len(moments)
        moments.append(g.copy())
    check(g, moments)


def test_what_came_and_went_in_one_entry_was_never_seen():
    g = mlp([2, 2, 1], seed=0)
    name = g.add_neuron()
    g.add_edge(0, name, weight=1.0)
    g.remove_node(name)
    assert len(g.journal) == 1
    neurons = neurons_of(g)
    assert name not in neurons.names
    assert not synapses_of(g, neurons).died.any()


def test_what_was_undone_never_happened():
    g, moments = grown()
    for _ in range(4):
        g.undo()
    check(g, moments[:2])


def test_the_dead_keep_what_they_died_with():
    g = mlp([3, 4, 2], seed=0)
    weight, bias = g[0][4]["weight"], 0.75
    g.nodes[4]["bias"] = bias
    g.apply(RemoveNeurons([4]))
    neurons = neurons_of(g)
    synapses = synapses_of(g, neurons)
    at = neurons.names.index(4)
    dead = np.flatnonzero((synapses.source == neurons.names.index(0)) & (synapses.target == at))
    assert synapses.weight[dead].tolist() == [weight]
    assert neurons.values["bias"][at] == bias
    assert neurons.kinds[neurons.kind[at]].population == "hidden1"


def test_heirs_are_those_of_the_journal():
    g = mlp([3, 4, 2], seed=0)
    result = g.apply(Proliferate("hidden1", 2, seed=0))
    neurons = neurons_of(g)
    found = {int(neurons.keys[i]): int(neurons.keys[neurons.heir[i]]) for i in np.flatnonzero(neurons.heir >= 0)}
    assert found == dict(result.entry.neuron_heirs.tolist())
    assert len(found) == 2


def test_a_kernel_counts_by_its_norm_and_the_sign_of_its_sum():
    g = metanet_cnn(2, seed=0, inputs=1)
    neurons = neurons_of(g)
    synapses = synapses_of(g, neurons)
    for u, v, kernel in list(g.edges(data="weight"))[:6]:
        at = np.flatnonzero(
            (synapses.source == neurons.names.index(u)) & (synapses.target == neurons.names.index(v))
        ).item()
        assert synapses.weight[at] == pytest.approx(np.sqrt((kernel**2).sum()) * np.sign(kernel.sum()))
        assert (synapses.pools[synapses.pool[at]][synapses.row[at]] == kernel).all()


def test_reading_changes_nothing():
    g = random_field(60, 3, 5, seed=0)
    before, version = len(g.journal), g.version
    synapses_of(g, neurons_of(g))
    assert (len(g.journal), g.version) == (before, version)
