import numpy as np
import pytest
import torch

import compiler
from neurograph.edits import RemoveNeurons
from tests.compiler.lifting import modules
from tests.compiler.lifting.roundtrip import check, inputs, shaken

NETWORKS = {
    "lenet5": (modules.LeNet5, (2, 1, 28, 28)),
    "vgg16": (lambda: modules.VGG(False, 1 / 32), (2, 3, 32, 32)),
    "vgg16_bn": (lambda: modules.VGG(True, 1 / 32), (2, 3, 32, 32)),
    "resnet20": (lambda: modules.ResNet((3, 3, 3), (4, 8, 16), "A"), (2, 3, 16, 16)),
    "resnet18": (lambda: modules.ResNet((2, 2, 2, 2), (4, 4, 8, 8), "B", "imagenet"), (2, 3, 64, 64)),
    "densenet": (modules.DenseNet, (2, 3, 8, 8)),
    "mobilenet": (modules.MobileNet, (2, 3, 16, 16)),
    "mlp_with_skips": (modules.SkipMLP, (6, 7)),
}
TRAINED = ("vgg16_bn", "resnet20", "resnet18", "densenet", "mlp_with_skips")  # batch norm and no dropout


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_gradients_and_parameters_are_the_modules(name):
    make, shape = NETWORKS[name]
    check(shaken(make()), inputs(*shape))


@pytest.mark.parametrize("name", TRAINED)
def test_they_are_in_train_mode_too(name):
    make, shape = NETWORKS[name]
    check(shaken(make()), inputs(*shape), training=True)


def test_convolution_norm_and_activation_are_one_population():
    graph = compiler.lift(modules.VGG(True, 1 / 32), inputs(1, 3, 32, 32))
    names = [f"features.{place}" for place in (0, 3, 6, 7, 10, 13, 14, 17, 20, 23, 24, 27, 30, 33, 34, 37, 40, 43)]
    assert list(graph.populations) == ["input", *names, "classifier"]
    first = graph.nodes[graph.population("features.0")[0]]
    assert (first["norm"], first["activation"], first["shape"]) == ("batch", "relu", (32, 32))
    assert graph.nodes[graph.population("features.43")[0]]["shape"] == ()  # one pixel, read by a linear layer
    assert all(graph.nodes[name]["is_output"] for name in graph.population("classifier"))


def test_a_residual_block_is_three_populations_and_a_dense_one_too():
    graph = compiler.lift(modules.ResNet((2,), (4,), "A"), inputs(1, 3, 8, 8))
    block = [f"layers.0.{place}.{part}" for place in (0, 1) for part in ("conv1", "conv2", "add")]
    assert list(graph.populations) == ["input", "conv1", *block, "avgpool", "fc"]
    graph = compiler.lift(modules.DenseNet(), inputs(1, 3, 8, 8))
    assert list(graph.populations)[1:5] == ["stem", "block1.0.norm1", "block1.0.conv1", "block1.0.conv2"]


def test_full_vgg16_lifts_with_every_weight():
    module = modules.VGG(False)
    graph = compiler.lift(module, inputs(1, 3, 32, 32))
    kernels = sum(p.numel() for p in module.features.parameters() if p.dim() == 4) // 9
    pools = 64 + 128 + 256 + 512 + 512
    assert graph.number_of_edges() == kernels + pools + 5120
    last = module.features[28]
    ids = graph.arrays().ids
    rows = graph.table.rows_of(ids)
    into = np.isin(graph.table.dst[rows], graph.population_keys("features.28"))
    kernels = graph.read_weights(ids[into])
    kernels = kernels.reshape(512, 512, 3, 3)  # targets, sources: ids run over (target, source)
    assert (kernels.astype(np.float32) == last.weight.detach().numpy()).all()
    assert (kernels == last.weight.detach().double().numpy()).all()
    net, x = compiler.compile(graph).eval(), inputs(2, 3, 32, 32)
    torch.testing.assert_close(net(x), module.eval()(x), rtol=1e-4, atol=1e-5)


def test_the_module_is_left_as_it_was():
    module = modules.MobileNet().train()
    module.features[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    compiler.lift(module, inputs(1, 3, 16, 16))
    assert module.training and module.classifier[0].training and not module.features[1].training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("name", "eaten"),
    [("vgg16_bn", "features.7"), ("resnet20", "layers.1.1.conv1"), ("densenet", "stem"), ("mobilenet", "features.0.0")],
)
def test_pruning_and_training_go_on_from_there(name, eaten):
    make, shape = NETWORKS[name]
    graph = compiler.lift(shaken(make()), inputs(*shape))
    net = compiler.compile(graph, dtype=torch.float64)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9)
    x = inputs(*shape).double()
    for edit in (None, RemoveNeurons(graph.population(eaten)[:1], stranded="remove")):
        if edit:
            graph.apply(edit)
            net.refresh(optimizer)
        net.eval()(x).logsumexp(1).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    found = net.eval()(x)
    net.write_back()
    torch.testing.assert_close(compiler.reference(graph, x).outputs[0], found.detach())
    assert len(graph.population(eaten)) == len(compiler.lift(make(), inputs(*shape)).population(eaten)) - 1
