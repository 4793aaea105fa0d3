"""What the builders make, compiled, against the reference: every operator of theirs, in both modes."""

import pytest
import torch

import compiler
from neurograph.builders import enas_macro, lenet5, metanet_cnn, parameter_count, vgg
from tests.neurograph.builders.plain import images, shaken

GENES = [[0], [1, 1], [2, 0, 0], [3, 1, 0, 1], [4, 0, 1, 0, 1], [5, 1, 0, 0, 0, 1]]
NETWORKS = {
    "lenet5": lambda: lenet5(size=16, filters=4, activation="tanh"),
    "metanet_cnn": lambda: metanet_cnn((3, 4), size=8, activation="gelu"),
    "vgg15": lambda: vgg(15, width=1 / 32, activation="tanh"),
    "vgg11_bn": lambda: vgg(11, True, width=1 / 32, size=64, activation="silu"),
    "enas_macro": lambda: enas_macro(GENES, 4, size=8, classes=3),
    "enas_macro_grouped": lambda: enas_macro(GENES, 2, size=8, classes=3, segments=2, widen=2, read_out="grouped"),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_builders_compile_to_what_the_reference_computes(name, training):
    graph = shaken(NETWORKS[name]())
    x = images(graph, 3)
    net = compiler.compile(graph, dtype=torch.float64).train(training)
    wanted = compiler.reference(graph, x, training=training).outputs[0]
    torch.testing.assert_close(net(x).detach(), wanted, rtol=1e-9, atol=1e-9)
    assert net.parameter_count() == parameter_count(graph)
