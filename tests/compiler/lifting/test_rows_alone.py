"""What a trace of one batch cannot show: rows that are answered by their batch, or by how often a module was called."""

import random
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import compiler


class Net(nn.Module):
    """A layer and a function of it; `calls` counts."""

    def __init__(self, function) -> None:
        super().__init__()
        self.a, self.function, self.calls = nn.Linear(4, 4), function, 0
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return self.function(self, self.a(x))


def by_size(net, y):
    return y if len(y) < 4 else -y


def by_calls(net, y):
    return y * net.calls


def of_one_size(net, y):
    return y.view(2, 4)


def drawn(net, y):
    return y * random.random()


def drawn_by_numpy(net, y):
    return y + float(np.random.default_rng().normal())


def by_order(net, y):
    return torch.cat([y[:, :2] * len(y), y[:, 2:]], 1)


@pytest.mark.parametrize("function", [by_size, by_calls, of_one_size, drawn, drawn_by_numpy, by_order])
def test_modules_that_answer_a_row_by_more_than_itself_are_warned_of(function):
    with pytest.warns(UserWarning, match=r"Net .*rows.*row by row"):
        compiler.lift(Net(function), torch.randn(2, 4))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_others_are_not_and_their_buffers_and_mode_stay(dtype, rows):
    net = Net(lambda net, y: torch.relu(y)).to(dtype)
    net.train()
    deep = nn.Sequential(net, *[layer for _ in range(8) for layer in (nn.Linear(4, 4), nn.ReLU())]).to(dtype)
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiler.lift(deep, torch.randn(rows, 4, generator=torch.Generator().manual_seed(rows)).to(dtype))
    assert net.training and net.seen == 0 and torch.equal(torch.get_rng_state(), before)
