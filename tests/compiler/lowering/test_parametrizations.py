"""What torch.nn.utils puts in a Parameter's place does not fit a unit: refused by name, and the network runs on."""

import copy
import inspect
import pickle

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune, spectral_norm, weight_norm

import compiler
from compiler.lowering.base import Unit
from neurograph.errors import CompileError
from tests.compiler.graphs import Recipe, batch, build, mlp
from tests.compiler.map_graphs import MapRecipe, build_maps


class Halved(nn.Module):
    """A parametrization whose inverse has other numbers, which torch writes into the Parameter."""

    def forward(self, x):
        return x / 2

    def right_inverse(self, y):
        return y * 2


PRUNED = {
    "identity": (),
    "random_unstructured": (0.5,),
    "l1_unstructured": (0.5,),
    "random_structured": (0.5, 0),
    "ln_structured": (0.5, 2, 0),
}
WAYS = {
    **{name: lambda u, n, name=name, args=args: getattr(prune, name)(u, n, *args) for name, args in PRUNED.items()},
    "custom_from_mask": lambda unit, name: prune.custom_from_mask(unit, name, torch.ones_like(getattr(unit, name))),
    "global_unstructured": lambda unit, name: prune.global_unstructured([(unit, name)], prune.L1Unstructured, amount=1),
    "parametrizations.weight_norm": lambda unit, name: parametrizations.weight_norm(unit, name),
    "parametrizations.spectral_norm": lambda unit, name: parametrizations.spectral_norm(unit, name),
    "parametrizations.orthogonal": lambda unit, name: parametrizations.orthogonal(unit, name),
    "register_parametrization": lambda unit, name: parametrize.register_parametrization(unit, name, nn.Identity()),
    "with an inverse": lambda unit, name: parametrize.register_parametrization(unit, name, Halved()),
    "unsafe": lambda unit, name: parametrize.register_parametrization(unit, name, Halved(), unsafe=True),
    "weight_norm": lambda unit, name: weight_norm(unit, name),
    "weight_norm of everything": lambda unit, name: weight_norm(unit, name, dim=None),
    "spectral_norm": lambda unit, name: spectral_norm(unit, name),
    "delattr": lambda unit, name: delattr(unit, name),
    "pop": lambda unit, name: unit._parameters.pop(name),
    "popitem": lambda unit, name: unit._parameters.popitem(),
    "clear": lambda unit, name: unit._parameters.clear(),
    "another Parameter": lambda unit, name: setattr(unit, "more", nn.Parameter(torch.zeros(2))),
}
GRAPHS = {"mlp": mlp, "mixed": lambda: build(Recipe(3, (4, 6, 6, 3))), "maps": lambda: build_maps(MapRecipe(1))}
OF_MATRICES = ("random_structured", "ln_structured", "parametrizations.orthogonal")


def seen(net, steps=2):
    """Everything that shows of a network: outputs, numbers by synapse and by tensor; before and after training."""
    draw = torch.Generator().manual_seed(0)
    xs = tuple(torch.randn(4, *port.sizes, dtype=net.dtype, generator=draw) for port in net.program.inputs)
    optimizer, found = torch.optim.Adam(net.parameters(), lr=0.01), []
    for _ in range(steps):
        outputs = net(*xs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        optimizer.zero_grad()
        sum(y.square().sum() for y in outputs).backward()
        grads = [p.grad for p in net.parameters()]
        found += [*outputs, *grads, *(v for v in net.state_dict().values() if isinstance(v, torch.Tensor))]
        optimizer.step()
    return [t.detach().clone() for t in found if t is not None]


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated:FutureWarning")
@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("way", WAYS)
def test_it_is_refused_naming_the_edit_and_changes_nothing(way, graph):
    net, alone = (compiler.compile(graph(), dtype=torch.float64) for _ in range(2))
    before, asked = [(id(p), p.data_ptr(), p._version) for p in net.parameters()], 0
    for unit in [module for module in net.modules() if isinstance(module, Unit)]:
        for name, parameter in list(unit._parameters.items()):
            if parameter is None or (way in OF_MATRICES and parameter.ndim < 2):
                continue
            asked += 1
            with pytest.raises(CompileError, match=r"edits.Prune\(...\).*net.refresh"):
                WAYS[way](unit, name)
    assert asked or way in OF_MATRICES
    assert [(id(p), p.data_ptr(), p._version) for p in net.parameters()] == before
    for mine, other in zip(seen(net), seen(alone), strict=True):
        assert torch.equal(mine, other)


def test_the_ways_are_all_of_torchs():
    for module, prefix in ((prune, ""), (parametrizations, "parametrizations.")):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            takes = list(inspect.signature(function).parameters)[:2]
            if function.__module__ == module.__name__ and takes == ["module", "name"] and name != "remove":
                assert name.startswith("_") or prefix + name in WAYS


@pytest.mark.parametrize("way", ["register_parametrization", "with an inverse", "delattr"])
def test_numbers_in_buffers_are_numbers_too(way):
    g = mlp()
    for _, _, d in g.edges(data=True):
        d["trainable"] = False
    net, alone = compiler.compile(g), compiler.compile(g.copy())
    asked = 0
    for unit in [module for module in net.modules() if isinstance(module, Unit)]:
        for name in [n for n in unit._buffers if unit._buffers[n] is not None]:
            asked += 1
            with pytest.raises(CompileError, match=r"edits.Prune\(...\).*net.refresh"):
                WAYS[way](unit, name)
    assert asked
    (x,) = batch(g)
    x = x.to(net.dtype)
    assert torch.equal(net(x), alone(x))


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "to": lambda net: net.double(),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated:FutureWarning")
@pytest.mark.parametrize("made", COPIES.values(), ids=COPIES)
def test_copies_are_as_their_original(made):
    net = made(compiler.compile(mlp()))
    before = seen(copy.deepcopy(net))
    unit = next(module for module in net.modules() if isinstance(module, Unit) and "weight" in module._parameters)
    for way in ("weight_norm", "with an inverse"):
        with pytest.raises(CompileError, match=f"a {type(unit).__name__} of a compiled network cannot"):
            WAYS[way](unit, "weight")
    assert not parametrize.is_parametrized(unit)
    assert all(torch.equal(mine, other) for mine, other in zip(seen(net), before, strict=True))


def test_copies_moves_and_swaps_of_parameters_are_as_before():
    graph = mlp()
    net = compiler.compile(graph)
    (x,) = batch(graph)
    params = {name: p.detach().double() for name, p in net.named_parameters()}
    torch.testing.assert_close(torch.func.functional_call(net.double(), params, (x,)), net(x))
