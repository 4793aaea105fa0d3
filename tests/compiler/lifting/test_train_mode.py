"""What a module does in train mode alone: lifted, or named in a warning."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import compiler
from tests.compiler.lifting.roundtrip import inputs, shaken, train_alongside


class Net(nn.Module):
    """Two layers and a function of them."""

    def __init__(self, function) -> None:
        super().__init__()
        self.a, self.b, self.function = nn.Linear(4, 4), nn.Linear(4, 4), function

    def forward(self, x):
        return self.function(self, x)


def stochastic_depth(self, x):
    y = self.a(x)
    if self.training:
        y = y * torch.empty(y.shape[0], 1).bernoulli_(0.5)
    return x + y


def noise(self, x):
    y = self.a(x)
    if self.training:
        y += torch.randn_like(y)
    return y


def sampling(self, x):
    mean, spread = self.a(x), self.b(x)
    return mean + torch.randn_like(mean) * torch.exp(spread) if self.training else mean


def heads(self, x):
    y = torch.relu(self.a(x))
    return (y, self.b(y)) if self.training else y


def one_value_more(self, x):
    y = self.a(x)
    z = self.b(y)
    return (z, y) if self.training else z


def another_head(self, x):
    return self.b(x) if self.training else self.a(x)


def less(self, x):
    return self.b(self.a(x)) if not self.training else self.a(x)


def another_option(self, x):
    return F.leaky_relu(self.a(x), 0.3 if self.training else 0.01)


def data(self, x):
    y = self.a(x)
    return -y if self.training and y.sum() > 0 else y


SAYS = {
    stochastic_depth: "also computes empty at test_train_mode.py",
    noise: "also computes randn_like at test_train_mode.py",
    sampling: "also computes linear .* in 'b'",
    heads: r"also computes linear at .* in 'b' \(Linear\)",
    one_value_more: r"returns other values: 2 value\(s\), and 1 value\(s\)",
    another_head: r"also computes linear at .* in 'b' \(Linear\)",
    less: "leaves out linear at .* in 'b'",
    another_option: "calls with other arguments leaky_relu",
    data: "depends on the data .* not known",
}


@pytest.mark.parametrize("function", SAYS, ids=lambda function: function.__name__)
def test_other_behaviour_is_named_and_the_graph_does_what_eval_mode_does(function):
    module = shaken(Net(function))
    with pytest.warns(UserWarning, match=f"in train mode.*{SAYS[function]}"):
        graph = compiler.lift(module, inputs(3, 4))
    net = compiler.compile(graph)
    torch.testing.assert_close(net(inputs(3, 4)), module(inputs(3, 4)))


def dropped(self, x):
    y = torch.relu(self.a(x))
    if self.training:
        y = F.dropout(y, 0.4)
    return self.b(y)


def at_a_rate(self, x):
    return self.b(F.dropout(self.a(x), 0.4 if self.training else 0.0, self.training))


@pytest.mark.parametrize("function", [dropped, at_a_rate], ids=lambda function: function.__name__)
def test_dropout_that_only_train_mode_calls_is_lifted(function):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph = train_alongside(shaken(Net(function)), inputs(5, 4))
    assert {d["dropout"] for _, d in graph.nodes(data=True)} == {0.0, 0.4}


def test_the_module_and_its_statistics_stay_as_they_were():
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    compiler.lift(module, inputs(3, 4))
    assert module.training and module[1].training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
