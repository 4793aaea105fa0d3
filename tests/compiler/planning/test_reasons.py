"""What a report says of a choice never contradicts it."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import compiler
from neurograph import NeuronGraph

UNITS = {"us": 1e-6, "ms": 1e-3}


def thin(sources: int, targets: int, density: float, seed: int) -> NeuronGraph:
    """Two layers of which only some neurons are joined, and an output that reads all."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    inputs = graph.add_population("in", sources, role="input")
    hidden = graph.add_population("hidden", targets, activation="relu", bias=0.0)
    output = graph.add_population("out", 1, activation="identity", bias=0.0, is_output=True)
    row, column = np.nonzero(rng.random((max(1, targets // 3), max(1, sources // 3))) < density)
    row, column = (row, column) if len(row) else (np.zeros(1, int), np.zeros(1, int))
    pairs = [(inputs[c], hidden[r]) for r, c in zip(row.tolist(), column.tolist(), strict=True)]
    graph.add_edges_from(pairs + [(name, output[0]) for name in hidden], weight=0.1)
    return graph


@given(st.integers(3, 400), st.integers(3, 400), st.sampled_from([0.01, 0.1, 0.5, 1.0]), st.integers(1, 4000))
def test_the_runner_up_is_never_said_to_be_faster(sources, targets, density, batch):
    net = compiler.compile(thin(sources, targets, density, batch), batch_size=batch)
    for product in (product for stage in net.program.stages for product in stage.products):
        found = re.fullmatch(r"(\w+) would take ([\d.]+) (us|ms)", product.why)
        assert found or product.why == "the only one that can"
        if found:
            other = float(found[2]) * UNITS[found[3]]
            assert found[1] != product.lowering and other * 1.01 + 1e-6 >= product.seconds
