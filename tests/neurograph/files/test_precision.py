"""What a narrower type loses of weights and values is counted and sized, against numpy's own and PyTorch's rounding."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph, compiler
from neurograph.builders import metanet_cnn, mlp
from neurograph.files import export
from neurograph.files.precision import rounding_losses

TYPES = ("float64", "float32", "float16", "bfloat16")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12), st.sampled_from(TYPES))
def test_counts_and_errors_are_those_of_pytorch(weights, dtype):
    g = NeuronGraph()
    g.add_population("a", len(weights), role="input")
    g.add_neuron("out", is_output=True)
    g.connect("a", ["out"], weight=np.array(weights)[:, None])
    given = torch.tensor(weights, dtype=torch.float64)
    there = given.float() if dtype == "bfloat16" else given  # PyTorch rounds twice as well
    held = there.to(getattr(torch, dtype)).double()
    infinite, rounded = held.isinf(), (held != given) & ~held.isinf()
    words = rounding_losses(g, dtype)
    parts = [f"digits of {int(rounded.sum()):,} of"] * bool(rounded.any()) + [
        f"the size of {int(infinite.sum()):,} of"
    ] * bool(infinite.any())
    assert len(words) == len(parts) and all(line.startswith(part) for line, part in zip(words, parts, strict=True))


@pytest.mark.parametrize("make", [lambda: mlp([3, 4, 2], seed=0), lambda: metanet_cnn(3, seed=0, inputs=1)])
def test_what_a_single_holds_is_not_named_and_biases_count(make):
    g = make()
    assert "float32 rounds by up to" in rounding_losses(g, "float32")[0]
    compiler.compile(g)  # written back as float32
    net = compiler.compile(g)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1.5)
    assert rounding_losses(g, "float32") == []
    g.nodes[next(iter(g.population("output")))]["bias"] = 0.1
    assert rounding_losses(g, "float32")[0].startswith("digits of 1 of ")


@pytest.mark.parametrize("kind", ["onnx", "pt2", "pytorch"])
def test_exports_name_it_beside_what_else_is_dropped(kind, tmp_path):
    if kind == "onnx":
        pytest.importorskip("onnxscript")
    g = mlp([3, 4, 2], seed=0)
    assert any("which float32 rounds" in line for line in export(g, tmp_path / "a", kind))
    assert not any("rounds" in line for line in export(g, tmp_path / "b", kind, dtype=torch.float64))
    g.synchronise()
    g[0][3]["weight"] = 1e300
    assert any(line.startswith("the size of 1 of 26") for line in export(g, tmp_path / "c", kind))
