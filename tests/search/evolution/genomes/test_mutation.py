"""Mutation makes valid changes, those that were asked for, and says why where it can make none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph.errors import EditError, NeuronError, OptionError
from search.evolution import Policy, mutate
from search.evolution.genomes.innovations import mark
from search.evolution.genomes.policy import RATES
from tests.search.evolution.lineages import RICH, ancestor, descendant, genomes, structure

NEVER = dict.fromkeys(RATES, 0.0)


def only(name: str, **others) -> Policy:
    return Policy(**NEVER | {name: 1.0} | others)


@settings(max_examples=30)
@given(graph=genomes(), seed=st.integers(0, 2**16))
def test_inputs_and_outputs_stay_limits_hold_and_what_comes_of_it_compiles(graph, seed):
    limits = Policy(**dict.fromkeys(RATES, 1.0), neurons=len(graph) + 1, synapses=graph.number_of_edges() + 2)
    ends = graph.population("x"), graph.population("y")
    done = mutate(graph, np.random.default_rng(seed), limits)
    assert (graph.population("x"), graph.population("y")) == ends
    assert len(graph) <= limits.neurons and graph.number_of_edges() <= limits.synapses
    assert "perturb" in done and set(done) <= set(RATES)
    compiler.compile_population([graph], cut_off=True)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**16), draw=st.integers(0, 2**16))
def test_the_same_draws_make_the_same_genome(seed, draw):
    one, other = descendant(seed), descendant(seed)
    for graph in (one, other):
        mutate(graph, np.random.default_rng(draw), RICH)
    assert structure(one) == structure(other)


@settings(max_examples=30)
@given(graph=genomes(), seed=st.integers(0, 2**16), name=st.sampled_from(RATES))
def test_each_change_does_what_its_name_says_and_nothing_else(graph, seed, name):
    mark(graph)
    before, names, edges = structure(graph), set(graph), set(graph.edges)
    try:
        done = mutate(
            graph, np.random.default_rng(seed), only(name, activations=("relu", "tanh"), aggregations=("max",))
        )
    except EditError as refused:
        assert "no mutation of this policy is possible" in str(refused) and structure(graph) == before
        return
    assert done == [name]
    born, died = len(set(graph) - names), len(names - set(graph))
    new, gone = len(set(graph.edges) - edges), len(edges - set(graph.edges))
    counts = {
        "connect": (0, 0, 1, 0),
        "split": (1, 0, 2, 1),
        "cut": (0, 0, 0, 1),
        "add": (1, 0, 2, 0),
        "recur": (0, 0, 1, 0),
    }
    assert (born, died, new, gone) == counts.get(name, (0, int(name == "remove"), 0, gone))
    if name in ("activation", "aggregation", "perturb"):
        assert gone == 0 and structure(graph) != before


def test_every_pair_that_closes_no_cycle_is_drawn():
    drawn = set()
    for seed in range(300):
        graph = ancestor()
        before = set(graph.edges)
        mutate(graph, np.random.default_rng(seed), only("connect", from_outputs=True))
        drawn |= set(graph.edges) - before
    x, y = ancestor().population("x"), ancestor().population("y")
    assert drawn == {(u, v) for u in x for v in y} | {(y[0], y[1]), (y[1], y[0])}
    graph = ancestor()
    for seed in range(4):
        mutate(graph, np.random.default_rng(seed), only("connect"))
    with pytest.raises(EditError, match="connect: every pair that closes no cycle is connected"):
        mutate(graph, np.random.default_rng(0), only("connect"))


@pytest.mark.parametrize(
    ("policy", "match"),
    [
        (only("split", neurons=5), "split: the genome has 5 neurons, and neurons=5 allows no more"),
        (only("connect", synapses=4), "connect: the genome has the 4 synapses that synapses=4 allows"),
        (only("add", synapses=5), "add: the genome has 4 synapses, and synapses=5 allows no 2 more"),
        (only("activation", activations=("tanh",)), "activation: no hidden neuron can have another activation of tanh"),
        (only("remove", of=("y",)), "remove: there is no hidden neuron"),
        (only("cut", of=("x",)), "cut: there is no synapse"),
    ],
)
def test_where_nothing_is_possible_the_limit_is_named_and_nothing_changed(policy, match):
    graph = ancestor()
    mark(graph)
    before = structure(graph)
    with pytest.raises(EditError, match=match):
        mutate(graph, np.random.default_rng(0), policy)
    assert structure(graph) == before


def test_policies_are_for_populations():
    graph = ancestor()
    mutate(graph, np.random.default_rng(0), [only("cut", of=("hidden",)), only("perturb", of=("y",), power=1.0)])
    assert graph.in_degree("h") == 1 and graph.nodes["h"]["bias"] == 0.0
    assert all(graph.nodes[y]["bias"] != 0.0 for y in graph.population("y"))
    assert {w for _, _, w in graph.in_edges("h", data="weight")} == {1.0}


def test_what_is_frozen_or_no_number_is_left_alone():
    graph = ancestor()
    graph["h"][graph.population("y")[0]]["trainable"] = False
    graph.nodes["h"]["trainable"] = False
    mutate(graph, np.random.default_rng(0), only("perturb"))
    assert graph["h"][graph.population("y")[0]]["weight"] == 1.0 and graph.nodes["h"]["bias"] == 0.0
    assert graph["h"][graph.population("y")[1]]["weight"] != 1.0


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"split": 1.5}, OptionError, "split must be a chance from 0 to 1, not 1.5"),
        (NEVER, OptionError, "every rate is 0"),
        ({"power": -1}, OptionError, "power must be a standard deviation"),
        ({"neurons": 2.5}, OptionError, "neurons must be None or a whole number"),
        ({"activations": ("tahn",)}, NeuronError, "tahn"),
        ({"activations": "tanh"}, OptionError, "activations must be a list of names"),
        ({"aggregations": ("median",)}, OptionError, "aggregations must be among sum"),
    ],
)
def test_policies_that_make_no_sense(options, error, match):
    with pytest.raises(error, match=match):
        Policy(**options)
