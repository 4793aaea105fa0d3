"""A norm in an inserted layer changes nothing but how it is trained."""

import pytest
import torch

from neurograph import compiler
from neurograph.builders import metanet_cnn, mlp
from neurograph.edits import InsertLayer
from neurograph.errors import EditError, OptionError

DENSE = (lambda: mlp([6, 8, 5], seed=0), ("hidden1", "output"), (6,))
MAPS = (lambda: metanet_cnn((4, 5), seed=0, inputs=2, size=10), ("conv1", "conv2"), (2, 10, 10))
WAYS = {
    "joint": {"algorithm": "joint", "width": 4},
    "lasso": {"algorithm": 1, "width": 20, "target": 6},
    "alternating": {"algorithm": 2, "width": 20, "target": 6},
    "random": {"algorithm": "random", "width": 20, "target": 6},
    "netmorph": {"algorithm": "netmorph", "width": 8},
    "identity": {"algorithm": "identity"},
    "residual": {"algorithm": "residual", "width": 6},
}


def seen(make, shape):
    graph = make()
    x = torch.randn(96, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    net = compiler.compile(graph, dtype=torch.float64)
    return graph, x, compiler.record(net, x.split(32))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("make", "between", "shape"), [DENSE, MAPS], ids=["dense", "maps"])
def test_the_function_is_that_of_the_layer_without_it(make, between, shape, way):
    found = []
    for norm in ("none", "batch"):
        graph, x, recorded = seen(make, shape)
        details = graph.apply(InsertLayer(between, **WAYS[way], norm=norm, ridge=1e-6, observations=recorded)).details
        net = compiler.compile(graph, dtype=torch.float64)
        with torch.no_grad():
            found.append(net.eval()(x))
    new = [graph.nodes[name] for name in graph.population(details["population"])]
    assert all(one["norm"] == "batch" for one in new)
    assert (found[0] - found[1]).abs().max() < 1e-10 * found[0].abs().max()
    if shape == MAPS[2]:
        return  # the other layers' norms are of other statistics while training
    with torch.no_grad():  # on all of the data at once a batch's own statistics are the running ones
        assert (net.train()(x) - found[1]).abs().max() < 1e-6 * found[1].abs().max()


def test_the_norm_is_trained():
    graph, x, recorded = seen(*DENSE[::2])
    graph.apply(InsertLayer(DENSE[1], width=4, norm="batch", observations=recorded))
    net = compiler.compile(graph, dtype=torch.float64).train()
    net(x).square().sum().backward()
    grown = {name: p for name, p in net.named_parameters() if "gamma" in name or "beta" in name}
    assert grown and all(p.grad is not None and p.grad.abs().max() > 0 for p in grown.values())


def test_without_activations_and_by_another_name_it_is_refused():
    with pytest.raises(EditError, match="recorded activations"):
        mlp([6, 8, 5]).apply(InsertLayer(("hidden1", "output"), algorithm="identity", norm="batch"))
    with pytest.raises(OptionError, match="norm"):
        InsertLayer(("hidden1", "output"), algorithm="identity", norm="layer")
