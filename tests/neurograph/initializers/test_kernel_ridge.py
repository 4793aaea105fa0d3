"""MetaNet's equations 5 and 6, by the formula as it is written and by numbers worked out by hand."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.edits import Proliferate
from neurograph.errors import EditError, OptionError
from neurograph.initializers.newborns import Growth, KernelRidge, newborn_initializer
from tests.neurograph.networks import dump, random_network


def line(*weights):
    """Neurons that each read one input."""
    g = NeuronGraph()
    g.add_population("in", 1, role="input")
    g.add_population("h", len(weights))
    g.add_population("out", 1, is_output=True)
    incoming = g.connect("in", "h", weight=[list(weights)])
    g.connect("h", "out", weight=[[10.0 * w] for w in weights])
    return g, incoming


def fitted(g, initializer, name="h"):
    """The fitted incoming rows, as a table from each neuron's key to its weights by synapse order."""
    keys = g.population_keys(name)
    newborns = initializer(Growth(g, keys, len(keys), np.random.default_rng(0)))
    table = g.table
    found = {}
    for key in keys.tolist():
        rows = table.rows(key, table.inn)
        ids = table.id[rows[table.pool[rows] > 0]].astype(np.int64)
        found[key] = newborns.weights(ids, np.zeros(len(ids), np.int64))
    return found


def test_two_neurons_by_hand():
    """Distance and bandwidth are 1: K = [[1, k], [k, 1]], k = e^(-1/2); (K + I)^-1 = [[2, -k], [-k, 2]] / (4 - k^2)."""
    g, ids = line(0.0, 1.0)
    k = np.exp(-0.5)
    alpha = np.array([-k, 2.0]) / (4.0 - k * k)
    keys = g.population_keys("h")
    born = KernelRidge(ridge=1.0)(Growth(g, keys, 2, np.random.default_rng(0)))
    got = born.weights(ids, np.array([0, 1]))
    np.testing.assert_allclose(got, [alpha[0] + k * alpha[1], k * alpha[0] + alpha[1]], rtol=1e-12)


@pytest.mark.parametrize("bandwidth", [None, 0.3])
@pytest.mark.parametrize("ridge", [1e-6, 0.1, 3.0])
def test_rows_are_those_of_the_formula(ridge, bandwidth):
    g = mlp([5, 7, 3], seed=4)
    keys = g.population_keys("hidden1")
    w = np.array([[g[u][v]["weight"] for u in g.population("input")] for v in g.population("hidden1")])
    apart = np.linalg.norm(w[:, None] - w[None], axis=2)
    delta = np.median(apart[np.triu_indices(7, 1)]) if bandwidth is None else bandwidth
    kernel = np.exp(-(apart**2) / (2 * delta**2))
    expected = kernel.T @ np.linalg.inv(kernel + ridge * np.eye(7)) @ w
    got = fitted(g, KernelRidge(ridge, bandwidth), "hidden1")
    np.testing.assert_allclose([got[key] for key in keys.tolist()], expected, rtol=1e-6, atol=1e-9)


def test_without_a_ridge_the_fit_is_the_weights_and_a_large_one_draws_them_together():
    g = mlp([5, 7, 3], seed=4)
    w = np.array(list(fitted(g, KernelRidge(0.0), "hidden1").values()))
    assert np.allclose(w.std(0), [np.std([g[u][v]["weight"] for v in g.population("hidden1")]) for u in range(5)])
    spreads = [np.array(list(fitted(g, KernelRidge(r), "hidden1").values())).std() for r in (0.01, 0.3, 10.0)]
    assert w.std() > spreads[0] > spreads[1] > spreads[2]


def test_every_row_is_dealt_once_before_any_is_dealt_again():
    g, _ = line(0.1, 0.2, 0.3, 0.4)
    keys = g.population_keys("h")
    donors = KernelRidge()(Growth(g, keys, 10, np.random.default_rng(3))).donors
    assert sorted(donors[:4].tolist()) == sorted(donors[4:8].tolist()) == keys.tolist()
    assert len(set(donors[8:].tolist())) == 2
    assert donors[:4].tolist() != donors[4:8].tolist()


def test_a_newborn_has_its_donors_wiring_and_the_fitted_weights():
    g = random_network(5)
    population = next(name for name in g.populations if name.startswith("h"))
    before = g.copy()
    result = g.apply(Proliferate(population, 3, KernelRidge(0.2), "zero", seed=1))
    rows = fitted(before, KernelRidge(0.2), population)
    for new, old in result.entry.neuron_heirs.tolist():
        name, donor = g.names_of([new])[0], g.names_of([old])[0]
        assert set(g.pred[name]) == set(before.pred[donor])
        weighted = [g[u][name]["weight"] for u in before.pred[donor] if "weight" in before[u][donor]]
        assert sorted(weighted) == pytest.approx(sorted(rows[old]))


def test_with_outgoing_paper_the_rows_of_the_next_layer_are_fitted_by_their_own_kernel():
    g, _ = line(0.0, 0.1, 1.0)
    w = np.array([0.0, 0.1, 1.0])
    apart = np.abs(w[:, None] - w[None]) * 10
    kernel = np.exp(-(apart**2) / (2 * np.median(apart[np.triu_indices(3, 1)]) ** 2))
    expected = kernel @ np.linalg.solve(kernel + 0.5 * np.eye(3), 10 * w)
    result = g.apply(Proliferate("h", 3, KernelRidge(0.5), "paper"))
    for new, old in result.entry.neuron_heirs.tolist():
        (target,) = g[g.names_of([new])[0]]
        assert g[g.names_of([new])[0]][target]["weight"] == pytest.approx(expected[old - 1])
    assert not result.details["function_preserving"]


def test_noise_is_in_units_of_the_populations_own_spread():
    g = mlp([200, 40, 3], seed=4)
    keys, calm = g.population_keys("hidden1"), KernelRidge(0.1)
    ids = g.table.id[g.table.live()].astype(np.int64)
    ids = ids[np.isin(g.table.dst[g.table.rows_of(ids)], keys)]
    found = [
        kind(Growth(g, keys, 1, np.random.default_rng(0))).weights(ids, np.zeros(len(ids), np.int64))
        for kind in (calm, KernelRidge(0.1, noise=0.5))
    ]
    assert np.std(found[1] - found[0]) == pytest.approx(0.5 * g.read_weights(ids).std(), rel=0.05)


def test_equal_rows_need_a_ridge():
    g, _ = line(0.5, 0.25, 0.5)
    before = dump(g)
    with pytest.raises(EditError, match="1 and 3 are 0 apart; a ridge above 0"):
        g.apply(Proliferate("h", 2, KernelRidge(ridge=0.0)))
    assert dump(g) == before
    assert len(g.apply(Proliferate("h", 2, KernelRidge(ridge=0.1))).born) == 2


def test_neurons_that_are_all_alike_or_alone_have_a_fit_too():
    for weights in ((0.5,), (0.5, 0.5, 0.5)):
        g, _ = line(*weights)
        rows = fitted(g, KernelRidge(ridge=1.0))
        n = len(weights)
        assert all(row == pytest.approx(0.5 * n / (n + 1)) for row in rows.values())


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: KernelRidge(ridge=-1.0), "ridge must be a finite number of at least 0, not -1"),
        (lambda: KernelRidge(ridge=float("nan")), "ridge"),
        (lambda: KernelRidge(noise=-0.1), "noise"),
        (lambda: KernelRidge(bandwidth=0.0), "bandwidth must be a finite number above 0"),
        (lambda: newborn_initializer("kernel_ridge", lam=1.0), "'kernel_ridge': .*lam"),
        (lambda: newborn_initializer("random", ridge=1.0), "'random' has no options"),
    ],
)
def test_impossible_options(make, match):
    with pytest.raises(OptionError, match=match):
        make()
