"""Proliferate on feature maps: kernels, norms, and what stands between a channel and the weights behind it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.builders import lenet5
from neurograph.edits import Proliferate
from neurograph.errors import EditError
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, Newborns
from neurograph.schema.neuron import VALUES
from tests.neurograph.map_networks import FAMILIES, Layers, images, lenet, random_maps, residual, separable, vgg
from tests.neurograph.networks import dump, forward, outputs, structure, values, weights

INNER = [(name, p) for name, make in FAMILIES.items() for p in make().populations if p not in ("image", "out")]


def always(name):
    return lambda growth: Newborns(np.full(growth.count, growth.graph.table.index[name]))


def sizes(g):
    return {name: len(members) for name, members in g.populations.items()}


@pytest.mark.parametrize("outgoing", ["split", "zero"])
@pytest.mark.parametrize(("family", "population"), INNER)
def test_the_function_is_kept(family, population, outgoing):
    g = FAMILIES[family](1)
    data = images(g)
    before = outputs(g, data)
    noise = 1.0 if outgoing == "zero" else 0.0
    result = g.apply(Proliferate(population, 3, outgoing=outgoing, seed=2, noise=noise))
    assert result.details["function_preserving"]
    assert len(g.populations[population]) == result.details["newborns"] + sizes(FAMILIES[family](1))[population]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(("family", "population"), INNER)
def test_every_newborn_and_twin_is_heard(family, population):
    g = FAMILIES[family](1)
    data = images(g)
    result = g.apply(Proliferate(population, 2, seed=2))
    before = outputs(g, data)
    for name in result.born:
        trial = g.copy()
        trial.nodes[name]["bias"] = (trial.nodes[name]["bias"] or 0.0) + 0.7
        assert np.abs(outputs(trial, data) - before).max() > 1e-9


@given(st.integers(0, 2**20), st.integers(1, 4), st.booleans())
def test_the_function_is_kept_on_layers_put_together_at_random(seed, count, split):
    g = random_maps(seed)
    data, rng = images(g), np.random.default_rng(seed)
    before = outputs(g, data)
    inner = [name for name in g.populations if name not in ("image", "out")]
    edit = Proliferate(inner[rng.integers(len(inner))], count, outgoing="split" if split else "zero", seed=seed)
    assert g.apply(edit).details["function_preserving"]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("family", "population", "grown"),
    [
        ("lenet", "conv1", {"conv1", "pool1"}),
        ("lenet", "conv2", {"conv2", "pool2"}),
        ("lenet", "hidden", {"hidden"}),
        ("vgg", "conv0", {"conv0"}),
        ("vgg", "conv2", {"conv2", "pool2"}),  # pooled into scalars
        ("residual", "conv1", {"conv1", "a.sum", "b.sum"}),
        ("residual", "a.1", {"a.1"}),
        ("residual", "b.2", {"b.2", "b.sum"}),
        ("concatenation", "conv1", {"conv1", "a.relay0", "b.relay0"}),
        ("concatenation", "b", {"b"}),
        ("separable", "point1", {"point1", "depth"}),
        ("separable", "point2", {"point2", "read"}),  # one kernel a channel, as large as its map
        ("separable", "depth", {"depth"}),
    ],
)
def test_what_no_weight_parts_from_a_channel_grows_with_it(family, population, grown):
    g = FAMILIES[family](0)
    before = sizes(g)
    details = g.apply(Proliferate(population, 3, seed=4)).details
    assert {name for name, size in sizes(g).items() if size == before[name] + 3} == grown
    assert sum(sizes(g).values()) == sum(before.values()) + 3 * len(grown)
    assert (details["newborns"], details["followers"], details["not_shared"]) == (3, 3 * (len(grown) - 1), 0)


def test_a_newborn_channel_takes_kernels_norm_statistics_and_bias():
    g = vgg(3)
    donor = g.populations["conv1"][2]
    old_weights, old_values = weights(g), values(g)
    (n, pooled) = g.apply(Proliferate("conv1", 1, always(donor))).born
    assert g.nodes[n]["population"] == "conv1"
    assert dict(g.nodes[n]) == dict(g.nodes[donor])
    assert g.nodes[n]["running_var"] != 1.0
    assert g.nodes[n]["gamma"] != g.nodes[g.populations["conv1"][0]]["gamma"]
    assert list(g.pred[n]) == list(g.pred[donor]) == g.populations["conv0"]
    for u in g.pred[n]:
        assert (g[u][n]["weight"] == g[u][donor]["weight"]).all()
        assert g[u][n]["padding"] == (1, 1)
    assert (list(g[n]), list(g.pred[pooled])) == ([pooled], [n])
    assert dict(g[n][pooled]) == dict(g[donor][g.populations["pool1"][2]])
    read = {g.table.id[g.table.find(g.table.index[g.populations["pool1"][2]], g.table.index[v])] for v in g[pooled]}
    after = weights(g)
    assert {i for i in old_weights if after[i] != old_weights[i]} == read
    assert values(g).items() >= old_values.items()


def test_kernels_are_split_whole_at_the_first_weights_behind():
    g = lenet(0)
    donor, its_pool = g.populations["conv1"][1], g.populations["pool1"][1]
    whole = {v: g[its_pool][v]["weight"].copy() for v in g[its_pool]}
    born = g.apply(Proliferate("conv1", 2, always(donor), seed=1)).born
    family = [its_pool, *(n for n in born if g.nodes[n]["population"] == "pool1")]
    assert len(family) == 3
    for v, kernel in whole.items():
        shares = np.array([g[n][v]["weight"] / kernel for n in family])
        np.testing.assert_allclose(shares.sum(0), 1.0, rtol=1e-12)
        assert (np.ptp(shares.reshape(3, -1), axis=1) < 1e-12).all()  # one share a kernel
        assert (shares > 0.1).all()


def test_zero_and_paper_act_on_the_first_weights_behind():
    for outgoing, factor in (("zero", 0.0), ("paper", 1.0)):
        g = lenet(0)
        donor, its_pool = g.populations["conv1"][1], g.populations["pool1"][1]
        before = {v: g[its_pool][v]["weight"].copy() for v in g[its_pool]}
        result = g.apply(Proliferate("conv1", 1, always(donor), outgoing))
        assert result.details["function_preserving"] == (outgoing == "zero")
        for v, kernel in before.items():
            assert (g[its_pool][v]["weight"] == kernel).all()
            assert (g[result.born[1]][v]["weight"] == factor * kernel).all()


def test_the_weights_of_a_flattened_map_are_split_too():
    g = lenet(0)
    donor, its_pool = g.populations["conv2"][0], g.populations["pool2"][0]
    before = {v: g[its_pool][v]["weight"].copy() for v in g[its_pool]}
    result = g.apply(Proliferate("conv2", 1, always(donor)))
    for v, weight in before.items():
        assert weight.shape == (1, 1)
        np.testing.assert_allclose(g[its_pool][v]["weight"] + g[result.born[1]][v]["weight"], weight, rtol=1e-12)


def test_noise_is_for_incoming_kernels_of_newborns_not_for_what_follows_them():
    exact, noisy = separable(0), separable(0)
    exact.apply(Proliferate("point1", 2, outgoing="zero", seed=1))
    result = noisy.apply(Proliferate("point1", 2, outgoing="zero", seed=1, noise=0.5))
    ids = {True: [], False: []}
    for number in result.entry.synapses_born.tolist():
        target = noisy.table.dst[noisy.table.rows_of(np.array([number]))[0]]
        ids[noisy.neurons.of(int(target)).population == "point1"].append(number)
    moved = noisy.read_weights(np.array(ids[True])) - exact.read_weights(np.array(ids[True]))
    assert (moved != 0).all()
    assert len(ids[False]) == 2 + 2 * 3
    for number in map(np.array, ids[False]):
        assert (noisy.read_weights(number[None]) == exact.read_weights(number[None])).all()


def test_a_residual_sum_is_copied_with_all_that_it_takes_in():
    g = residual(0)
    donor = g.populations["a.2"][1]
    total = g.populations["a.sum"][1]
    result = g.apply(Proliferate("a.2", 1, always(donor)))
    n, first, second = result.born
    assert [g.nodes[x]["population"] for x in result.born] == ["a.2", "a.sum", "b.sum"]
    assert set(g.pred[first]) == {g.populations["conv1"][1], n}
    assert set(g.pred[second]) == {first, g.populations["b.2"][1]}
    assert set(g.pred[total]) == {g.populations["conv1"][1], donor}
    found = forward(g, images(g))
    np.testing.assert_array_equal(found[first], found[total])


def test_a_neuron_that_reads_two_of_the_family_gets_one_twin_a_newborn():
    b = Layers(0)
    below = b.conv("conv", b.image, 2, padding=1)
    sides = [b.joined("left", below, activation="relu"), b.joined("right", below, activation="tanh")]
    b.linear("out", b.joined("sum", *sides), 2, is_output=True)
    g = b.done()
    data = images(g)
    before = outputs(g, data)
    g.apply(Proliferate("conv", 3, seed=1))
    assert sizes(g) == {"image": 2, "conv": 5, "left": 5, "right": 5, "sum": 5, "out": 2}
    for n in g.populations["sum"]:
        assert len({u for side in g.pred[n] for u in g.pred[side]}) == 1
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_a_reader_reached_at_different_depths_is_shared_out_once():
    b = Layers(0)
    below = b.conv("conv", b.image, 2, padding=1)
    relay = b.joined("relay", below[:1])
    late = b.g.add_neuron("late", population="late", shape=(6, 6))
    for u in (relay[0], below[1]):
        b.g.add_edge(u, late, op="identity")
    b.linear("out", [late, *below], 2, is_output=True)
    g = b.done()
    data = images(g)
    before = outputs(g, data)
    g.apply(Proliferate("conv", 4, seed=1))
    assert sizes(g)["late"] == 5
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_dense_kernels_over_a_single_channel_are_shared_out_not_followed():
    b = Layers(0)
    below = b.conv("one", b.image, 1, padding=1)
    b.linear("out", b.conv("many", below, 4, padding=1), 2, is_output=True)
    g = b.done()
    data = images(g)
    before = outputs(g, data)
    assert g.apply(Proliferate("one", 2)).details["followers"] == 0
    assert [len(g.pred[n]) for n in g.populations["many"]] == [3] * 4
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_newborns_of_a_grouped_layer_stay_in_their_donors_group():
    b = Layers(0)
    below = b.conv("below", b.image, 4, padding=1)
    made = [n for at in (0, 2) for n in b.conv(f"group{at}", below[at : at + 2], 2, padding=1)]
    b.linear("out", made, 2, is_output=True)
    g = b.done()
    data = images(g)
    before = outputs(g, data)
    g.apply(Proliferate("below", 1, always(below[3])))
    assert [len(g.pred[n]) for n in made] == [2, 2, 3, 3]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_outputs_and_mates_do_not_follow():
    b = Layers(0)
    below = b.conv("conv", b.image, 2, padding=1)
    mate = b.g.add_neuron("mate", population="conv", shape=(6, 6))
    b.g.add_edge(below[0], mate, op="identity")
    seen = b.g.add_neuron("seen", population="seen", shape=(2, 2), is_output=True)
    b.g.add_edge(below[0], seen, op="max_pool", kernel_size=3, stride=3)
    made = b.conv("next", [below[0], mate], 2, padding=1)
    b.g.nodes[made[0]]["is_output"] = True
    g = b.done()
    before = forward(g, images(g))
    result = g.apply(Proliferate("conv", 2, always(below[0])))
    assert (len(result.born), result.details["followers"], result.details["not_shared"]) == (2, 0, 4)
    after = forward(g, images(g))
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-9)


def test_everything_born_is_heir_of_what_it_is_a_copy_of():
    g = separable(2)
    g.apply(Proliferate("point1", 5, seed=2))
    entry, table = g.journal[-1], g.table
    old = dict(entry.neuron_heirs.tolist())
    assert sorted(old) == sorted(entry.neurons_born.tolist())
    assert sorted(entry.synapse_heirs[:, 0].tolist()) == sorted(entry.synapses_born.tolist())
    for new, was in entry.synapse_heirs.tolist():
        row, before = table.rows_of(np.array([new, was])).tolist()
        ends = int(table.src[row]), int(table.dst[row])
        assert tuple(old.get(key, key) for key in ends) == (table.src[before], table.dst[before])
        assert table.form[row] == table.form[before]


def test_twins_stand_in_the_order_of_the_newborns():
    g = lenet(0)
    g.apply(Proliferate("conv1", 5, seed=3))
    assert [list(g.pred[n]) for n in g.populations["pool1"]] == [[n] for n in g.populations["conv1"]]


def test_a_reader_that_does_not_sum_is_refused_wherever_in_the_family_it_reads():
    g = lenet(0)
    g.nodes[g.populations["conv2"][0]]["aggregation"] = "max"
    before = dump(g)
    with pytest.raises(EditError, match="do not sum"):
        g.apply(Proliferate("conv1", 1))
    assert dump(g) == before
    assert len(g.apply(Proliferate("conv1", 1, outgoing="paper")).born) == 2


@pytest.mark.parametrize("initializer", NEWBORN_INITIALIZERS)
@pytest.mark.parametrize("outgoing", ["split", "zero", "paper"])
def test_every_initializer_takes_channels_whatever_follows_them(initializer, outgoing):
    g = separable(1)
    keys = g.table.keys()
    seen = Observations(keys, np.zeros(len(keys)), np.random.default_rng(0).random(len(keys)), samples=1)
    edit = Proliferate("point1", 6, initializer, outgoing, observations=seen)
    if getattr(NEWBORN_INITIALIZERS[initializer], "needs_deltas", False):
        with pytest.raises(EditError, match="feature maps"):
            g.apply(edit)
        return
    result = g.apply(edit)
    assert len(result.born) == 12
    assert np.isfinite(outputs(g, images(g))).all()


def test_donors_are_chosen_by_the_variance_over_samples_and_positions():
    g = lenet(0)
    found = forward(g, images(g, size=20))
    keys = g.table.keys()
    spread = np.array([found[name].var() for name in g.names_of(keys)])
    chosen = g.population_keys("conv1")[np.argsort(-spread[np.isin(keys, g.population_keys("conv1"))])][:2]
    seen = Observations(keys, np.zeros(len(keys)), spread)
    g.apply(Proliferate("conv1", 2, "representational", observations=seen))
    assert g.journal[-1].neuron_heirs[:2, 1].tolist() == chosen.tolist()


@pytest.mark.parametrize(("family", "population"), INNER)
def test_undo_and_redo(family, population):
    g = FAMILIES[family](0)
    before = structure(g), weights(g), values(g)
    g.apply(Proliferate(population, 4, seed=3))
    after = structure(g), weights(g), values(g)
    g.undo()
    assert (structure(g), weights(g), values(g)) == before
    g.redo()
    assert (structure(g), weights(g), values(g)) == after


def test_relays_between_numbers_follow_as_well():
    g = NeuronGraph()
    g.add_population("x", 2, role="input")
    h = g.add_population("h", 2, activation="tanh", bias=0.3)
    relay = g.add_population("relay", 2, activation="sigmoid")
    g.add_population("y", 1, is_output=True)
    g.connect("x", "h", weight=[[1.0, -0.5], [0.3, 0.7]])
    g.add_edges_from_arrays(h, relay, op="identity")
    g.connect("relay", "y", weight=[[1.0], [2.0]])
    data = np.random.default_rng(0).normal(size=(4, 2))
    before = outputs(g, data)
    g.apply(Proliferate("h", 2))
    assert sizes(g) == {"x": 2, "h": 4, "relay": 4, "y": 1}
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-12)


def test_lenet5_grows_with_its_pools_and_keeps_its_kinds():
    g = lenet5()
    before = {name: g.neurons.of(g.table.index[members[0]]) for name, members in g.populations.items()}
    for name in ("conv1", "inserted", "conv2", "hidden"):
        g.apply(Proliferate(name, 2))
    assert sizes(g) == {
        "input": 1, "conv1": 22, "pool1": 22, "inserted": 102, "conv2": 52, "pool2": 52, "hidden": 502, "output": 10
    }  # fmt: skip
    for name, members in g.populations.items():
        assert {g.neurons.of(g.table.index[n]) for n in members} == {before[name]}
        assert len({len(g.pred[n]) for n in members}) == 1
    for name in VALUES:
        assert np.isnan(g.read_values(name, g.population_keys("pool1"))).all()
