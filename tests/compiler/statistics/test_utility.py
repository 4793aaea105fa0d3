"""The running utility of neurons: what the equations say, over any lowering and any refresh."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from neurograph.edits import Autophagy, Proliferate, Renew
from neurograph.edits.selectors import LowUtility
from neurograph.errors import CompileError, EditError, MissingError, WiringError
from tests.compiler.graphs import batch, build, mlp, recipes
from tests.neurograph.map_networks import images, lenet

DECAY, TINY = 0.9, float(np.finfo(np.float32).tiny)


class Slowly:
    """The same, neuron by neuron, from what `observe` records and the graph's weights."""

    def __init__(self, form):
        self.form, self.u, self.f, self.a = form, {}, {}, {}

    def saw(self, net, x):
        graph = net.graph
        keys = [k for n in graph.populations for k in graph.population_keys(n).tolist()]
        values = dict(zip(keys, _values(net, x, keys), strict=True))
        for name in inner(graph):
            for key in graph.population_keys(name).tolist():
                h = values[key]
                self.a[key] = self.a.get(key, 0) + 1
                self.f[key] = DECAY * self.f.get(key, 0.0) + (1 - DECAY) * h.mean()
                mean = self.f[key] / (1 - DECAY ** self.a[key]) if self.form != "contribution" else 0.0
                (node,) = graph.names_of(np.array([key]))
                y = np.abs(h - mean).mean() * heard(graph, node, name)
                if self.form == "adaptive":
                    weights = [graph[u][node].get("weight", 0.0) for u in graph.predecessors(node)]
                    y /= max(sum(np.abs(w).sum() for w in weights), TINY)
                self.u[key] = DECAY * self.u.get(key, 0.0) + (1 - DECAY) * y

    def utility(self, keys):
        return np.array([self.u[k] / (1 - DECAY ** self.a[k]) if k in self.u else 0.0 for k in keys.tolist()])


def heard(graph, node, home):
    """The sum of absolute outgoing weights, behind pools and the like."""
    total = 0.0
    for v in graph.successors(node):
        weight = graph[node][v].get("weight")
        own = graph.nodes[v]["is_output"] or graph.nodes[v]["population"] == home
        total += np.abs(weight).sum() if weight is not None else 0.0 if own else heard(graph, v, home)
    return total


def inner(graph):
    roles = {n: [graph.nodes[m] for m in members] for n, members in graph.populations.items()}
    return [n for n, some in roles.items() if not any(d["role"] == "input" or d["is_output"] for d in some)]


def _values(net, x, keys):
    training = net.training
    net.eval()
    found = {}
    for number, block in enumerate(net.program.blocks):
        value = net.run(x)[number].detach().double().numpy()
        found |= {int(key): value[:, at] for at, key in enumerate(block)}
    net.train(training)
    return [found[key] for key in keys]


def train(net, optimizer, x, slowly=None, steps=3):
    for _ in range(steps):
        if slowly is not None:
            slowly.saw(net, x)
        optimizer.zero_grad()
        y = net(*x)
        (y if isinstance(y, torch.Tensor) else y[0]).square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("form", ["contribution", "mean_corrected", "adaptive"])
@pytest.mark.parametrize("lowering", ["dense", "sparse", "field"])
def test_it_is_what_the_equations_say_over_any_lowering_and_refresh(form, lowering):
    graph = mlp()
    net = compiler.compile(graph, dtype=torch.float64, lowering=lowering)
    utility, slowly, x = compiler.RunningUtility(net, decay=DECAY, form=form), Slowly(form), batch(graph)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    train(net, optimizer, x, slowly)
    for edit in (
        lambda: Proliferate("h1", 2, seed=1),
        lambda: Autophagy("h2", LowUtility(1), observations=utility.observations()),
        lambda: Renew("h1", LowUtility(2), observations=utility.observations(), protect=1.0, ages=utility.ages()),
    ):
        result = graph.apply(edit())
        net.refresh(optimizer)
        for name in result.born:
            slowly.u.pop(key := int(graph.keys_of([name])[0]), None), slowly.f.pop(key, None), slowly.a.pop(key, None)
        train(net, optimizer, x, slowly)
        seen = utility.observations()
        np.testing.assert_allclose(seen.utility, slowly.utility(seen.keys), rtol=1e-9)
        assert utility.ages().of(seen.keys).tolist() == [slowly.a[k] for k in seen.keys.tolist()]


@settings(max_examples=15)
@given(recipes(), st.sampled_from(["contribution", "adaptive"]))
def test_any_wiring(recipe, form):
    graph = build(recipe)
    net = compiler.compile(graph, dtype=torch.float64)
    utility, slowly, x = compiler.RunningUtility(net, decay=DECAY), Slowly("contribution"), batch(graph)
    if not inner(graph):
        return
    for _ in range(2):
        slowly.saw(net, x)
        net(*x)
    seen = utility.observations()
    np.testing.assert_allclose(seen.utility, slowly.utility(seen.keys), rtol=1e-9, atol=1e-12)


def test_channels_speak_through_pools():
    graph = lenet()
    net = compiler.compile(graph, dtype=torch.float64)
    x = (torch.from_numpy(images(graph)),)
    for form in ("contribution", "mean_corrected", "adaptive"):
        utility = compiler.RunningUtility(net, ["conv1", "conv2", "hidden"], decay=DECAY, form=form)
        slowly = Slowly(form)
        for _ in range(3):
            slowly.saw(net, x)
            net(*x)
        seen = utility.observations()
        assert len(seen.keys) == 11
        np.testing.assert_allclose(seen.utility, slowly.utility(seen.keys), rtol=1e-9)


def test_it_looks_on_while_training_and_changes_nothing():
    twins = []
    for watched in (False, True):
        graph = mlp()
        net = compiler.compile(graph)
        utility = compiler.RunningUtility(net) if watched else None
        optimizer = torch.optim.Adam(net.parameters())
        train(net, optimizer, batch(graph, dtype=torch.float32), steps=5)
        net.eval()
        net(*batch(graph, dtype=torch.float32))
        twins.append([p.detach().clone() for p in net.parameters()])
    assert all(torch.equal(*pair) for pair in zip(*twins, strict=True))
    assert utility is not None and set(utility.ages().ages.tolist()) == {5.0}


def test_it_is_saved_and_goes_on_to_the_bit():
    graph, kept = mlp(), []
    net = compiler.compile(graph)
    utility = compiler.RunningUtility(net, decay=DECAY, form="adaptive")
    x = batch(graph, dtype=torch.float32)
    net(*x)
    other = compiler.compile(graph.copy())
    resumed = compiler.RunningUtility(other, decay=DECAY, form="adaptive")
    resumed.load_state_dict(utility.state_dict())
    for one, run in ((utility, net), (resumed, other)):
        run(*x)
        kept.append(one.observations().utility)
    assert (kept[0] == kept[1]).all()
    with pytest.raises(WiringError, match="decay"):
        compiler.RunningUtility(net, form="adaptive").load_state_dict(utility.state_dict())
    with pytest.raises(WiringError, match="other neurons"):
        compiler.RunningUtility(net, ["h1"], decay=DECAY, form="adaptive").load_state_dict(utility.state_dict())


def test_copies_of_a_network_gather_nothing_and_nobody_is_kept_alive():
    graph = mlp()
    net = compiler.compile(graph)
    utility = compiler.RunningUtility(net)
    other = copy.deepcopy(net)
    other(*batch(graph, dtype=torch.float32))
    assert set(utility.ages().ages.tolist()) == {0.0}
    del utility
    net(*batch(graph, dtype=torch.float32))


def test_what_cannot_be_is_refused():
    net = compiler.compile(mlp())
    for wrong in ({"decay": 1.0}, {"decay": True}, {"form": "nice"}):
        with pytest.raises(CompileError):
            compiler.RunningUtility(net, **wrong)
    with pytest.raises(EditError, match="inputs or outputs"):
        compiler.RunningUtility(net, ["y"])
    with pytest.raises(MissingError, match="nowhere"):
        compiler.RunningUtility(net, ["nowhere"])
    with pytest.raises(MissingError, match="observations"):
        net.graph.apply(Renew("h1", "low_utility"))
    with pytest.raises(MissingError, match="hold no activation_variance"):
        net.graph.apply(Autophagy("h1", "low_contribution", observations=compiler.RunningUtility(net).observations()))
    with pytest.raises(MissingError, match="hold no utility"):
        net.graph.apply(
            Autophagy("h1", "low_utility", observations=net.observe([batch(net.graph, dtype=torch.float32)]))
        )
