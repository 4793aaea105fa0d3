"""Each format that needs torch is run by somebody else's runtime and compared with the reference."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
import torch

import compiler
from compiler.exports import onnx as onnx_format
from compiler.exports.package import model_text
from compiler.exports.source import source_of
from compiler.portable.build import draw
from neurograph import NeuronGraph
from neurograph.builders import lenet4, mlp, random_field
from neurograph.errors import CompileError, FileError
from neurograph.files import EXPORTS, export
from tests.compiler.graphs import batch
from tests.compiler.portable.everything import every_map, every_scalar

KINDS = {"scalars": (every_scalar, batch), "maps": (every_map, batch)}
RUN = """
import importlib, sys, torch
sys.path.insert(0, "packages")
for name in sys.argv[1:]:
    network = importlib.import_module(name + ".model").load()
    found = network(*torch.load(name + ".inputs", weights_only=True))
    torch.save(list(found) if isinstance(found, tuple) else [found], name + ".outputs")
foreign = [name for name in sys.modules if name.split(".")[0] in ("neurograph", "compiler", "search")]
assert not foreign, foreign
"""


def test_every_format_that_needs_torch_is_run_here():
    ours = {name for name, found in EXPORTS.items() if found.write.__module__.startswith("neurograph.compiler.")}
    assert ours == {"onnx", "pt2", "pytorch"}


def test_pytorch_packages_run_in_a_python_that_knows_nothing_of_this_project(tmp_path):
    wanted = {}
    (tmp_path / "packages").mkdir()
    for kind, (make, inputs_of) in KINDS.items():
        graph = make()
        inputs = inputs_of(graph, rows=3)
        wanted[kind] = compiler.reference(graph, *inputs).outputs
        torch.save(list(inputs), tmp_path / f"{kind}.inputs")
        export(graph, tmp_path / "packages" / kind, "pytorch", dtype=torch.float64)
        written = sorted(path.name for path in (tmp_path / "packages" / kind).iterdir())
        assert written == ["model.py", "weights.pt"]
    command = [sys.executable, "-I", "-c", RUN, *KINDS]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    for kind, outputs in wanted.items():
        found = torch.load(tmp_path / f"{kind}.outputs", weights_only=True)
        for got, want in zip(found, outputs, strict=True):
            torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-9)


def load_package(folder):
    """Its network, in this process."""
    spec = spec_from_file_location("written_model", folder / "model.py")
    model = module_from_spec(spec)
    spec.loader.exec_module(model)
    return model.load()


def test_a_package_reads_as_if_somebody_had_written_it(tmp_path):
    export(lenet4(seed=0), tmp_path / "net", "pytorch")
    text = (tmp_path / "net" / "model.py").read_text()
    assert "        self.conv1 = nn.Conv2d(1, 20, 5)\n" in text
    assert "        conv1 = torch.relu(self.conv1(input))\n        pool1 = self.pool1(conv1)\n" in text
    assert "torch.rand(32, 1, 28, 28)" in text
    assert "    input     1  maps of 28 x 28, input\n    conv1    20  maps of 24 x 24, relu\n" in text
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imports == ["from pathlib import Path", "import torch", "from torch import Tensor, nn"]
    assert max(map(len, text.splitlines())) <= 120


def test_names_cannot_become_code(tmp_path):
    graph = mlp([2, 2, 1], names=['x"""; import os', "while", "\\N{DASH}\n    raise SystemExit"], seed=0)
    graph.graph["name"] = '"""\nraise SystemExit("caught")\n"""'
    export(graph, tmp_path / "net", "pytorch", dtype=torch.float64)
    inputs = batch(graph, rows=2)
    found = load_package(tmp_path / "net")(*inputs)
    torch.testing.assert_close(found, compiler.reference(graph, *inputs).outputs[0])


def test_long_names_and_long_sums_are_still_python(tmp_path):
    graph = mlp([3] * 9, activation="tanh", names=[f"{'population ' * 12}{at}" for at in range(9)], seed=0)
    names = list(graph.populations)
    for name in names[1:5]:
        graph.connect(name, names[-2], weight=np.full((3, 3), 0.1))
    pinned = {(name, names[-2]): "dense" for name in names[1:5]}  # products of their own, to be added up
    net = compiler.compile(graph, dtype=torch.float64, lowering=pinned)
    drawing = draw(net)
    text = model_text(net, source_of(drawing), "long")
    assert any(line.endswith("= (") for line in text.splitlines())
    (tmp_path / "model.py").write_text(text)
    torch.save(drawing.module().state_dict(), tmp_path / "weights.pt")
    inputs = batch(graph, rows=2)
    torch.testing.assert_close(load_package(tmp_path)(*inputs), compiler.reference(graph, *inputs).outputs[0])


def test_a_package_of_a_deep_field(tmp_path):
    graph = random_field(120, 6, 12, seed=1)
    export(graph, tmp_path / "net", "pytorch", dtype=torch.float64)
    assert "so_far_2 = torch.cat([so_far, field_" in (tmp_path / "net" / "model.py").read_text()
    inputs = batch(graph, rows=3)
    torch.testing.assert_close(load_package(tmp_path / "net")(*inputs), compiler.reference(graph, *inputs).outputs[0])


def test_a_package_is_written_over_only_when_told_and_nothing_else_is_touched(tmp_path):
    graph, folder = mlp([2, 1], seed=0), tmp_path / "net"
    export(graph, folder, "pytorch")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FileError, match="there already"):
        export(graph, folder, "pytorch")
    graph[0][2]["weight"] = 5.0
    export(graph, folder, "pytorch", force=True)
    assert torch.load(folder / "weights.pt", weights_only=True)["output.weight"][0, 0] == 5.0
    assert (folder / "notes.txt").read_text() == "mine"
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="folder"):
        export(graph, tmp_path / "file", "pytorch", force=True)


def test_a_program_comes_back_from_its_file_and_runs_for_any_batch(tmp_path):
    graph = mlp([3, 4, 2], activation="tanh", seed=0)
    export(graph, tmp_path / "net.pt2", dtype=torch.float64)
    module = torch.export.load(tmp_path / "net.pt2").module()
    for rows in (1, 4):
        inputs = batch(graph, rows=rows)
        torch.testing.assert_close(module(*inputs), compiler.reference(graph, *inputs).outputs[0], rtol=1e-9, atol=1e-9)


def session(path, threads=2):
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("kind", KINDS)
def test_onnxruntime_agrees_with_two_threads_and_any_batch(kind, tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    make, inputs_of = KINDS[kind]
    graph = make()
    left_out = export(graph, tmp_path / "net.onnx")
    onnx.checker.check_model(str(tmp_path / "net.onnx"), full_check=True)
    running = session(tmp_path / "net.onnx")
    assert {tuple(port.shape[:1]) for port in (*running.get_inputs(), *running.get_outputs())} == {("batch",)}
    for rows in (1, 2, 33):
        inputs = inputs_of(graph, rows=rows, seed=rows, dtype=torch.float32)
        given = {port.name: x.numpy() for port, x in zip(running.get_inputs(), inputs, strict=True)}
        wanted = compiler.reference(graph, *inputs).outputs
        for got, want in zip(running.run(None, given), wanted, strict=True):
            np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-5)
    assert any("dropout" in shown for shown in left_out)


def test_onnx_of_few_synapses_is_right_under_threads(tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    graph, rng = NeuronGraph(), np.random.default_rng(0)
    graph.add_population("pixels", 1000, role="input")
    graph.add_population("sums", 800, is_output=True)
    row = np.concatenate([np.arange(800), rng.integers(0, 20, 2000)]) + 1000  # twenty have most of the synapses
    pairs = sorted(set(zip(rng.integers(0, 1000, len(row)).tolist(), row.tolist(), strict=True)))
    graph.add_edges_from_arrays(*map(list, zip(*pairs, strict=True)), weight=rng.normal(size=len(pairs)))
    export(graph, tmp_path / "net.onnx")
    operators = {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}
    assert "ScatterElements" in operators and "ScatterND" not in operators
    running = session(tmp_path / "net.onnx", threads=4)
    x = torch.randn(64, 1000, generator=torch.Generator().manual_seed(1))
    (wanted,) = compiler.reference(graph, x).outputs
    for _ in range(5):
        np.testing.assert_allclose(running.run(None, {"pixels": x.numpy()})[0], wanted, rtol=1e-4, atol=1e-4)


def test_what_training_moved_is_exported_and_the_graph_keeps_its_network(tmp_path):
    graph = random_field(30, 3, 4, seed=0)
    net = compiler.compile(graph, dtype=torch.float64)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(0.5)
    export(graph, tmp_path / "net.pt2", dtype=torch.float64)
    assert net.owns and not net.stale
    x = batch(graph)[0]
    torch.testing.assert_close(torch.export.load(tmp_path / "net.pt2").module()(x), net(x))


@pytest.mark.parametrize("kind", ["onnx", "pt2", "pytorch"])
def test_what_cannot_be_compiled_is_refused_and_leaves_nothing(kind, tmp_path):
    if kind == "onnx":
        pytest.importorskip("onnxscript")
    graph = mlp([2, 1])
    graph.add_neuron("far", population="far")
    graph.add_edge(0, "far")
    with pytest.raises(CompileError, match="'far' has no weight|far.*has no weight"):
        export(graph, tmp_path / "net", kind)
    assert not list(tmp_path.iterdir())


def test_what_is_missing_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_format, "find_spec", lambda name: None)
    with pytest.raises(FileError, match=r"needs onnx and onnxscript: pip install 'neurograph-compiler\[onnx\]'"):
        export(mlp([2, 1]), tmp_path / "net.onnx")


def test_frozen_weights_are_told_of(tmp_path):
    graph = mlp([2, 1])
    graph[0][2]["trainable"] = False
    shown = export(graph, tmp_path / "net", "pytorch")
    assert any("frozen" in line for line in shown)


@pytest.mark.parametrize("kind", ["onnx", "pt2", "pytorch"])
def test_what_users_wrote_and_what_is_called_otherwise_is_said(kind, tmp_path):
    if kind == "onnx":
        pytest.importorskip("onnxscript")
    graph = mlp([2, 2, 1], names=["my input", "hidden", "out"], seed=0)
    graph.nodes[2]["note"], graph[0][2]["tag"], graph.graph["author"] = "x", 1, "me"
    shown = " | ".join(export(graph, tmp_path / "net", kind))
    assert "the names of neurons" in shown
    assert "own attributes of neurons: 'note'" in shown and "of synapses: 'tag'" in shown and "'author'" in shown
    assert ("'my input' is my_input" in shown) == (kind != "pt2")  # whose inputs have no names
    assert "hidden" not in shown


def test_grouped_convolutions_are_exported_as_such_whatever_runs_them(tmp_path):
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(2, 8, 3), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3, groups=4), torch.nn.Flatten()
    model = torch.nn.Sequential(*layers, torch.nn.Linear(8 * 4, 3)).double()
    graph = compiler.lift(model, torch.zeros(1, 2, 6, 6, dtype=torch.float64))
    grouped = next(name for name in graph.populations if name == "2")
    x = torch.randn(3, 2, 6, 6, dtype=torch.float64)
    for lowering in ("conv", "conv_grouped"):
        net = compiler.compile(graph, dtype=torch.float64, lowering={("0", grouped): lowering})
        assert {module.groups for module in net.portable().modules() if isinstance(module, torch.nn.Conv2d)} == {1, 4}
        torch.testing.assert_close(net.portable()(x), model(x))
    export(graph, tmp_path / "net", "pytorch")
    assert "nn.Conv2d(8, 8, 3, groups=4)" in (tmp_path / "net" / "model.py").read_text()
