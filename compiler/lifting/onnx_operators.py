"""What each operator of ONNX is in PyTorch: a module with its weights, or a function of what it reads."""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neurograph.errors import FileError

Step = tuple[Callable[..., Any] | None, tuple[str, ...]]
_MOST = 2**28  # numbers that an example of an input may have


class Reader:
    """Constants, attributes and names of an ONNX graph.

    Parameters
    ----------
    path
        The file, for messages.
    graph
        Its graph.
    """

    def __init__(self, path: str | Path, graph: Any) -> None:
        self.path, self.graph = path, graph
        self.constants = {tensor.name: self.array(tensor) for tensor in graph.initializer}
        self.users: dict[str, int] = {}
        for node in graph.node:
            for name in node.input:
                self.users[name] = self.users.get(name, 0) + 1
        self.bare: dict[str, nn.Linear] = {}  # layers without a bias, by what they give
        self._names: set[str] = set()

    def refuse(self, node: Any, why: str) -> FileError:
        """The error of an operator that is none of ours."""
        return FileError(f"{self.path}: operator {node.name or node.output[0]!r} ({node.op_type}): {why}")

    def array(self, tensor: Any) -> np.ndarray:
        """A constant's numbers, which lie in the file."""
        from onnx import TensorProto, numpy_helper

        if tensor.data_location == TensorProto.EXTERNAL:
            raise FileError(f"{self.path}: the numbers of {tensor.name!r} lie in another file, which is not opened")
        if prod(tensor.dims) * 1 > 8 * max(tensor.ByteSize(), 1):
            raise FileError(f"{self.path} is damaged: {tensor.name!r} claims {prod(tensor.dims):,} numbers")
        return np.array(numpy_helper.to_array(tensor))

    def inputs(self) -> list[Any]:
        """What comes from outside."""
        return [value for value in self.graph.input if value.name not in self.constants]

    def sizes(self, value: Any) -> list[int]:
        """The sizes of an example of an input."""
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim][1:]
        if not sizes or not all(size > 0 for size in sizes) or prod(sizes) > _MOST:
            raise FileError(f"{self.path}: input {value.name!r} must say the sizes of an example, and says {sizes}")
        return sizes

    def attributes(self, node: Any) -> dict[str, Any]:
        """What a node says of itself."""
        from onnx import helper

        return {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def constant(self, node: Any, at: int) -> np.ndarray | None:
        """An input that is a constant; None where it is left out."""
        if len(node.input) <= at or not node.input[at]:
            return None
        if node.input[at] not in self.constants:
            raise self.refuse(node, f"{node.input[at]!r} must be a constant, and is computed")
        return self.constants[node.input[at]]

    def new_name(self, node: Any) -> str:
        """A name for a module: that of its weights, or of the operator."""
        weights = next((name for name in node.input if name in self.constants), node.name or node.op_type.lower())
        stem = weights.rpartition(".")[0] or weights.rpartition("/")[2] or weights
        name = base = "".join(letter if letter.isalnum() else "_" for letter in stem) or "layer"
        number = 1
        while name in self._names or hasattr(nn.Module, name):
            number += 1
            name = f"{base}_{number}"
        self._names.add(name)
        return name


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, np.float32))


def _linear(weight: np.ndarray, bias: np.ndarray | None) -> nn.Linear:
    """A layer of weights (outputs, inputs)."""
    made = nn.Linear(weight.shape[1], weight.shape[0], bias is not None)
    with torch.no_grad():
        made.weight.copy_(_tensor(weight))
        if bias is not None:
            made.bias.copy_(_tensor(np.broadcast_to(bias.reshape(-1), (weight.shape[0],))))
    return made


def _gemm(reader: Reader, node: Any) -> Step:
    about, weight, bias = reader.attributes(node), reader.constant(node, 1), reader.constant(node, 2)
    if weight is None or weight.ndim != 2 or about.get("transA"):
        raise reader.refuse(node, "it must multiply rows by a constant matrix")
    weight = weight if about.get("transB") else weight.T
    scaled = None if bias is None else about.get("beta", 1.0) * bias
    return _linear(about.get("alpha", 1.0) * weight, scaled), (node.input[0],)


def _matmul(reader: Reader, node: Any) -> Step:
    weight = reader.constant(node, 1)
    if weight is None or weight.ndim != 2:
        raise reader.refuse(node, "it must multiply rows by a constant matrix")
    made = _linear(weight.T, None)
    reader.bare[node.output[0]] = made
    return made, (node.input[0],)


def _conv(reader: Reader, node: Any) -> Step:
    about, weight, bias = reader.attributes(node), reader.constant(node, 1), reader.constant(node, 2)
    if weight is None or weight.ndim not in (3, 4):
        raise reader.refuse(node, "it must be a convolution of one or two dimensions with a constant kernel")
    sides = weight.ndim - 2
    kind: Any = nn.Conv1d if sides == 1 else nn.Conv2d
    groups = about.get("group", 1)
    how = {"stride": about.get("strides", [1] * sides), "dilation": about.get("dilations", [1] * sides)}
    made: Any = kind(
        weight.shape[1] * groups, weight.shape[0], weight.shape[2:], padding=_padding(reader, node, sides),
        groups=groups, bias=bias is not None, **{name: tuple(value) for name, value in how.items()},
    )  # fmt: skip
    with torch.no_grad():
        made.weight.copy_(_tensor(weight))
        if bias is not None:
            made.bias.copy_(_tensor(bias))
    return made, (node.input[0],)


def _padding(reader: Reader, node: Any, sides: int) -> tuple[int, ...]:
    about = reader.attributes(node)
    pads = tuple(about.get("pads", [0] * (2 * sides)))
    if about.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID") or pads[:sides] != pads[sides:]:
        raise reader.refuse(node, "its padding must be said, and be the same on both sides")
    return pads[:sides]


def _batch_norm(reader: Reader, node: Any) -> Step:
    found = [reader.constant(node, at) for at in range(1, 5)]
    if any(each is None for each in found):
        raise reader.refuse(node, "its scale, shift, mean and variance must be constants")
    scale, shift, mean, variance = (_tensor(each) for each in found if each is not None)
    made = _AnyBatchNorm(len(scale), eps=reader.attributes(node).get("epsilon", 1e-5))
    with torch.no_grad():
        for name, value in (("weight", scale), ("bias", shift), ("running_mean", mean), ("running_var", variance)):
            getattr(made, name).copy_(value)
    return made, (node.input[0],)


class _AnyBatchNorm(nn.BatchNorm2d):
    def _check_input_dim(self, input: Tensor) -> None:
        """Of features, sequences and maps alike."""


def _pool(average: bool) -> Callable[[Reader, Any], Step]:
    def read(reader: Reader, node: Any) -> Step:
        about = reader.attributes(node)
        size = tuple(about["kernel_shape"])
        if len(size) != 2 or any(each != 1 for each in about.get("dilations", (1, 1))):
            raise reader.refuse(node, "a pool has two dimensions here, and no dilation")
        how: dict[str, Any] = {"stride": tuple(about.get("strides", (1, 1))), "padding": _padding(reader, node, 2)}
        how["ceil_mode"] = bool(about.get("ceil_mode", 0))
        if average:
            return nn.AvgPool2d(size, count_include_pad=bool(about.get("count_include_pad", 0)), **how), (
                node.input[0],
            )
        return nn.MaxPool2d(size, **how), (node.input[0],)

    return read


def _both(function: Callable[..., Tensor]) -> Callable[[Reader, Any], Step]:
    """A sum or product of two values, or with a constant number."""

    def read(reader: Reader, node: Any) -> Step:
        names = tuple(name for name in node.input if name not in reader.constants)
        if len(names) == 2:
            return function, names
        constant = next(reader.constants[name] for name in node.input if name in reader.constants)
        first = node.input[0] in reader.constants
        value: Any = constant.item() if constant.size == 1 else _tensor(constant)
        if function in (torch.sub, torch.div) and first:
            raise reader.refuse(node, "a constant may come second")
        return (lambda x: function(x, value)), names

    return read


def _add(reader: Reader, node: Any) -> Step:
    """A sum; a constant a feature, behind a layer without a bias that nobody else reads, is its bias."""
    names = [name for name in node.input if name not in reader.constants]
    layer = reader.bare.get(names[0]) if len(names) == 1 and reader.users.get(names[0]) == 1 else None
    if layer is not None:
        bias = next(reader.constants[name] for name in node.input if name in reader.constants)
        layer.bias = nn.Parameter(_tensor(np.broadcast_to(bias.reshape(-1), (layer.out_features,))))
        return nn.Identity(), (names[0],)
    return _both(torch.add)(reader, node)


def _flatten(reader: Reader, node: Any) -> Step:
    if reader.attributes(node).get("axis", 1) != 1:
        raise reader.refuse(node, "what is flattened is each example, axis=1")
    return nn.Flatten(), (node.input[0],)


def _reshape(reader: Reader, node: Any) -> Step:
    shape = reader.constant(node, 1)
    if shape is None or len(shape) != 2:
        raise reader.refuse(node, "examples may be flattened, and not be given another shape")
    return nn.Flatten(), (node.input[0],)


def _concat(reader: Reader, node: Any) -> Step:
    if reader.attributes(node).get("axis") != 1:
        raise reader.refuse(node, "features or channels may be concatenated, axis=1")
    return (lambda *parts: torch.cat(parts, 1)), tuple(node.input)


def _constant(reader: Reader, node: Any) -> Step:
    about = reader.attributes(node)
    if "value" not in about:
        raise reader.refuse(node, "a constant is a tensor")
    reader.constants[node.output[0]] = reader.array(about["value"])
    return None, ()


def _clip(reader: Reader, node: Any) -> Step:
    least, most = (reader.constant(node, at) for at in (1, 2))
    if least is None or most is None or (least.item(), most.item()) != (0.0, 6.0):
        raise reader.refuse(node, "values may be clipped to 0 and 6, as ReLU6 does")
    return nn.ReLU6(), (node.input[0],)


def _plain(make: Callable[..., nn.Module], **names: tuple[str, float]) -> Callable[[Reader, Any], Step]:
    """An activation; keyword -> (its name in ONNX, its default there)."""

    def read(reader: Reader, node: Any) -> Step:
        about = reader.attributes(node)
        return make(**{name: about.get(theirs, usual) for name, (theirs, usual) in names.items()}), (node.input[0],)

    return read


def _mean(reader: Reader, node: Any) -> Step:
    return (lambda x: F.adaptive_avg_pool2d(x, 1)), (node.input[0],)


OPERATORS: dict[str, Callable[[Reader, Any], Step]] = {
    "Gemm": _gemm, "MatMul": _matmul, "Conv": _conv, "BatchNormalization": _batch_norm,
    "MaxPool": _pool(False), "AveragePool": _pool(True), "GlobalAveragePool": _mean,
    "Add": _add, "Sub": _both(torch.sub), "Mul": _both(torch.mul), "Div": _both(torch.div),
    "Flatten": _flatten, "Reshape": _reshape, "Concat": _concat, "Constant": _constant,
    "Identity": _plain(nn.Identity), "Dropout": _plain(nn.Identity), "Relu": _plain(nn.ReLU), "Clip": _clip,
    "Sigmoid": _plain(nn.Sigmoid), "Tanh": _plain(nn.Tanh), "Softplus": _plain(nn.Softplus),
    "LeakyRelu": _plain(nn.LeakyReLU, negative_slope=("alpha", 0.01)), "Elu": _plain(nn.ELU, alpha=("alpha", 1.0)),
    "Selu": _plain(nn.SELU), "HardSwish": _plain(nn.Hardswish),
}  # fmt: skip
