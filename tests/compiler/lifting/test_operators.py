import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import compiler
from tests.compiler.lifting.roundtrip import check, inputs, shaken

MAPS, ROWS, SEQUENCES = (2, 4, 6, 6), (3, 4), (2, 4, 8)


class Call(nn.Module):
    """Two layers around something."""

    def __init__(self, function, shape=MAPS, before=None) -> None:
        super().__init__()
        kinds = {2: lambda: nn.Linear(4, 4), 3: lambda: nn.Conv1d(4, 4, 1), 4: lambda: nn.Conv2d(4, 4, 1)}
        self.first = before or kinds[len(shape)]()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.first(x))


def call(function, shape=MAPS, before=None) -> list[str]:
    """Check a function behind a layer; returns the populations."""
    return list(check(shaken(Call(function, shape, before)), inputs(*shape)).populations)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(4, 6, 3),
        nn.Conv2d(4, 6, (1, 3), (2, 1), (0, 1), bias=False),
        nn.Conv2d(4, 6, 2, dilation=(2, 1)),
        nn.Conv2d(4, 6, 3, padding="same", dilation=2),
        nn.Conv2d(4, 6, 3, padding="valid"),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.Conv2d(4, 4, 3, groups=4, stride=2, padding=1),
        nn.Conv2d(4, 8, 3, groups=4),
        nn.Conv2d(4, 6, 6),
    ],
    ids=str,
)
def test_convolutions(conv):
    assert call(conv) == ["input", "first", "function"]


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv1d(4, 6, 3, stride=2, padding=1),
        nn.Conv1d(4, 4, 3, dilation=2, groups=4),
        nn.Conv1d(4, 6, 3, padding="same"),
        nn.Sequential(nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6), nn.MaxPool1d(2), nn.ReLU()),
        nn.AvgPool1d(3, 2, 1),
        nn.AdaptiveAvgPool1d(2),
        nn.AdaptiveMaxPool1d(4),
        nn.Sequential(nn.Flatten(), nn.Linear(32, 3)),
        nn.Dropout1d(0.4),
        lambda x: x.mean(-1),
        lambda x: x[:, :, ::3],
    ],
)
def test_sequences_are_maps_of_one_row(conv):
    call(conv, SEQUENCES)


ACTIVATIONS = [
    nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.LeakyReLU(), nn.PReLU(4), nn.ELU(), nn.SELU(), nn.CELU(),
    nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softsign(), nn.Tanh(), nn.Sigmoid(),
    nn.LogSigmoid(), nn.Hardtanh(), nn.Hardtanh(0.0, 6.0), nn.Hardsigmoid(), nn.Hardswish(), nn.Hardshrink(),
    nn.Softshrink(), torch.abs, torch.square, lambda x: x**2, lambda x: x * x, torch.sin, torch.relu,
    lambda x: x.clamp(min=0), lambda x: x.clamp(0, 6), lambda x: F.relu_(x), lambda x: x.tanh_(),
]  # fmt: skip


@pytest.mark.parametrize("function", ACTIVATIONS)
@pytest.mark.parametrize("shape", [MAPS, ROWS], ids=["maps", "rows"])
def test_activations(function, shape):
    relays = ["function"] if isinstance(function, nn.Softsign) else []  # torch computes it of several operators
    assert call(function, shape) == ["input", "first", *relays]


def test_leaky_relu_of_another_slope_has_a_fixed_one():
    graph = check(shaken(Call(nn.LeakyReLU(0.2), before=nn.Conv2d(4, 4, 1, bias=False))), inputs(*MAPS))
    neuron = graph.nodes[graph.population("first")[0]]
    assert (neuron["activation"], neuron["slope"], neuron["trainable"]) == ("prelu", 0.2, False)
    assert call(nn.LeakyReLU(0.2)) == ["input", "first", "function"]  # the bias before it is trained


POOLS = [
    nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d((2, 3), (1, 2)), nn.MaxPool2d(2, dilation=2),
    nn.MaxPool2d(4, 3, ceil_mode=True), nn.AvgPool2d(2), nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(4, 3, ceil_mode=True), nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((2, 3)),
    nn.AdaptiveAvgPool2d((None, 2)), nn.AdaptiveMaxPool2d(3), nn.AdaptiveMaxPool2d(1),
    lambda x: x.mean((2, 3)), lambda x: x.mean([-1, -2], keepdim=True), lambda x: x.amax((2, 3)),
    lambda x: F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1),
]  # fmt: skip


@pytest.mark.parametrize("function", POOLS)
def test_pools(function):
    assert len(call(function)) == 3


def test_an_adaptive_pool_to_the_same_size_is_nothing():
    assert call(nn.AdaptiveAvgPool2d(6)) == ["input", "first"]


def test_flattened_maps_are_read_by_weights_of_their_shape():
    graph = check(shaken(Call(nn.Sequential(nn.Flatten(), nn.Linear(144, 5)))), inputs(*MAPS))
    u, v = graph.population("first")[0], graph.population("function.1")[0]
    assert graph[u][v]["weight"].shape == (6, 6)


def test_an_image_goes_into_an_mlp_as_it_is():
    check(shaken(nn.Sequential(nn.Flatten(), nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 2))), inputs(3, 1, 4, 4))


def test_activation_and_dropout_behind_a_flatten():
    graph = check(
        shaken(Call(nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.ReLU(), nn.Linear(144, 2)))), inputs(*MAPS)
    )
    assert list(graph.populations) == ["input", "first", "function.2", "function.3"]
    assert graph.nodes[graph.population("first")[0]]["dropout"] == 0.3


def test_a_convolution_over_the_whole_map_gives_scalars():
    graph = check(
        shaken(Call(nn.Sequential(nn.Conv2d(4, 5, 6), nn.BatchNorm2d(5), nn.ReLU(), nn.Flatten(), nn.Linear(5, 2)))),
        inputs(*MAPS),
    )
    assert graph.nodes[graph.population("function.0")[0]]["shape"] == ()


def test_a_map_of_one_pixel_that_is_read_twice_stays_a_map():
    def function(x):
        y = F.adaptive_avg_pool2d(x, 1)
        return torch.cat([y.flatten(1), (y * 2).flatten(1)], 1)

    class Net(Call):
        def __init__(self):
            super().__init__(function)
            self.last = nn.Linear(8, 2)

        def forward(self, x):
            return self.last(super().forward(x))

    check(shaken(Net()), inputs(*MAPS))


NORMS = {
    "then activation": nn.Sequential(nn.BatchNorm2d(4), nn.Tanh()),
    "after activation": nn.Sequential(nn.ReLU(), nn.BatchNorm2d(4)),
    "twice": nn.Sequential(nn.BatchNorm2d(4), nn.BatchNorm2d(4, eps=1e-2, momentum=0.3)),
    "plain": nn.BatchNorm2d(4, affine=False),
    "after a pool": nn.Sequential(nn.MaxPool2d(2), nn.BatchNorm2d(4), nn.ReLU()),
    "one pixel": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(4)),
}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_in_any_order(name, training):
    check(shaken(Call(NORMS[name])), inputs(*MAPS), training=training)


def test_batch_norm_of_scalars():
    names = list(check(shaken(Call(nn.BatchNorm1d(4), ROWS)), inputs(*ROWS), training=True).populations)
    assert names == ["input", "first"]


SUMS = {
    "residual": lambda x: x + torch.tanh(x),
    "twice the same": lambda x: x + x,
    "in place": lambda x: torch.sin(x).add_(x),
    "alpha": lambda x: torch.add(x, torch.tanh(x), alpha=0.5),
    "difference": lambda x: torch.tanh(x) - x,
    "shift": lambda x: x + 1.5,
    "shift of an activation": lambda x: torch.relu(x) - 0.5,
    "from a constant": lambda x: 1 - x,
    "factor": lambda x: 0.25 * torch.relu(x),
    "divisor": lambda x: x / 4,
    "a tensor of one number": lambda x: x * torch.tensor(1.5) + torch.tensor([0.5]),
    "negative": lambda x: -x,
    "three": lambda x: x + torch.sin(x) + torch.tanh(x),
    "sum of itself and its sum": lambda x: (x + torch.tanh(x)) + x,
}


OTHERS = {
    "product": lambda x: torch.sigmoid(x) * x,
    "maximum": lambda x: torch.maximum(x, torch.tanh(x)),
    "minimum": lambda x: torch.minimum(torch.sin(x), x) + x,
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_ways_to_put_two_tensors_together(name):
    call(OTHERS[name], ROWS)


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("shape", [MAPS, ROWS], ids=["maps", "rows"])
def test_sums_and_factors(name, shape):
    call(SUMS[name], shape)


class Own(nn.Module):
    """Numbers of the module's own, one a channel, around a layer."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        ones = (1,) * (len(shape) - 2)
        self.register_buffer("mean", torch.ones(1, 4, *ones))
        self.register_buffer("deviation", torch.ones(4, *ones))
        self.register_buffer("all", torch.ones(()))
        self.layer = nn.Linear(4, 4) if len(shape) == 2 else nn.Conv2d(4, 4, 1)
        self.scale, self.shift = nn.Parameter(torch.ones(4, *ones)), nn.Parameter(torch.ones(1, 4, *ones))

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer((x - self.mean) / self.deviation)
        return self.all * torch.tanh(y * self.scale + self.shift) + self.mean


@pytest.mark.parametrize("shape", [MAPS, ROWS], ids=["maps", "rows"])
def test_buffers_and_parameters_of_one_number_a_channel(shape):
    graph = check(shaken(Own(shape)), inputs(*shape))
    assert list(graph.populations) == ["input", "sub", "div", "layer", "mul", "mul_2"]


def test_two_convolutions_with_biases_keep_both():
    class Two(nn.Module):
        def __init__(self, bias):
            super().__init__()
            self.one, self.two = nn.Conv2d(4, 3, 3, padding=1), nn.Conv2d(4, 3, 1, bias=bias)

        def forward(self, x):
            return F.relu(self.one(x) + self.two(torch.sin(x)))

    assert list(check(shaken(Two(True)), inputs(*MAPS)).populations) == ["input", "two", "sin", "one"][:1] + [
        "sin", "two", "one",
    ]  # fmt: skip
    assert list(check(shaken(Two(False)), inputs(*MAPS)).populations) == ["input", "sin", "add"]


def test_two_kernels_on_one_pair_take_a_relay():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Conv2d(4, 3, 3, padding=1, bias=False), nn.Conv2d(4, 3, 1, bias=False)

        def forward(self, x):
            return self.one(x) + self.two(x)

    check(shaken(Two()), inputs(*MAPS))


SHAPES = {
    "concatenation": lambda x: torch.cat([x, torch.relu(x), x], 1),
    "norm of a concatenation": lambda x: torch.relu(torch.cat([torch.sin(x), torch.tanh(x)], 1)),
    "slice": lambda x: x[:, 1:3],
    "every second channel": lambda x: x[:, ::2] + x[:, 1::2],
    "chunks": lambda x: torch.add(*x.chunk(2, 1)),
    "split": lambda x: torch.cat(x.split([1, 3], 1)[::-1], 1),
    "strided pixels": lambda x: x[:, :, ::2, ::3],
    "strided rows": lambda x: x[:, :, ::4],
    "channels of zeros": lambda x: F.pad(x, (0, 0, 0, 0, 1, 2)),
    "channels of zeros, then activation": lambda x: torch.sigmoid(F.pad(torch.tanh(x), (0, 0, 0, 0, 1, 2))),
    "copies": lambda x: x.contiguous().clone() + x,
    "the same view": lambda x: x.view(x.shape),
}


@pytest.mark.parametrize("name", SHAPES)
def test_moving_channels(name):
    call(SHAPES[name])


IN_PLACE = {
    "read later": lambda x: (torch.relu_(x), x + 1.0)[1],
    "read before and later": lambda x: (y := x * 2, torch.relu_(x), x + y)[2],
    "chain": lambda x: (x.mul_(2.0).add_(1.0), torch.tanh(x))[1],
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_what_is_written_over_is_read_as_it_is_then(name):
    call(IN_PLACE[name], before=nn.Conv2d(4, 4, 1))


@pytest.mark.parametrize(
    ("layer", "kind", "shape"),
    [(nn.Dropout(0.3), "element", MAPS), (nn.Dropout2d(0.3), "channel", MAPS), (nn.Dropout(0.3), "element", ROWS)],
)
def test_dropout_is_kept(layer, kind, shape):
    graph = check(shaken(Call(layer, shape)), inputs(*shape))
    neuron = graph.nodes[graph.population("first")[0]]
    assert (neuron["dropout"], neuron["dropout_kind"]) == (0.3, kind)
    assert graph.nodes[graph.population("input")[0]]["dropout"] == 0.0


def test_what_needs_no_gradient_is_not_trained():
    module = nn.Sequential(nn.Conv2d(4, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 1))
    module[0].weight.requires_grad_(False)
    module[1].requires_grad_(False)
    graph = check(shaken(module), inputs(*MAPS))
    assert list(graph.populations) == ["input", "0", "1", "3"]
    assert graph.nodes[graph.population("0")[0]]["trainable"]  # its bias
    assert not graph.nodes[graph.population("1")[0]]["trainable"]
    assert not graph[graph.population("input")[0]][graph.population("0")[0]]["trainable"]


def test_several_inputs_and_outputs_keep_their_order():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(3, 2), nn.Linear(4, 2)

        def forward(self, a, b):
            x, y = self.left(a), self.right(b)
            return y, x + y, x, y

    graph = check(shaken(Net()), inputs(5, 3), inputs(5, 4, seed=2))
    assert list(graph.populations)[:2] == ["a", "b"]


def test_an_input_can_be_an_output():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x):
            return x, self.layer(x)

    check(shaken(Net()), inputs(*ROWS))


def test_modules_that_compute_nothing_for_the_output_are_left_out():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(4, 2), nn.Linear(4, 3)

        def forward(self, x):
            self.idle(x).relu().sin()
            return self.used(x)

    graph = compiler.lift(Net(), inputs(*ROWS))
    assert list(graph.populations) == ["input", "used"]


def test_float32_weights_survive_to_the_bit():
    module = shaken(nn.Linear(50, 40))
    graph = compiler.lift(module, inputs(1, 50))
    ids = graph.arrays().ids
    back = torch.tensor(graph.read_weights(ids)).float().reshape(40, 50)
    assert torch.equal(back, module.weight)
