import re

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import compiler
from neurograph.errors import CompileError, LiftError
from tests.compiler.lifting.roundtrip import inputs

MAPS, ROWS = (2, 4, 6, 6), (3, 4)


class Net(nn.Module):
    def __init__(self, function, **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = function

    def forward(self, *xs: Tensor) -> Tensor:
        return self.function(self, *xs)


def refusal(module: nn.Module, *shapes: tuple[int, ...]) -> str:
    with pytest.raises(LiftError) as caught:
        compiler.lift(module, tuple(inputs(*shape) for shape in shapes))
    assert isinstance(caught.value, CompileError)
    return str(caught.value)


def _branch(self, x):
    if x.sum() > 0:
        return x
    return -x


OPERATORS = {
    "adaptive pool": (lambda self, x: F.adaptive_avg_pool2d(x, 4), MAPS, "adaptive_avg_pool2d", "sizes.*divides both"),
    "softmax": (lambda self, x: F.softmax(x, 1), ROWS, "softmax", "leave it to the loss"),
    "log softmax": (lambda self, x: F.log_softmax(x, 1), ROWS, "log_softmax", "cross_entropy"),
    "unknown": (lambda self, x: torch.cumsum(x, 1), ROWS, "cumsum", "no handler takes this operator"),
    "odd flatten": (lambda self, x: x.flatten(0), MAPS, "flatten|view|reshape", "everything but the batch"),
    "flatten of pixels": (lambda self, x: x.flatten(2), MAPS, "flatten|view|reshape", "no flatten of everything but"),
    "transpose": (lambda self, x: x.permute(0, 2, 3, 1).flatten(1), MAPS, "permute", "another order than C is an odd"),
    "scalars to maps": (lambda self, x: x.view(3, 1, 2, 2), ROWS, "view", "neurons keep their shapes"),
    "attention": (lambda self, x: x @ x.T @ x, ROWS, "matmul|t|numpy_T", "multiply two|axes are"),
    "broadcast": (lambda self, x: x * x.mean((2, 3), keepdim=True), MAPS, "mul", r"\(2, 4, 6, 6\) and \(2, 4, 1, 1\)"),
    "product of maps": (lambda self, x: x * torch.relu(x), MAPS, "mul", "product of feature maps.*only be summed"),
    "division": (lambda self, x: x / (x * x), ROWS, "div", "do not divide"),
    "clamp": (lambda self, x: x.clamp(-2, 2), ROWS, "clamp", r"\[-2, 2\]"),
    "hardtanh": (lambda self, x: F.hardtanh(x, -3, 3), ROWS, "hardtanh", r"\[-3.*, 3"),
    "elu": (lambda self, x: F.elu(x, 0.5), ROWS, "elu", "alpha is 0.5.*has 1.0"),
    "softplus": (lambda self, x: F.softplus(x, 2.0), ROWS, "softplus", "beta is 2.0"),
    "cube": (lambda self, x: x**3, ROWS, "pow", "power of 3"),
    "mean of channels": (lambda self, x: x.mean(1), MAPS, "mean", r"axes \[1\]"),
    "mean of one axis": (lambda self, x: x.mean(3), MAPS, "mean", r"over all of a map, \(2, 3\)"),
    "mean of everything": (lambda self, x: x.mean().expand(2, 1), MAPS, "mean", "without|axes"),
    "cut pixels": (lambda self, x: x[:, :, 1:3], MAPS, "slice", "channels can be sliced"),
    "cut flattened maps": (lambda self, x: x.flatten(1)[:, :7], MAPS, "slice", "before the flatten"),
    "cut the batch": (lambda self, x: x[:1], MAPS, "slice", "axis 0"),
    "split pixels": (lambda self, x: x.split(3, 2)[0], MAPS, "split", "another axis than 1"),
    "rows one above the other": (lambda self, x: torch.cat([x, x]), MAPS, "cat", "along axis 0"),
    "padding": (lambda self, x: F.pad(x, (1, 1, 1, 1)), MAPS, "pad", "say it in the convolution"),
    "reflection": (lambda self, x: F.pad(x, (1, 1, 1, 1), mode="reflect"), MAPS, "pad", "padding of pixels|no handler"),
    "dropout always": (lambda self, x: F.dropout(x, 0.5), ROWS, "dropout", "in eval mode too"),
    "divisor": (lambda self, x: F.avg_pool2d(x, 2, divisor_override=3), MAPS, "avg_pool2d", "divisor_override"),
    "indices": (lambda self, x: F.max_pool2d(x, 2, return_indices=True)[1] * 1.0, MAPS, "max_pool2d_with_indices",
                "places of maxima"),
    "dtype": (lambda self, x: x.to(torch.float64), ROWS, "to|_to_copy", "float32 into torch.float64"),
    "norm of pixels": (lambda self, x: self.part(x.flatten(1)), MAPS, "batch_norm", "before the flatten",
                       nn.BatchNorm1d(144)),
    "batch statistics": (lambda self, x: self.part(x), MAPS, "batch_norm", "running statistics",
                         nn.BatchNorm2d(4, track_running_stats=False)),
    "layer norm": (lambda self, x: self.part(x), ROWS, "layer_norm", "BatchNorm1d", nn.LayerNorm(4)),
    "even same": (lambda self, x: self.part(x), MAPS, "conv2d", "padding='same' of an even kernel",
                  nn.Conv2d(4, 2, 2, padding="same")),
    "circular": (lambda self, x: self.part(x), MAPS, "pad", "padding of pixels|no handler",
                 nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular")),
    "transposed": (lambda self, x: self.part(x), MAPS, "conv_transpose2d", "there is conv1d and conv2d",
                   nn.ConvTranspose2d(4, 2, 3)),
    "linear over pixels": (lambda self, x: self.part(x), MAPS, "linear", r"flatten\(1\) it first", nn.Linear(6, 2)),
    "one slope for all": (lambda self, x: self.part(x), MAPS, "prelu", r"weight sharing.*num_parameters=4",
                          nn.PReLU()),
    "one parameter for all": (lambda self, x: x * self.part, ROWS, "mul", "weight sharing.*'part' is one number for 4",
                              nn.Parameter(torch.ones(1))),
    "a parameter for pixels": (lambda self, x: x + self.part, MAPS, "add", r"'part' of shape \(6, 6\).*one a channel",
                               nn.Parameter(torch.ones(6, 6))),
    "less a parameter": (lambda self, x: x - self.part, ROWS, "sub", "'part' is trained.*add it",
                         nn.Parameter(torch.ones(4))),
    "a trained divisor": (lambda self, x: x / self.part, ROWS, "div", "multiply instead", nn.Parameter(torch.ones(4))),
    "division by zero": (lambda self, x: x / 0.0, ROWS, "div", "trained or zero"),
    "a computed weight": (lambda self, x: F.linear(x, self.part * 2), ROWS, "mul|linear", "'part'",
                          nn.Parameter(torch.ones(2, 4))),
    "LSTM": (lambda self, x: self.part(x)[0], (2, 3, 4), "lstm", "no cycles", nn.LSTM(4, 3)),
    "GRU": (lambda self, x: self.part(x)[0], (2, 3, 4), "gru", "no cycles", nn.GRU(4, 3)),
    "RNN": (lambda self, x: self.part(x)[0], (2, 3, 4), "rnn_tanh", "no cycles", nn.RNN(4, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATORS)
def test_what_cannot_be_lifted_is_named_with_its_line_and_the_way_out(name):
    function, shape, operator, why, *part = OPERATORS[name]
    message = refusal(Net(function, **({"part": part[0]} if part else {})), shape)
    assert re.match(rf"cannot lift ({operator}) at test_refusals.py:\d+ \(return self.function", message), message
    assert re.search(why, message), message


def test_the_line_is_that_of_the_innermost_forward():
    class Inner(nn.Module):
        def forward(self, x):
            y = torch.relu(x)
            return torch.cumsum(y, 1)

    line = Inner.forward.__code__.co_firstlineno + 2
    message = refusal(nn.Sequential(nn.Linear(4, 4), Inner()), ROWS)
    assert message.startswith(
        f"cannot lift cumsum at test_refusals.py:{line} (return torch.cumsum(y, 1)) in '1' (Inner)"
    )


def test_the_module_is_named():
    message = refusal(nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Softmax(1))), ROWS)
    assert "in '1.0' (Softmax)" in message


def test_control_flow_that_depends_on_the_data(capfd):
    message = refusal(Net(_branch), ROWS)
    assert capfd.readouterr() == ("", "")  # torch has much to say about it
    assert re.search(r"depends on the data at test_refusals.py:\d+ \(if x.sum\(\) > 0:\)", message)


def test_control_flow_that_does_not_is_fine():
    def function(self, x):
        return self.part(x) if x.shape[1] == 4 and not self.training else x

    compiler.lift(Net(function, part=nn.Linear(4, 2)), inputs(*ROWS))


def test_a_layer_that_is_called_twice():
    message = refusal(Net(lambda self, x: self.part(self.part(x)), part=nn.Linear(4, 4)), ROWS)
    assert "weight sharing: 'part.weight' is used 2 times" in message and message.count("test_refusals.py") == 3


def test_a_parameter_in_two_layers():
    one, two = nn.Linear(4, 4), nn.Linear(4, 4)
    two.weight = one.weight
    assert "weight sharing" in refusal(nn.Sequential(one, nn.ReLU(), two), ROWS)


def test_weights_that_are_no_numbers():
    layer = nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight[0, 0] = float("nan")
    assert "'weight' holds NaN" in refusal(layer, ROWS)


def test_a_view_that_is_read_after_it_was_written_over():
    def function(self, x):
        y = self.part(x)
        flat = y.flatten(1)
        y.relu_()
        return flat

    assert "views that are read later" in refusal(Net(function, part=nn.Conv2d(4, 2, 1)), MAPS)


def test_flattened_outputs():
    message = refusal(nn.Sequential(nn.Conv2d(4, 2, 1), nn.Flatten()), MAPS)
    assert "return the maps and flatten them outside" in message


def test_inputs_that_no_graph_reads():
    assert "is torch.float32 of shape (4,)" in refusal(Net(lambda self, x: x), (4,))
    with pytest.raises(LiftError, match="torch.int64"):
        compiler.lift(nn.Embedding(5, 3), torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(LiftError, match="example_input"):
        compiler.lift(nn.Linear(2, 2), ())
    with pytest.raises(LiftError, match=r"takes a torch.nn.Module, not function"):
        compiler.lift(lambda x: x, torch.zeros(1, 2))  # pyright: ignore


def test_what_torch_cannot_trace_is_said_with_its_reason():
    message = refusal(nn.Linear(5, 2), ROWS)
    assert message.startswith("cannot trace Linear") and "[3, 4] X [5, 2]" in message


def test_a_refused_lift_leaves_the_module_as_it_was():
    module = Net(_branch, part=nn.Dropout()).train()
    refusal(module, ROWS)
    assert module.training and module.part.training
