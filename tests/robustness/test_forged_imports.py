"""Files of other programs with anything in them: refused in words that name the file, or a network that can be kept."""

import numpy as np
import pytest

import compiler  # noqa: F401  # which reads ONNX
from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp
from neurograph.edits import RemoveNeurons, SplitEdge
from neurograph.errors import FileError
from tests.neurograph.networks import check_saved_and_loaded
from tests.robustness.file_forgers import forge_json, forge_npz, forge_onnx, forge_table, forge_xml
from tests.robustness.forger import damaged
from tests.robustness.tally import repeat


def scalars():
    g = mlp([2, 3, 1], seed=0)
    g.nodes[2]["note"] = "mine"
    g.remove_edge(0, 3)
    return g


def maps():
    return enas_macro([["conv3"]], channels=2, segments=1, size=4, seed=0)


def grown():
    """With lives that begin, end and begin again."""
    g = scalars()
    g.apply(SplitEdge(0, 2))
    g.apply(RemoveNeurons([3]))
    g.remove_edge(1, 2)
    g.add_edge(1, 2, weight=0.5)
    return g


def onnx_file(nodes, sizes, **constants):
    """The bytes of a model from x to y with the operators (kind, inputs, output, attributes)."""
    import onnx

    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    made = [helper.make_node(kind, inputs.split(), [output], **more) for kind, inputs, output, more in nodes]
    ends = [helper.make_tensor_value_info("x", kind, ["n", *sizes]), helper.make_tensor_value_info("y", kind, None)]
    held = [onnx.numpy_helper.from_array(np.asarray(array, np.float32), name) for name, array in constants.items()]
    return helper.make_model(helper.make_graph(made, "net", ends[:1], ends[1:], held)).SerializeToString()


def dense():
    nodes = [
        ("MatMul", "x w", "a", {}), ("Add", "a b", "c", {}), ("LeakyRelu", "c", "d", {"alpha": 0.1}),
        ("Gemm", "d v b2", "e", {"transB": 1, "beta": 0.5}), ("Mul", "e two", "f", {}), ("Add", "f d", "g", {}),
        ("Clip", "g zero six", "y", {}),
    ]  # fmt: skip
    w, v = np.arange(12.0).reshape(4, 3) - 5, np.eye(3) / 2
    return onnx_file(nodes, [4], w=w, v=v, b=[1, 2, 3], b2=[1, 0, 1], two=2.0, zero=0.0, six=6.0)


def convolutions():
    nodes = [
        ("Conv", "x k kb", "a", {"pads": [1, 1, 1, 1], "strides": [1, 1]}),
        ("BatchNormalization", "a scale shift mean var", "b", {"epsilon": 1e-4}), ("Relu", "b", "c", {}),
        ("MaxPool", "c", "d", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("AveragePool", "c", "e", {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
        ("Concat", "d e", "f", {"axis": 1}), ("Conv", "f g", "h", {"group": 2, "dilations": [1, 1]}),
        ("Flatten", "h", "i", {"axis": 1}), ("Gemm", "i w", "y", {}),
    ]  # fmt: skip
    k, g, w = np.ones((2, 1, 3, 3)), np.ones((2, 2, 1, 1)) / 2, np.ones((8, 2))
    one, zero = [1, 1], [0, 0]
    return onnx_file(nodes, [1, 4, 4], k=k, kb=one, g=g, w=w, scale=one, shift=zero, mean=zero, var=one)


FORMATS = {
    "json": (scalars, forge_json),
    "json of maps": (maps, forge_json),
    "graphml": (scalars, forge_xml),
    "graphml of maps": (maps, forge_xml),
    "npz": (scalars, forge_npz),
    "gexf": (grown, forge_xml),
    "gexf of maps": (maps, forge_xml),
    "cyjs": (scalars, forge_json),
    "cyjs of maps": (maps, forge_json),
    "csv": (scalars, forge_table),
    "onnx": (dense, forge_onnx),
    "onnx of maps": (convolutions, forge_onnx),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FORMATS)
def test_forged_imports_are_refused_or_networks(name, tmp_path):
    make, forge = FORMATS[name]
    path = tmp_path / f"net.{name.split()[0]}"
    if path.suffix == ".onnx":
        pytest.importorskip("onnx")
        path.write_bytes(make())
    else:
        make().export(path)
    whole = path.read_bytes()
    check_saved_and_loaded(NeuronGraph.import_from(path))

    def trial(_, rng):
        path.write_bytes(damaged(whole, rng) if rng.random() < 0.2 else whole)
        if path.read_bytes() == whole:
            try:
                forge(path, rng)
            except (ValueError, TypeError):
                return "cannot be written"
        try:
            g = NeuronGraph.import_from(path)
        except FileError as err:
            assert str(path) in str(err)
            return "refused"
        g.save(tmp_path / "kept.safetensors")
        NeuronGraph.load(tmp_path / "kept.safetensors").arrays()
        return "used"

    repeat(f"forged imports of {name}", trial, 60, 10_000 if name in ("npz", "csv") else 5_000)
