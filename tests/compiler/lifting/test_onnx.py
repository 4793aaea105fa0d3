"""ONNX comes in: what it computes in onnxruntime, the graph computes; what no graph holds is refused by name."""

import numpy as np
import pytest
import torch
from torch import nn

from neurograph import NeuronGraph, compiler
from neurograph.builders import lenet4, mlp
from neurograph.errors import FileError, NeuroGraphError

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

MODULES = {
    "dense": (nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)), (6,)),
    "activations": (nn.Sequential(nn.Linear(6, 5), nn.ELU(), nn.Linear(5, 5), nn.LeakyReLU(), nn.Linear(5, 2)), (6,)),
    "images": (
        nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=2),
            nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 3),
        ),
        (2, 8, 8),
    ),
}  # fmt: skip


def agree(path, graph, sizes):
    x = torch.randn(3, *sizes)
    net = compiler.compile(graph).eval()
    session = runtime.InferenceSession(str(path))
    (wanted,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.no_grad():
        assert np.allclose(net(x).numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_s_export_comes_in_with_its_function(name, tmp_path):
    module, sizes = MODULES[name]
    path = tmp_path / "net.onnx"
    made = torch.onnx.export(
        module.eval(), (torch.zeros(2, *sizes),), dynamic_shapes=({0: torch.export.Dim("n")},), verbose=False
    )
    made.save(str(path))
    agree(path, compiler.from_onnx(path), sizes)


@pytest.mark.parametrize(
    ("graph", "sizes"), [(mlp([4, 3, 2], activation="relu", seed=0), (4,)), (lenet4(), (1, 28, 28))]
)
def test_our_own_export_comes_back_with_its_function(graph, sizes, tmp_path):
    graph.export(tmp_path / "net.onnx")
    back = NeuronGraph.import_from(tmp_path / "net.onnx")
    agree(tmp_path / "net.onnx", back, sizes)
    assert back.number_of_edges() == graph.number_of_edges()


def made(nodes, sizes=(1, 4), constants=()):
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", kind, sizes)],
        [helper.make_tensor_value_info("y", kind, None)], list(constants),
    )  # fmt: skip
    return helper.make_model(graph)


def weight(name="w", sizes=(4, 3)):
    return onnx.numpy_helper.from_array(np.ones(sizes, np.float32), name)


def elsewhere():
    tensor = weight()
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def huge():
    tensor = weight()
    tensor.ClearField("dims")
    tensor.dims.extend([2**30, 2**30])
    return tensor


NODE = onnx.helper.make_node
REFUSED = {
    "an operator": (lambda: made([NODE("LSTM", ["x"], ["y"])]), "'LSTM' of ONNX no graph holds"),
    "a computed matrix": (lambda: made([NODE("MatMul", ["x", "x"], ["y"])]), "must be a constant"),
    "another file": (lambda: made([NODE("MatMul", ["x", "w"], ["y"])], constants=[elsewhere()]), "in another file"),
    "a claim": (lambda: made([NODE("MatMul", ["x", "w"], ["y"])], constants=[huge()]), "claims"),
    "no sizes": (lambda: made([NODE("Relu", ["x"], ["y"])], sizes=("n", "m")), "must say the sizes"),
    "too large": (lambda: made([NODE("Relu", ["x"], ["y"])], sizes=("n", 2**40)), "must say the sizes"),
    "a sum of one": (lambda: made([NODE("Add", ["x"], ["y"])]), "damaged or no ONNX"),
    "nothing": (lambda: made([]), "no operators"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_graph_holds_is_refused_by_name(name, tmp_path):
    make, message = REFUSED[name]
    (tmp_path / "net.onnx").write_bytes(make().SerializeToString())
    with pytest.raises(FileError, match=message):
        NeuronGraph.import_from(tmp_path / "net.onnx")


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "net.onnx"
    mlp([4, 3, 2], activation="relu", seed=0).export(path)
    return path.read_bytes()


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_file_is_refused_or_read(seed, content, tmp_path):
    rng, path = np.random.default_rng(seed), tmp_path / "net.onnx"
    damaged = bytearray(content)
    for at in rng.integers(len(damaged), size=3):
        damaged[at] = rng.integers(256)
    path.write_bytes(damaged[: rng.integers(1, len(damaged) + 1)] if seed % 2 else damaged)
    try:
        NeuronGraph.import_from(path)
    except NeuroGraphError as error:
        assert "net.onnx" in str(error)
