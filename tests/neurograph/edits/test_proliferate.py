import networkx as nx
import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.builders import mlp
from neurograph.edits import DynamicCount, Proliferate, SplitEdge
from neurograph.edits.support.outgoing import OUTGOING
from neurograph.errors import EditError, MissingError, OptionError
from neurograph.initializers.newborns import NEWBORN_INITIALIZERS, Newborns
from tests.neurograph.networks import batch, dump, observed, outputs, random_network, structure, values, weights


def seen(g, seed=0):
    return observed(g, seed)


def kept():
    """Initializers with the ways to treat outgoing weights that keep the function: only copies can share a donor's."""
    copying = ("random", "representational")
    return [(i, o) for i in NEWBORN_INITIALIZERS for o in ("split", "zero") if o == "zero" or i in copying]


@pytest.mark.parametrize(("initializer", "outgoing"), kept())
@pytest.mark.parametrize("seed", range(6))
def test_the_function_is_kept_on_graphs_without_layers(outgoing, initializer, seed):
    g = random_network(seed)
    data = batch(g)
    before = outputs(g, data)
    for population, count in (("h0", 3), ("h1", 30)):
        if population in g.populations:
            edit = Proliferate(population, count, initializer, outgoing, seed, observations=seen(g))
            assert g.apply(edit).details["function_preserving"]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


@pytest.mark.parametrize("outgoing", OUTGOING)
def test_newborns_take_their_donors_wiring_and_everything_else_stays(outgoing):
    g = mlp([3, 4, 4, 2], seed=2)
    hidden, before_weights, before_values = g.population("hidden1"), weights(g), values(g)
    out = {int(i) for n in hidden for i in g.table.id[g.table.rows(g.table.index[n], g.table.out)]}
    result = g.apply(Proliferate("hidden1", 2, outgoing=outgoing, seed=1, observations=seen(g)))
    donors = dict(result.entry.neuron_heirs.tolist())
    assert [g.table.index[n] for n in result.born] == list(donors)
    assert g.population("hidden1") == hidden + result.born
    for new, old in ((g.names_of([a])[0], g.names_of([b])[0]) for a, b in donors.items()):
        assert dict(g.nodes[new]) == dict(g.nodes[old])
        assert {u: dict(d) for u, d in g.pred[new].items()} == {u: dict(d) for u, d in g.pred[old].items()}
        assert list(g[new]) == list(g[old])
    after = weights(g)
    untouched = {i: w for i, w in before_weights.items() if outgoing != "split" or i not in out}
    assert after.items() >= untouched.items()
    assert values(g).items() >= before_values.items()


def test_every_synapse_of_a_newborn_is_heir_of_its_donors():
    g = random_network(3)
    g.apply(Proliferate("h0", 4, seed=2))
    entry = g.journal[-1]
    donor = dict(entry.neuron_heirs.tolist())
    assert sorted(entry.synapse_heirs[:, 0].tolist()) == sorted(entry.synapses_born.tolist())
    table = g.table
    for new, old in entry.synapse_heirs.tolist():
        (row, was) = table.rows_of(np.array([new, old])).tolist()
        ends = int(table.src[row]), int(table.dst[row])
        assert tuple(donor.get(key, key) for key in ends) == (table.src[was], table.dst[was])
        assert table.form[row] == table.form[was]


def test_split_shares_out_each_weight_among_the_donor_and_all_its_newborns():
    g = mlp([2, 3, 40], seed=0)
    whole = {v: g[3][v]["weight"] for v in g[3]}
    result = g.apply(Proliferate("hidden1", 4, initializer=always(3), seed=5))
    family = [3, *result.born]
    shares = np.array([[g[n][v]["weight"] / w for v, w in whole.items()] for n in family])
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-12)
    assert (shares > 0).all()
    assert (shares.max(axis=0) / shares.min(axis=0) <= 3.0 * (1 + 1e-9)).all()
    assert len(np.unique(shares)) == shares.size  # no two alike, or they would never diverge


def test_one_newborn_gets_between_a_quarter_and_three_quarters():
    g = mlp([2, 3, 400], seed=0)
    whole = {v: g[3][v]["weight"] for v in g[3]}
    (n,) = g.apply(Proliferate("hidden1", 1, initializer=always(3))).born
    share = np.array([g[n][v]["weight"] / w for v, w in whole.items()])
    assert 0.25 <= share.min() < 0.35
    assert 0.65 < share.max() <= 0.75


def test_zero_is_silent_and_paper_takes_the_donors_rows():
    for outgoing in ("zero", "paper"):
        g = mlp([2, 3, 4], seed=0)
        whole = {v: g[3][v]["weight"] for v in g[3]}
        (n,) = g.apply(Proliferate("hidden1", 1, always(3), outgoing)).born
        assert {v: g[3][v]["weight"] for v in g[3]} == whole
        assert {v: g[n][v]["weight"] for v in g[n]} == (whole if outgoing == "paper" else dict.fromkeys(whole, 0.0))


def test_paper_says_that_the_function_moves_and_it_does():
    g = mlp([2, 3, 1], seed=0)
    before = outputs(g, batch(g))
    assert not g.apply(Proliferate("hidden1", 3, outgoing="paper")).details["function_preserving"]
    assert (np.abs(outputs(g, batch(g)) - before) > 1e-6).any()


def test_representational_donors_are_those_whose_activations_vary_most():
    g = mlp([2, 4, 1])
    variance = np.array([9, 9, 0.1, 0.4, 0.3, 0.2, 9])
    watched = Observations(g.table.keys(), np.zeros(7), variance)
    g.apply(Proliferate("hidden1", 2, initializer="representational", observations=watched))
    assert g.journal[-1].neuron_heirs[:, 1].tolist() == [3, 4]


def always(key, weigh=None):
    def one_donor(growth):
        return Newborns(np.full(growth.count, key), weigh)

    return one_donor


@pytest.mark.parametrize("outgoing", OUTGOING)
def test_an_initializer_of_ones_own_weighs_incoming_and_for_the_paper_outgoing_synapses(outgoing):
    g = mlp([2, 3, 2], seed=0)
    calls = []

    def weigh(ids, newborn):
        calls.append((ids.tolist(), newborn.tolist()))
        return g.read_weights(ids) + 10.0 * (newborn + 1)

    incoming = [g[u][3]["weight"] for u in (0, 1)]
    result = g.apply(Proliferate("hidden1", 2, always(3, weigh), outgoing, observations=seen(g)))
    for number, n in enumerate(result.born, 1):
        assert [g[u][n]["weight"] for u in (0, 1)] == [w + 10.0 * number for w in incoming]
    assert result.details["function_preserving"] == (outgoing == "zero")
    assert len(calls) == (2 if outgoing == "paper" else 1)
    if outgoing == "paper":
        assert [g[result.born[1]][v]["weight"] for v in g[3]] == [g[3][v]["weight"] + 20.0 for v in g[3]]


def test_kinds_biases_and_norms_of_a_mixed_population_go_over():
    g = NeuronGraph()
    g.add_population("x", 2, role="input")
    g.add_neuron("a", population="h", activation="prelu", slope=0.3, bias=1.5)
    g.add_neuron("b", population="h", activation="tanh", norm="batch", gamma=2.0, running_mean=0.5, running_var=3.0)
    g.add_neuron("c", population="h", activation="tanh", dropout=0.5, note="own")
    g.add_neuron("y", is_output=True)
    g.connect("x", ["a", "b", "c"], weight=np.ones((2, 3)))
    g.connect(["a", "b", "c"], ["y"], weight=np.ones((3, 1)))
    order = [g.table.index[n] for n in ("c", "a", "b", "a")]
    result = g.apply(Proliferate("h", 4, initializer=lambda growth: Newborns(np.array(order))))
    pairs = [tuple(g.names_of(pair)) for pair in result.entry.neuron_heirs]
    assert sorted(old for _, old in pairs) == ["a", "a", "b", "c"]
    for new, old in pairs:
        assert dict(g.nodes[new]) == {k: v for k, v in g.nodes[old].items() if k != "note"}


def test_maps_proliferate_too():
    rng = np.random.default_rng(0)
    g = NeuronGraph()
    g.add_population("image", 2, role="input", shape=(4, 4))
    g.add_population("maps", 3, shape=(4, 4), activation="tanh", bias=0.1)
    g.add_population("y", 2, is_output=True)
    g.connect("image", "maps", weight=rng.normal(size=(2, 3, 3, 3)), padding=1)
    g.connect("maps", "y", weight=rng.normal(size=(3, 2, 4, 4)))
    data = rng.normal(size=(3, 2, 4, 4))
    before = outputs(g, data)
    g.apply(Proliferate("maps", 5, seed=1))
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)


def test_identity_synapses_out_of_a_donor_stay_its_own():
    g = mlp([2, 2, 1], seed=1)
    g.add_neuron("copy", is_output=True)
    g.add_edge(2, "copy", op="identity")
    before = outputs(g, batch(g))
    result = g.apply(Proliferate("hidden1", 2, initializer=always(2)))
    assert result.details["not_shared"] == 2
    assert list(g.pred["copy"]) == [2]
    np.testing.assert_allclose(outputs(g, batch(g)), before, rtol=1e-9)


def test_synapses_without_a_weight_are_copied_without_one():
    g = NeuronGraph([(0, 1), (1, 2)])
    nx.set_node_attributes(g, {0: {"role": "input", "population": "in"}})
    g.add_node(2, is_output=True, population="out")
    (n,) = g.apply(Proliferate("hidden", 1)).born
    assert (dict(g[0][n]), dict(g[n][2])) == ({}, {})


def test_counts_come_from_policies_and_stop_at_the_limit():
    g = mlp([2, 8, 1])
    assert len(g.apply(Proliferate("hidden1", DynamicCount(4, [5.0, 5.0]))).born) == 8
    assert len(g.apply(Proliferate("hidden1", lambda size: size // 2)).born) == 8
    assert len(g.apply(Proliferate("hidden1", 100, limit=30)).born) == 6
    before = dump(g)
    with pytest.raises(EditError, match="'hidden1' has 30 neurons, and its limit is 30"):
        g.apply(Proliferate("hidden1", 1, limit=30))
    assert dump(g) == before


def test_the_seed_decides():
    graphs = [mlp([3, 6, 2], seed=0) for _ in range(3)]
    for g, seed in zip(graphs, (4, 4, 5), strict=True):
        g.apply(Proliferate("hidden1", 3, seed=seed))
    one, two, three = (dump(g)["synapses"] for g in graphs)
    assert one == two != three


def test_undo_gives_the_donors_their_weights_back_and_redo_does_it_again():
    g = random_network(1)
    before, old = structure(g), weights(g)
    g.apply(Proliferate("h0", 5, seed=3))
    after, new = structure(g), weights(g)
    g.undo()
    assert (structure(g), weights(g)) == (before, old)
    g.redo()
    assert (structure(g), weights(g)) == (after, new)


def test_what_was_trained_since_survives_undo_and_redo():
    g = mlp([2, 3, 2], seed=0)
    g.apply(Proliferate("hidden1", 2, seed=3))
    after = structure(g)
    ids = np.array(list(weights(g)))
    g.write_weights(ids, g.read_weights(ids) + 1.0)
    trained = weights(g)
    g.undo()
    assert weights(g).items() < trained.items()
    g.redo()
    assert (structure(g), weights(g)) == (after, trained)
    g.undo()
    g.redo()
    assert weights(g) == trained


def test_heirs_of_heirs_lead_back_to_what_a_reader_knew():
    class Reader:
        pass

    g, reader = mlp([2, 3, 2], seed=0), Reader()
    g.changes.subscribe(reader)
    keys, ids = set(g.table.keys().tolist()), set(weights(g))
    for seed in range(3):
        g.apply(Proliferate("hidden1", 4, seed=seed))
    u, v = list(g.edges)[-1]
    (n,) = g.apply(SplitEdge(u, v)).born
    changes = g.changes.since(reader)
    born = set(g.population_keys("hidden1").tolist()) - keys
    assert set(changes.neuron_heirs) == born
    assert set(changes.neuron_heirs.values()) <= keys
    assert set(changes.synapse_heirs.values()) <= ids
    assert set(weights(g)) - ids - set(changes.synapse_heirs) == {
        int(g.table.id[g.table.find(g.table.index[u], g.table.index[n])])
    }


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"count": 0}, "count must be a whole number of at least 1, not 0"),
        ({"count": -3}, "not -3"),
        ({"count": 2.5}, "not 2.5"),
        ({"count": True}, "not True"),
        ({"initializer": "rand"}, "'rand'"),
        ({"initializer": None}, "None"),
        ({"outgoing": "half"}, "split, zero, paper, gradient, not 'half'"),
        ({"limit": 0}, "limit"),
        ({"seed": -1}, "seed"),
    ],
    ids=str,
)
def test_impossible_options_are_refused_at_once(options, match):
    with pytest.raises(OptionError, match=match):
        Proliferate(**{"population": "hidden1", "count": 1} | options)


def of_the_wrong_shape(growth):
    return Newborns(growth.keys, lambda ids, newborn: np.ones((len(ids), 3, 3)))


@pytest.mark.parametrize(
    ("edit", "error", "match"),
    [
        (Proliferate("hidden", 1), MissingError, "'hidden'.*'hidden1'"),
        (Proliferate("input", 1), EditError, "'input' cannot proliferate.*'hidden1'"),
        (Proliferate("output", 1), EditError, "'output' cannot proliferate"),
        (Proliferate("hidden1", 1, "representational"), MissingError, "observations="),
        (Proliferate("hidden1", lambda size: 0), EditError, "'hidden1' .3 neurons. came out as 0"),
        (Proliferate("hidden1", lambda size: None), EditError, "came out as None"),
        (Proliferate("hidden1", 1, lambda growth: None), EditError, "must answer with Newborns"),
        (Proliferate("hidden1", 2, lambda growth: Newborns(growth.keys)), EditError, "2 donors"),
        (Proliferate("hidden1", 1, always(0)), EditError, "1 donors in population 'hidden1'"),
        (Proliferate("hidden1", 3, of_the_wrong_shape), ValueError, "not a kernel of shape"),
        (Proliferate("hidden2", 1), EditError, "6 do not sum.*'paper'"),
        (Proliferate("hidden2", 1, outgoing="zero"), EditError, "6 do not sum"),
    ],
)
def test_what_cannot_proliferate_is_refused_and_changes_nothing(edit, error, match):
    g = mlp([2, 3, 1, 1], seed=0)
    g.nodes[6]["aggregation"] = "max"
    before = dump(g)
    with pytest.raises(error, match=match):
        g.apply(edit)
    assert dump(g) == before


def test_paper_is_the_way_out_it_is_said_to_be():
    g = mlp([2, 3, 1, 1], seed=0)
    g.nodes[6]["aggregation"] = "max"
    assert len(g.apply(Proliferate("hidden2", 1, outgoing="paper")).born) == 1


def test_noise_moves_incoming_weights_and_with_zero_outgoing_keeps_the_function():
    g, exact = (mlp([3, 4, 4, 2], seed=2) for _ in range(2))
    data = batch(g)
    before = outputs(g, data)
    result = g.apply(Proliferate("hidden1", 3, outgoing="zero", noise=0.5, seed=1))
    copies = exact.apply(Proliferate("hidden1", 3, outgoing="zero", seed=1))
    assert result.details["function_preserving"]
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9)
    moved = g.read_weights(result.entry.synapses_born) - exact.read_weights(copies.entry.synapses_born)
    scale = np.std([g[u][v]["weight"] for u in g.population("input") for v in g.population("hidden1")[:4]])
    assert 0.5 < np.std(moved[moved != 0]) / (0.5 * scale) < 2.0
    assert (moved != 0).sum() == 9  # incoming ones only


def test_noise_with_split_outgoing_says_that_the_function_moves():
    g = mlp([3, 4, 4, 2], seed=2)
    data = batch(g)
    before = outputs(g, data)
    assert not g.apply(Proliferate("hidden1", 3, noise=0.5, seed=1)).details["function_preserving"]
    assert not np.allclose(outputs(g, data), before)
    with pytest.raises(OptionError, match="noise"):
        Proliferate("hidden1", 1, noise=-1.0)


@pytest.mark.parametrize("noise", [0.0, 0.7])
@pytest.mark.parametrize("initializer", NEWBORN_INITIALIZERS)
def test_balanced_newborns_meet_the_variance_condition_by_themselves(initializer, noise):
    g = mlp([20, 8, 6, 3], seed=0)
    before = weights(g)
    edit = Proliferate("hidden2", 5, initializer, "zero", noise=noise, observations=seen(g), balanced=True)
    result = g.apply(edit)
    born = np.array([[g[s][n]["weight"] for s in g.population("hidden1")] for n in result.born])
    assert 0.5 * born.shape[1] * born.var() == pytest.approx(1.0, rel=1e-12)  # eq. 13
    assert weights(g).items() >= before.items()
    plain = mlp([20, 8, 6, 3], seed=0)
    unscaled = plain.apply(Proliferate("hidden2", 5, initializer, "zero", noise=noise, observations=seen(plain)))
    theirs = np.array([[plain[s][n]["weight"] for s in plain.population("hidden1")] for n in unscaled.born])
    np.testing.assert_allclose(born, theirs * result.details["balanced_by"], rtol=1e-12)


def test_balancing_keeps_the_function_only_where_newborns_are_silent():
    g = mlp([5, 4, 3], seed=0)
    assert not g.apply(Proliferate("hidden1", 2, balanced=True)).details["function_preserving"]
    assert g.apply(Proliferate("hidden1", 2, outgoing="zero", balanced=True)).details["function_preserving"]
    for edge in g.edges:
        g.edges[edge]["weight"] = 0.5
    with pytest.raises(EditError, match=r"balanced=True: the 10 incoming weights of 2 newborn.*do not vary"):
        g.apply(Proliferate("hidden1", 2, balanced=True))
