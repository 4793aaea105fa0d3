import numpy as np
import pytest
import torch
from torch import nn

import compiler
from neurograph.builders import parameter_count
from neurograph.builders.enas import OPERATIONS
from neurograph.errors import OptionError
from search.nhn.layers import MacroSpace, Supernet, inherit
from search.training import generator

GENES = [["separable3"], ["conv5", 1], ["maximum", 0, 0], ["average", 0, 1, 0], ["separable5", 1, 0, 1, 0],
         ["conv3", 1, 0, 0, 0, 1]]  # fmt: skip


def small(**options):
    return MacroSpace(**{"layers": 6, "channels": 4, "image": 8, "classes": 3} | options)


def shaken(net):
    """Norms and biases that are neither one nor zero, in float64."""
    numbers = generator(7, "test")
    with torch.no_grad():
        for module in net.double().modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.copy_(0.5 + torch.rand(len(module.weight), generator=numbers))
                module.bias.copy_(torch.rand(len(module.bias), generator=numbers) - 0.5)
        net.output.bias.copy_(torch.rand(len(net.output.bias), generator=numbers))
    return net


def images(space, count=9):
    shape = (count, space.inputs, space.image, space.image)
    return torch.randn(shape, generator=generator(3, "test"), dtype=torch.float64)


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("options", [{}, {"read_out": "average", "widen": 2, "stem": 6}], ids=str)
def test_a_path_is_the_compiled_network_of_its_genes(segments, options):
    space = small(segments=segments, **options)
    net, genes, x = shaken(Supernet(space, seed=1)), space.genes(GENES), images(space)
    compiled = compiler.compile(inherit(net, genes, [x]), dtype=torch.float64)
    compiled.train()
    assert (compiled(x) - net(x, genes)).abs().max() < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_any_genes_make_the_same_network(seed):
    space = small()
    genes = space.draw(np.random.default_rng(seed))
    net, x = shaken(Supernet(space, seed=1)), images(space)
    compiled = compiler.compile(inherit(net, genes, [x]), dtype=torch.float64).train()
    assert (compiled(x) - net(x, genes)).abs().max() < 1e-10
    names = [name for name in compiled.graph.populations if name != "input" and not name.endswith(".between")]
    assert [step.name for step in net.path(genes)] == names


def test_gradients_are_those_of_the_compiled_network():
    space = small()
    net, genes, x = shaken(Supernet(space)), space.genes(GENES), images(space)
    compiled = compiler.compile(inherit(net, genes, [x]), dtype=torch.float64).train()
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    net(ours, genes).square().sum().backward()
    compiled(theirs).square().sum().backward()
    assert ours.grad is not None and (ours.grad - theirs.grad).abs().max() < 1e-9


def test_running_statistics_are_averages_over_the_batches():
    space = small(segments=1)
    net, genes, x = shaken(Supernet(space)), space.genes(GENES), images(space, 24)
    batches = x.split(8)
    graph = inherit(net, genes, batches)
    compiled = compiler.compile(graph, dtype=torch.float64)
    sums = 0.0
    for batch in batches:
        stem = net.stem.convolution(batch)
        sums = sums + torch.stack([stem.mean((0, 2, 3)), stem.transpose(0, 1).flatten(1).var(1)]).detach() / 3
    keys = graph.population_keys("stem")
    for field, expected in zip(("running_mean", "running_var"), sums, strict=True):
        assert graph.read_values(field, keys) == pytest.approx(expected.numpy())
    # one large batch is its own average: eval mode computes what train mode does, but for the bias of the variance
    whole = compiler.compile(inherit(net, genes, [x]), dtype=torch.float64)
    apart = (whole.eval()(x) - net(x, genes)).abs().max().item()
    assert 0 < apart < 0.02 * net(x, genes).abs().max().item()
    assert (compiled.eval()(x) - whole(x)).abs().max() > apart


def test_a_path_has_the_parameters_of_its_network():
    space = small()
    net, genes = Supernet(space), space.genes(GENES)
    loss = net(images(space).float(), genes).square().sum()
    loss.backward()
    used = sum(parameter.numel() for parameter in net.parameters() if parameter.grad is not None)
    assert used == parameter_count(space.graph(genes))
    assert used < sum(parameter.numel() for parameter in net.parameters())


def test_weights_are_shared_and_others_are_left_alone():
    space = small()
    net = Supernet(space)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    one, other = space.genes(GENES), space.genes([["conv3"], ["conv5", 1], *GENES[2:]])
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with torch.no_grad():
        unmoved = net(images(space).float(), other)
    net(images(space).float(), one).square().sum().backward()
    optimizer.step()
    moved = {name for name, tensor in net.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "layers.1.operations.conv5.convolution.weight" in moved
    assert "layers.1.joined.columns.0" in moved
    assert not [name for name in moved if "layers.0.operations.conv3" in name]
    assert "layers.5.joined.columns.1" not in moved and "layers.5.joined.columns.0" in moved
    assert not torch.equal(net(images(space).float(), other), unmoved)


def test_train_and_eval_mode_compute_the_same():
    space = small()
    net, genes, x = Supernet(space), space.genes(GENES), images(space).float()
    assert torch.equal(net.train()(x, genes), net.eval()(x, genes))


def test_the_seed_decides_and_torchs_generator_is_left_alone():
    before = torch.get_rng_state()
    one, same, other = Supernet(small(), seed=1), Supernet(small(), seed=1), Supernet(small(), seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, same.state_dict()[name]) and torch.isfinite(tensor).all()
    assert not torch.equal(one.stem.convolution.weight, other.stem.convolution.weight)


def test_kernels_are_drawn_by_the_initializer():
    net, rough = Supernet(small(channels=16)), Supernet(small(channels=16), initializer="he_normal")
    kernels, plain = (n.layers[0].operations["conv5"].convolution.weight.detach() for n in (net, rough))
    assert kernels.var().item() == pytest.approx(2 / (16 * 25), rel=0.2) == plain.var().item()
    assert (kernels[..., 1:] * kernels[..., :-1]).mean() > 0.5 * kernels.var()
    assert (plain[..., 1:] * plain[..., :-1]).mean() < 0.1 * plain.var()


def test_every_operation_is_tried_above():
    assert {row[0] for row in GENES} == set(OPERATIONS)


def test_inheriting_needs_batches():
    space = small()
    with pytest.raises(OptionError, match="give at least one"):
        inherit(Supernet(space), space.genes(GENES), [])
