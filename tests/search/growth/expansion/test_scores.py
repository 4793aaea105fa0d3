"""Scores of the synapses of real networks, against what torch says of them one by one."""

import numpy as np
import pytest
import torch

import compiler
from neurograph.builders import metanet_cnn, mlp
from neurograph.errors import DivergenceError, MissingError, OptionError
from search.growth.expansion import METRICS, scores
from search.training.tasks import loss_of


def network():
    graph = mlp([4, 3, 2], activation="tanh", seed=5)
    net = compiler.compile(graph, dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(24, 4, dtype=torch.float64, generator=draw)
    y = torch.randint(2, (24,), generator=draw)
    return graph, net, list(zip(x.split(8), y.split(8), strict=True))


def gradients(graph, net, batches):
    """(batches, synapses) by id, from ordinary backward passes."""
    found = []
    for x, y in batches:
        net.zero_grad()
        loss_of(net(x), y).backward()
        ids, g = net.gradients()
        found.append(g)
    return ids, np.array(found)


def test_mean_absolute_gradient_and_variance_are_those_of_backward_passes():
    graph, net, batches = network()
    ids, g = gradients(graph, net, batches)
    for name, expected in (("gradient_absolute", np.abs(g).mean(0)), ("gradient_variance", g.var(0))):
        found = scores(net, name, batches)
        np.testing.assert_allclose(found.values[np.argsort(found.ids)], expected[np.argsort(ids)], rtol=1e-9)


def test_similarity_is_one_where_all_batches_agree():
    graph, net, batches = network()
    found = scores(net, "gradient_similarity", batches[:1])
    np.testing.assert_allclose(found.values, 1.0, rtol=1e-6)
    ids, g = gradients(graph, net, batches)
    found = scores(net, "gradient_similarity", batches)
    expected = np.abs(g.mean(0)) / np.abs(g).mean(0)
    np.testing.assert_allclose(found.values[np.argsort(found.ids)], expected[np.argsort(ids)], atol=1e-6)


def test_deviation_is_that_of_what_the_synapse_says():
    graph, net, batches = network()
    found = scores(net, "activation_deviation", batches)
    x = torch.cat([x for x, _ in batches]).numpy()
    for at in np.flatnonzero(found.layer == found.layer[0]).tolist():
        row = graph.table.rows_of(found.ids[[at]])[0]
        u, v = int(graph.table.src[row]), int(graph.table.dst[row])
        assert found.values[at] == pytest.approx((graph[u][v]["weight"] * x[:, u]).std())


@pytest.mark.parametrize("metric", METRICS)
def test_every_layer_reaches_from_0_to_1(metric):
    _, net, batches = network()
    found = scores(net, metric, batches)
    assert len(found.ids) == 18
    assert len(set(found.layer.tolist())) == 2
    for layer in set(found.layer.tolist()):
        mine = found.scores[found.layer == layer]
        assert (mine.min(), mine.max()) == (0.0, 1.0)
    best = found.values[found.layer == found.layer[0]]
    top = np.argmin(best) if METRICS[metric].reverse else np.argmax(best)
    assert found.scores[found.layer == found.layer[0]][top] == 1.0


def test_weights_are_those_learned_and_read_without_data():
    graph, net, _ = network()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(3.0)
    before = {i: abs(w) for i, w in zip(graph.arrays().ids.tolist(), graph.arrays().weight, strict=True)}
    found = scores(net, "weight_absolute", iter(()))
    assert dict(zip(found.ids.tolist(), found.values, strict=True)) == before
    assert max(before.values()) > 1.5


def test_only_what_leads_into_the_chosen_populations_is_scored():
    _, net, batches = network()
    found = scores(net, "gradient_absolute", batches, into=["output"])
    assert len(found.ids) == 6
    for odd in ("input", "nowhere"):
        with pytest.raises(OptionError, match=f"no synapse leads into {odd}; populations that read: hidden1, output"):
            scores(net, "gradient_absolute", batches, into=[odd])


def test_gradients_of_frozen_synapses_are_refused_or_passed_over():
    graph, _, batches = network()
    for edge in [(0, 4), (1, 5)]:
        graph.edges[edge]["trainable"] = False
    net = compiler.compile(graph, dtype=torch.float64)
    with pytest.raises(OptionError, match="needs gradients, and 2 synapses are frozen: skip_frozen"):
        scores(net, "gradient_variance", batches)
    assert len(scores(net, "gradient_variance", batches, skip_frozen=True).ids) == 16
    assert len(scores(net, "weight_square", batches).ids) == 18
    for edge in graph.edges:
        graph.edges[edge]["trainable"] = False
    net.refresh()
    with pytest.raises(MissingError, match="no synapse that could be chosen"):
        scores(net, "gradient_variance", batches, skip_frozen=True)


def test_what_is_not_finite_is_named():
    graph, net, batches = network()
    for u, v in graph.edges:
        graph[u][v]["weight"] = 1e308
    net.refresh()
    with pytest.raises(DivergenceError, match="gradient_absolute.*not finite for synapse"):
        scores(net, "gradient_absolute", batches)
    with pytest.raises(OptionError, match="no metric 'loudness'"):
        scores(net, "loudness", batches)


def test_similarity_of_kernels_is_that_of_their_numbers():
    graph = metanet_cnn((3, 4), inputs=1, size=8)
    net = compiler.compile(graph, dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    batches = [
        (torch.randn(6, 1, 8, 8, generator=draw, dtype=torch.float64), torch.randint(10, (6,), generator=draw))
        for _ in range(3)
    ]
    one = scores(net, "gradient_similarity", batches[:1]).values
    np.testing.assert_allclose(one[one > 0], 1.0, rtol=1e-9)
    seen = [compiler.reference(graph, x, loss=lambda y, t=t: loss_of(y, t)).synapses for x, t in batches]
    wanted, arrays = {}, graph.arrays()
    for at, u, v in zip(arrays.ids.tolist(), arrays.source.tolist(), arrays.target.tolist(), strict=True):
        g = np.stack([np.asarray(each[arrays.names[u], arrays.names[v]]) for each in seen])
        wanted[at] = np.abs(g.mean(0)).mean() / np.abs(g).mean() if g.any() else 0.0
    found = scores(net, "gradient_similarity", batches)
    np.testing.assert_allclose(found.values, [wanted[i] for i in found.ids.tolist()], atol=1e-9)
