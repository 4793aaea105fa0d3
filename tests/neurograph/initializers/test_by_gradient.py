"""Newborns by the gradient they will have: GradMax, Firefly, and outgoing weights by least squares, in plain numpy."""

import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.edits import Proliferate
from neurograph.errors import EditError, MissingError, OptionError
from neurograph.initializers.newborns import Firefly, Fresh, GradMax
from neurograph.schema.derivatives import activated
from tests.neurograph.networks import observed


def network(activation="tanh"):
    g = mlp([7, 5, 6, 4], activation=activation, seed=1)
    g.write_values("bias", g.population_keys("hidden2"), np.linspace(-0.3, 0.3, 6))
    return g


def between(g, sources, targets):
    """What is seen of two populations: (samples, n) values, (samples, m) deltas."""
    seen = observed(g)
    return seen, seen.values_of(g.population_keys(sources)), seen.deltas_of(g.population_keys(targets))


def incoming(g, names, sources):
    return np.array([[g[u][n]["weight"] for u in g.population(sources)] for n in names])


def outgoing(g, names, targets):
    return np.array([[g[n][v]["weight"] for v in g.population(targets)] for n in names])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gradmax_reads_by_right_singular_vectors(activation):
    g = network(activation)
    seen, a, d = between(g, "hidden1", "output")
    norm = np.linalg.norm(incoming(g, g.population("hidden2"), "hidden1"), axis=1).mean()
    result = g.apply(Proliferate("hidden2", 3, GradMax(scale=0.5), "zero", observations=seen))
    right = np.linalg.svd(d.T @ a / len(a))[2][:3]
    found = incoming(g, result.born, "hidden1")
    np.testing.assert_allclose(np.abs(found), 0.5 * norm * np.abs(right), rtol=1e-9)
    np.testing.assert_allclose(np.abs((found * right).sum(1)), 0.5 * norm, rtol=1e-9)
    assert not outgoing(g, result.born, "output").any()


def test_gradmax_as_the_paper_has_it():
    g = network()
    seen, a, d = between(g, "hidden1", "output")
    norm = np.linalg.norm(outgoing(g, g.population("hidden2"), "output"), axis=1).mean()
    result = g.apply(Proliferate("hidden2", 2, GradMax("incoming"), "paper", observations=seen))
    found = outgoing(g, result.born, "output")
    assert not incoming(g, result.born, "hidden1").any()
    left, strengths, _ = np.linalg.svd(d.T @ a / len(a))
    np.testing.assert_allclose(np.abs(found), norm * np.abs(left.T[:2]), rtol=1e-9)
    gradient = found @ (d.T @ a) / len(a)
    assert np.linalg.norm(gradient) == pytest.approx(norm * np.linalg.norm(strengths[:2]))


def test_the_sign_is_the_one_of_the_larger_gradient():
    g = network("relu")
    seen, a, d = between(g, "hidden1", "output")
    result = g.apply(Proliferate("hidden2", 3, GradMax(), "zero", observations=seen))
    right = np.linalg.svd(d.T @ a / len(a))[2][:3]
    for name, vector, (_, donor) in zip(result.born, right, result.entry.neuron_heirs.tolist(), strict=True):
        bias = g.read_values("bias", np.array([donor]))
        size = [np.linalg.norm(d.T @ np.maximum(s * (a @ vector) + bias, 0.0)) for s in (1.0, -1.0)]
        chosen = incoming(g, [name], "hidden1")[0] @ vector > 0
        assert chosen == (size[0] >= size[1]) or size[0] == pytest.approx(size[1])


def test_more_newborns_than_singular_values_read_at_random():
    g = network()
    result = g.apply(Proliferate("hidden2", 9, "gradmax", "zero", observations=observed(g)))
    norms = np.linalg.norm(incoming(g, result.born, "hidden1"), axis=1)
    np.testing.assert_allclose(norms, norms[0])


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_firefly_picks_the_largest_gradients(activation):
    drawn = {}

    def remembered(growth):
        born = Fresh()(growth)

        def weights(ids, newborn):
            drawn["ids"], drawn["newborn"], drawn["weights"] = ids, newborn, born.weights(ids, newborn)
            return drawn["weights"]

        drawn["donors"] = born.donors
        return type(born)(born.donors, weights)

    g = network(activation)
    seen, a, d = between(g, "hidden1", "output")
    keys = g.population_keys("hidden1")
    sources = g.table.src.copy()
    rows = lambda ids: g.table.rows_of(ids)  # noqa: E731
    edit = Proliferate("hidden2", 3, Firefly(6, remembered), "zero", observations=seen)
    place = {int(i): int(np.searchsorted(keys, sources[r])) for i, r in zip(g.table.id, rows(g.table.id), strict=True)}
    result = g.apply(edit)
    matrix = np.zeros((18, 5))
    for i, n, w in zip(drawn["ids"].tolist(), drawn["newborn"].tolist(), drawn["weights"].tolist(), strict=True):
        matrix[n, place[i]] = w
    activity = activated(activation, a @ matrix.T + g.read_values("bias", drawn["donors"]))[0]
    score = np.linalg.norm(d.T @ activity, axis=0)
    best = np.sort(np.argsort(-score)[:3])
    np.testing.assert_allclose(incoming(g, result.born, "hidden1"), matrix[best], rtol=1e-12)
    assert result.entry.neuron_heirs[:, 1].tolist() == drawn["donors"][best].tolist()


@pytest.mark.parametrize("activation", ["tanh", "prelu"])
def test_outgoing_weights_are_the_least_squares_on_minus_the_deltas(activation):
    g = network(activation)
    seen, a, d = between(g, "hidden1", "output")
    result = g.apply(Proliferate("hidden2", 3, "fresh", "gradient", observations=seen))
    bias = g.read_values("bias", result.entry.neuron_heirs[:, 1])
    activity = activated(activation, a @ incoming(g, result.born, "hidden1").T + bias)[0]
    square = activity.T @ activity / len(a)
    ridge = 1e-3 * square.trace() / 3
    expected = np.linalg.lstsq(
        np.vstack([activity, np.sqrt(ridge * len(a)) * np.eye(3)]), np.vstack([-d, np.zeros((3, 4))]), rcond=None
    )[0]
    np.testing.assert_allclose(outgoing(g, result.born, "output"), expected, rtol=1e-8)
    assert not result.details["function_preserving"]


def test_each_reader_is_fitted_by_those_it_reads():
    g = network()
    lone = g.population("hidden2")[0]
    for v in g.population("output")[1:]:
        g.remove_edge(lone, v)
    seen, a, d = between(g, "hidden1", "output")
    result = g.apply(Proliferate("hidden2", 12, "fresh", "gradient", observations=seen, seed=2))
    readers = [len(g[n]) for n in result.born]
    assert set(readers) == {1, 4}
    bias = g.read_values("bias", result.entry.neuron_heirs[:, 1])
    activity = np.tanh(a @ incoming(g, result.born, "hidden1").T + bias)
    square = activity.T @ activity / len(a)
    square += 1e-3 * square.trace() / 12 * np.eye(12)
    for column, v in enumerate(g.population("output")):
        who = [at for at, n in enumerate(result.born) if v in g[n]]
        expected = -np.linalg.solve(square[np.ix_(who, who)], activity[:, who].T @ d[:, column] / len(a))
        np.testing.assert_allclose([g[result.born[at]][v]["weight"] for at in who], expected, rtol=1e-8)


def test_what_has_not_been_seen_is_asked_for():
    for initializer, way in (("gradmax", "zero"), ("firefly", "zero"), ("fresh", "gradient")):
        with pytest.raises(MissingError, match=r"net.observe\(batches, loss=..., activations=True, deltas=True\)"):
            network().apply(Proliferate("hidden2", 2, initializer, way))


def test_what_makes_no_sense():
    for wrong in ({"silent": "both"}, {"scale": -1.0}, {"scale": float("inf")}):
        with pytest.raises(OptionError):
            GradMax(**wrong)
    with pytest.raises(OptionError, match="candidates"):
        Firefly(0)
    with pytest.raises(OptionError, match="of must be an initializer"):
        Firefly(2, "fresh")
    with pytest.raises(OptionError, match="balanced=True"):
        Proliferate("hidden1", 1, outgoing="gradient", balanced=True)
    g = mlp([3, 4, 2], seed=0)  # ReLUs without a bias are flat where a silent newborn stands
    with pytest.raises(EditError, match="where relu is flat"):
        g.apply(Proliferate("hidden1", 1, GradMax("incoming"), "paper", observations=observed(g)))


@pytest.mark.parametrize("outgoing", ["zero", "split", "gradient"])
def test_outgoing_weights_that_gradmax_chooses_are_not_dropped(outgoing):
    with pytest.raises(OptionError, match=f"outgoing='{outgoing}' would drop the outgoing weights that GradMax"):
        Proliferate("hidden1", 2, GradMax(silent="incoming"), outgoing=outgoing)
    assert Proliferate("hidden1", 2, GradMax(silent="incoming"), outgoing="paper").outgoing == "paper"
