"""Modules that are made fast are what nn.Module's own constructor makes."""

import copy

import pytest
import torch
from torch import nn

from compiler.lowering.bare import BareModule, module_list, switch


def held(module: nn.Module) -> dict:
    return {name: (type(value), value) for name, value in module.__dict__.items()}


@pytest.mark.parametrize(("made", "wanted"), [(BareModule(), nn.Module()), (module_list(()), nn.ModuleList())])
def test_a_module_begins_as_torch_begins_it(made, wanted):
    assert held(made) == held(wanted)
    other = type(made)() if isinstance(made, BareModule) else module_list(())
    containers = [name for name, value in made.__dict__.items() if isinstance(value, dict | set)]
    assert containers and all(made.__dict__[name] is not other.__dict__[name] for name in containers)


def test_a_list_of_modules_is_torchs():
    parts = [nn.Linear(2, 3), BareModule(), nn.Sequential(nn.Linear(1, 1))]
    made, wanted = module_list(parts), nn.ModuleList(parts)
    assert [name for name, _ in made.named_modules()] == [name for name, _ in wanted.named_modules()]
    assert [name for name, _ in made.named_parameters()] == [name for name, _ in wanted.named_parameters()]
    assert len(made) == 3 and made[1] is parts[1] and repr(made) == repr(wanted)
    assert len(list(copy.deepcopy(made).parameters())) == 4


def test_buffers_are_in_no_state_dict_and_move_along():
    module = BareModule()
    module.add_buffer("there", torch.zeros(2))
    module.add_buffer("absent", None)
    module.keep(plain=3)
    assert not module.state_dict() and module.plain == 3 and module._buffers["absent"] is None
    assert module.to(torch.float64)._buffers["there"].dtype == torch.float64


class Asked(nn.Module):
    """A module that is to know its mode."""

    modes: list

    def train(self, mode: bool = True):
        self.modes = [*getattr(self, "modes", []), mode]
        return super().train(mode)


@pytest.mark.parametrize("training", [False, True])
def test_a_switch_reaches_every_module(training):
    asked = Asked()
    whole = module_list([nn.Sequential(nn.Dropout(0.5), asked), BareModule()])
    whole._modules["none"] = None
    whole.add_module("other", nn.ReLU())
    for module in whole.modules():
        module.training = not training
    switch(whole, training)
    assert [module.training for module in whole.modules()] == [training] * 6 and asked.modes == [training]
