"""What torch.nn.utils puts in a Parameter's place does not fit a unit: refused by name, and the network runs on."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

import compiler
from compiler.lowering.base import Unit
from neurograph.errors import CompileError
from tests.compiler.graphs import Recipe, batch, build, mlp
from tests.compiler.map_graphs import MapRecipe, build_maps

WAYS = {
    "l1_unstructured": lambda unit, name: prune.l1_unstructured(unit, name, 0.5),
    "random_structured": lambda unit, name: prune.random_structured(unit, name, 0.5, 0),
    "custom_from_mask": lambda unit, name: prune.custom_from_mask(unit, name, torch.ones_like(getattr(unit, name))),
    "global_unstructured": lambda unit, name: prune.global_unstructured([(unit, name)], prune.L1Unstructured, amount=1),
    "weight_norm": lambda unit, name: parametrizations.weight_norm(unit, name),
    "register_parametrization": lambda unit, name: parametrize.register_parametrization(unit, name, nn.Identity()),
    "delattr": lambda unit, name: delattr(unit, name),
    "another Parameter": lambda unit, name: setattr(unit, "more", nn.Parameter(torch.zeros(2))),
}


@pytest.mark.parametrize("graph", [mlp, lambda: build(Recipe(3, (4, 6, 6, 3))), lambda: build_maps(MapRecipe(1))])
@pytest.mark.parametrize("way", WAYS)
def test_it_is_refused_naming_the_edit_and_changes_nothing(way, graph):
    net = compiler.compile(graph(), dtype=torch.float64)
    before = [id(p) for p in net.parameters()]
    for unit in [module for module in net.modules() if isinstance(module, Unit)]:
        for name, parameter in list(unit._parameters.items()):
            if parameter is not None:
                with pytest.raises(CompileError, match=r"edits.Prune\(...\).*net.refresh"):
                    WAYS[way](unit, name)
    assert [id(p) for p in net.parameters()] == before
    xs = tuple(torch.zeros(2, *port.sizes, dtype=net.dtype) for port in net.program.inputs)
    net(*xs)


def test_copies_moves_and_swaps_of_parameters_are_as_before():
    graph = mlp()
    net = compiler.compile(graph)
    (x,) = batch(graph)
    params = {name: p.detach().double() for name, p in net.named_parameters()}
    torch.testing.assert_close(torch.func.functional_call(net.double(), params, (x,)), net(x))
