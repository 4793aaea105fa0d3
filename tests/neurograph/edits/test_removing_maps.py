"""RemoveNeurons, RemoveSynapses and Autophagy on feature maps: what goes with a channel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph.analysis.observations import Observations
from neurograph.builders import lenet4
from neurograph.edits import Autophagy, LowRepresentationalPower, RemoveNeurons, RemoveSynapses
from neurograph.errors import EditError
from tests.neurograph.map_networks import FAMILIES, Layers, concatenation, images, lenet, random_maps, residual, vgg
from tests.neurograph.networks import dump, forward, outputs, structure, values, weights

INNER = [(name, p) for name, make in FAMILIES.items() for p in make().populations if p not in ("image", "out")]


def sizes(g):
    return {name: len(members) for name, members in g.populations.items()}


def half_wired(g):
    """Hidden neurons with nothing to read or nobody who reads them."""
    hidden = [n for n in g if g.nodes[n]["role"] == "hidden" and not g.nodes[n]["is_output"]]
    return [n for n in hidden if not g.in_degree(n) or not g.out_degree(n)]


def place(g, population, at):
    return g.populations[population][at]


@pytest.mark.parametrize("strategy", ["leave", "remove", "refuse"])
@pytest.mark.parametrize(
    ("family", "population", "gone"),
    [
        ("lenet", "conv1", {"conv1", "pool1"}),
        ("lenet", "conv2", {"conv2", "pool2"}),
        ("vgg", "conv1", {"conv1", "pool1"}),
        ("vgg", "conv2", {"conv2", "pool2"}),
        ("vgg", "conv0", {"conv0"}),
        ("residual", "a.1", {"a.1"}),
        ("residual", "a.2", {"a.2"}),  # the sum still has what it began with
        ("residual", "conv1", {"conv1"}),
        ("concatenation", "conv1", {"conv1", "a.relay0", "b.relay0"}),
        ("concatenation", "a", {"a", "b.relay1"}),
        ("separable", "point1", {"point1", "depth"}),
        ("separable", "point2", {"point2", "read"}),
    ],
)
def test_what_is_nothing_but_the_channel_goes_with_it_whatever_the_strategy(family, population, gone, strategy):
    g = FAMILIES[family](0)
    before, old = sizes(g), (weights(g), values(g))
    doomed = place(g, population, 1)
    result = g.apply(RemoveNeurons([doomed], stranded=strategy))
    assert {name for name in before if sizes(g)[name] == before[name] - 1} == gone
    assert sum(sizes(g).values()) == sum(before.values()) - len(gone)
    assert set(result.details["cleaned_up"]) == set(result.died) - {doomed}
    assert result.details["stranded"] == half_wired(g) == []
    assert weights(g).items() < old[0].items()
    assert values(g).items() < old[1].items()  # norms and statistics of all that stays


@pytest.mark.parametrize(("family", "at"), [(lenet, "conv1"), (lenet, "conv2"), (vgg, "conv1"), (residual, "a.2")])
def test_the_network_computes_what_it_did_without_the_channel(family, at):
    g = family(0)
    plain, data = g.copy(), images(g)
    name = place(g, at, 0)
    before = outputs(g, data)
    plain.remove_node(name)  # the relays stay behind, and bring nothing
    g.apply(RemoveNeurons([name], stranded="remove"))
    np.testing.assert_allclose(outputs(g, data), outputs(plain, data), rtol=1e-9)
    assert np.abs(outputs(g, data) - before).max() > 1e-6


def test_weights_of_flattened_maps_and_kernels_behind_pools_go_with_their_channel():
    g = lenet4()
    edges = g.number_of_edges()
    result = g.apply(RemoveNeurons([place(g, "conv2", 7), place(g, "conv1", 0)]))
    assert len(result.died) == 4
    assert edges - g.number_of_edges() == (20 + 1 + 500) + (1 + 1 + 50) - 1
    assert {g.in_degree(n) for n in g.populations["hidden"]} == {49}
    assert {g.in_degree(n) for n in g.populations["conv2"]} == {19}


@pytest.mark.parametrize(("family", "population"), INNER)
def test_nothing_half_wired_is_left_when_the_stranded_are_removed(family, population):
    for at in range(2):
        g = FAMILIES[family](0)
        g.apply(RemoveNeurons([place(g, population, at)], stranded="remove"))
        assert half_wired(g) == []


def test_removing_a_relay_takes_the_channel_it_alone_read_where_asked():
    for strategy, died in (("leave", 1), ("remove", 2)):
        g = lenet(0)
        result = g.apply(RemoveNeurons([place(g, "pool1", 2)], stranded=strategy))
        assert len(result.died) == died
        assert half_wired(g) == ([place(g, "conv1", 2)] if strategy == "leave" else [])
    with pytest.raises(EditError, match="without inputs or outputs"):
        g.apply(RemoveNeurons([place(g, "pool1", 0)], stranded="refuse"))


def test_a_whole_population_goes_with_its_relays():
    g = lenet(0)
    before = outputs(g, images(g))
    result = g.apply(RemoveNeurons("conv1", stranded="remove"))
    assert list(g.populations) == ["image", "out"]
    assert sorted(result.died) == sorted(set(lenet(0)) - set(g))
    assert np.ptp(outputs(g, images(g)), axis=0).max() == 0.0 < np.ptp(before)


def test_a_sum_that_loses_all_it_takes_in_goes():
    g = residual(0)
    doomed = [place(g, "conv1", 0), place(g, "a.2", 0)]
    assert set(g.apply(RemoveNeurons(doomed)).died) == {*doomed, place(residual(0), "a.sum", 0)}


def test_outputs_and_readers_with_weights_of_their_own_stay():
    b = Layers(0)
    below = b.conv("conv", b.image, 2, padding=1)
    seen = b.g.add_neuron("seen", population="seen", shape=(2, 2), is_output=True)
    b.g.add_edge(below[0], seen, op="max_pool", kernel_size=3, stride=3)
    mixed = b.g.add_neuron("mixed", population="mixed", shape=(6, 6))
    b.g.add_edge(below[0], mixed, op="identity")
    b.g.add_edge(below[1], mixed, weight=np.ones((1, 1)))
    b.linear("y", [mixed], 1, is_output=True)
    g = b.done()
    result = g.apply(RemoveNeurons("conv"))
    assert sorted(result.died) == sorted(below)
    assert result.details["stranded"] == ["mixed"]


def test_removed_synapses_strand_through_relays():
    g = concatenation(0)
    channel = place(g, "a", 0)
    relay = next(n for n in g[channel] if g.nodes[n]["population"] == "b.relay1")
    result = g.apply(RemoveSynapses([(u, channel) for u in g.pred[channel]], stranded="remove"))
    assert set(result.died) == {channel, relay}
    g = lenet(0)
    pairs = [(place(g, "pool1", 0), v) for v in g.populations["conv2"]]
    assert set(g.apply(RemoveSynapses(pairs, stranded="remove")).died) == {
        place(lenet(0), p, 0) for p in ("pool1", "conv1")
    }


def observed(g):
    """What is seen of a few images: the variance over samples and, of channels, positions."""
    found, keys = forward(g, images(g, size=20)), g.table.keys()
    means, spread = zip(*((found[n].mean(), found[n].var()) for n in g.names_of(keys)), strict=True)
    return Observations(keys, np.array(means), np.array(spread), samples=20, batches=1)


@pytest.mark.parametrize(
    ("family", "population", "follows"),
    [("lenet", "conv1", "pool1"), ("vgg", "conv2", "pool2"), ("separable", "point1", "depth")],
)
def test_autophagy_eats_the_channels_that_vary_least_and_their_followers(family, population, follows):
    g = FAMILIES[family](2)
    seen, members = observed(g), g.populations[population]
    spread = seen.of_neurons("activation_variance", g.keys_of(members))
    edit = Autophagy(population, LowRepresentationalPower(2, "count"), observations=seen)
    places = np.argsort(spread)[:2]
    expected = {g.populations[p][at] for p in (population, follows) for at in places}
    result = g.apply(edit)
    assert set(result.died) == expected
    assert (result.details["eaten"], result.details["left"]) == (2, len(members) - 2)
    assert half_wired(g) == []
    g.undo()
    assert structure(g) == structure(FAMILIES[family](2))


def test_the_floor_holds_though_mates_are_relays_of_the_eaten():
    b = Layers(0)
    below = b.conv("conv", b.image, 2, padding=1)
    mate = b.g.add_neuron("mate", population="conv", shape=(6, 6))
    b.g.add_edge(below[0], mate, op="identity")
    b.linear("out", [*below, mate], 2, is_output=True)
    g = b.done()
    result = g.apply(Autophagy("conv", lambda selection: selection.keys, floor=2))
    assert result.died == [below[0]]
    assert result.details["stranded"] == ["mate"]


@given(st.integers(0, 2**20), st.booleans())
def test_on_layers_put_together_at_random(seed, remove):
    g = random_maps(seed)
    hidden = [n for n in g if g.nodes[n]["role"] == "hidden" and not g.nodes[n]["is_output"]]
    names = np.random.default_rng(seed).choice(hidden, min(3, len(hidden)), replace=False).tolist()
    was, before, data = half_wired(g), dump(g), images(g)
    old = weights(g), values(g)
    result = g.apply(RemoveNeurons(names, stranded="remove" if remove else "leave"))
    assert weights(g).items() <= old[0].items()
    assert values(g).items() <= old[1].items()
    if remove:
        assert set(half_wired(g)) <= set(was)
    else:
        assert set(half_wired(g)) - set(was) <= set(result.details["stranded"])
    assert np.isfinite(outputs(g, data)).all()
    g.undo()
    assert (dump(g)["synapses"], dump(g)["neurons"]) == (before["synapses"], before["neurons"])
