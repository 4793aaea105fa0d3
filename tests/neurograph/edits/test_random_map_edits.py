"""Random sequences of edits, undos and redos on random networks of feature maps: what must hold after each of them."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurograph.analysis.observations import Observations
from neurograph.core.journal import from_line
from neurograph.edits import (
    AddNeuron,
    AddOnNeurons,
    Autophagy,
    Connect,
    LowRepresentationalPower,
    Proliferate,
    PruneKernels,
    RemoveNeurons,
    RemoveSynapses,
    Renew,
    SplitEdge,
)
from tests.neurograph.edits.test_random_edits import attempt, check_sound
from tests.neurograph.map_networks import images, random_maps
from tests.neurograph.networks import outputs, structure, weights


def any_of(rng, items):
    return items[rng.integers(len(items))]


def inner(g):
    return [name for name in g.populations if name not in ("image", "out")]


def weighted(g):
    return [(u, v) for u, v, w in g.edges(data="weight") if w is not None]


def observed(g, rng):
    keys = g.table.keys()
    return Observations(keys, np.zeros(len(keys)), rng.random(len(keys)))


def split(g, rng):
    return SplitEdge(*any_of(rng, weighted(g)), **any_of(rng, [{}, {"signed_pair": True}, {"activation": "tanh"}]))


def proliferate(g, rng):
    outgoing, noise = any_of(rng, ["split", "split", "zero", "paper"]), any_of(rng, [0.0, 0.0, 0.3])
    return Proliferate(
        any_of(rng, inner(g)), int(rng.integers(1, 4)), any_of(rng, ["random", "representational"]), outgoing,
        seed=int(rng.integers(99)), noise=noise, observations=observed(g, rng),
    )  # fmt: skip


def autophagy(g, rng):
    by = LowRepresentationalPower(float(rng.random()), any_of(rng, ["mean", "share"]))
    strategy = any_of(rng, ["leave", "remove", "refuse"])
    return Autophagy(any_of(rng, inner(g)), by, int(rng.integers(1, 3)), strategy, observations=observed(g, rng))


def connect(g, rng):
    """Kernels, read-outs, numbers or relays between two neurons; many do not fit and are refused."""
    names = list(nx.topological_sort(g))
    first, second = sorted(rng.choice(len(names), 2, replace=False).tolist())
    u, v = names[first], names[second]
    if g.nodes[u]["shape"] and g.nodes[v]["shape"]:
        form = any_of(rng, [{"padding": "same"}, {"padding": "valid"}, {"stride": 2}, {"op": "identity"}])
        weight = None if "op" in form else "he_uniform"
        return Connect([u], [v], weight, form, kernel=None if weight is None else int(rng.integers(1, 4)))
    return Connect([u], [v], "xavier_normal")


def add(g, rng):
    u, v = any_of(rng, list(g)), any_of(rng, list(g))
    shape, kernel = g.nodes[u]["shape"], {"weight": rng.normal(size=(3, 3)), "padding": 1}
    out = rng.normal(size=shape) if shape and not g.nodes[v]["shape"] else kernel if shape else 0.5
    attributes = {"shape": shape, "norm": any_of(rng, ["none", "batch"])}
    return AddNeuron(None, "new", "sin", 0.1, {u: kernel if shape else 1.0}, {v: out}, attributes)


def remove_neurons(g, rng):
    names = [n for n in g if g.nodes[n]["role"] == "hidden" and not g.nodes[n]["is_output"]]
    return RemoveNeurons([any_of(rng, names)], any_of(rng, ["leave", "remove", "refuse"]))


def remove_synapses(g, rng):
    return RemoveSynapses([any_of(rng, list(g.edges)) for _ in range(2)], any_of(rng, ["leave", "remove"]))


def prune_kernels(g, rng):
    return PruneKernels(float(rng.random()), scope=any_of(rng, ["layer", "network"]))


def add_ons(g, rng):
    """Between any two populations; many are in different segments, or the wrong way round, and are refused."""
    location = any_of(rng, inner(g)), any_of(rng, inner(g))
    outgoing, directions = any_of(rng, ["zeros", "he_normal"]), int(rng.integers(9))
    return AddOnNeurons(location, any_of(rng, [1, 3, 5]), any_of(rng, [None, 1, 3]), directions, 0.4, outgoing=outgoing)


def renew(g, rng):
    by = any_of(rng, ["chance", "low_contribution"])
    return Renew(
        any_of(rng, inner(g)), by, any_of(rng, [1, 2, None]), seed=int(rng.integers(99)), observations=observed(g, rng)
    )


SHRINK_BY = (autophagy, remove_neurons, remove_synapses, prune_kernels)
MAKE = {f.__name__: f for f in (split, proliferate, renew, connect, add, add_ons, *SHRINK_BY)}
SHRINK = tuple(f.__name__ for f in SHRINK_BY)


operations = st.lists(st.sampled_from([*MAKE, "split", "proliferate", "undo", "redo", "write"]), max_size=8)


@given(st.integers(0, 2**20), operations)
def test_edits_undos_and_redos_in_any_order(seed, sequence):
    rng, g = np.random.default_rng(seed), random_maps(seed)
    start, data, lines, undone = g.copy(), images(g, size=2), [], []
    for what in sequence:
        if what == "undo" and lines:
            g.undo()
            undone.append(lines.pop())
        elif what == "redo" and undone:
            g.redo()
            lines.append(undone.pop())
        elif what == "write" and g.number_of_edges():
            for number in (i for i, w in weights(g).items() if w is not None):
                g.write_weights(np.array([number]), g.read_weights(np.array([number])) * 1.1)
        elif what in MAKE and inner(g) and weighted(g) and not (what in SHRINK and len(g) < 10):
            line = attempt(g, MAKE[what](g, rng), data)
            if line is not None:
                lines.append(line)
                undone.clear()
        check_sound(g)
    start.replay(from_line(line) for line in lines)
    assert structure(start) == structure(g)
    first = structure(random_maps(seed))
    for network in (g, start):
        while network.journal:
            network.undo()
        assert structure(network) == first
        assert network.wiring_digest() == first["digest"]


@given(st.integers(0, 2**20), st.lists(st.sampled_from(["prelu", "pair", "split", "zero", "noise"]), max_size=5))
def test_any_number_of_preserving_edits_keep_the_function(seed, sequence):
    rng, g = np.random.default_rng(seed), random_maps(seed)
    data = images(g)
    before = outputs(g, data)
    for what in sequence:
        if what in ("prelu", "pair"):
            result = g.apply(SplitEdge(*any_of(rng, weighted(g)), signed_pair=what == "pair"))
        else:
            noise, outgoing = (0.5, "zero") if what == "noise" else (0.0, what)
            edit = Proliferate(any_of(rng, inner(g)), 2, outgoing=outgoing, seed=int(rng.integers(99)), noise=noise)
            result = g.apply(edit)
        assert result.details["function_preserving"]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-12)
