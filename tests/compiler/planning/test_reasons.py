"""What a report says of a choice never contradicts it."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import compiler
from compiler.planning import measuring
from compiler.planning.program import describe
from compiler.runtime.timing import product_seconds
from neurograph import NeuronGraph
from neurograph.errors import CompileError
from tests.compiler.graphs import build, recipes
from tests.compiler.map_graphs import build_maps, map_recipes

pytestmark = pytest.mark.usefixtures("hasty")
UNITS = {"us": 1e-6, "ms": 1e-3}


@pytest.fixture(scope="module")
def hasty():
    """What is timed is timed once."""
    patch = pytest.MonkeyPatch()
    patch.setattr(measuring, "SECONDS", 0.0)
    patch.setattr(measuring, "ROUNDS", 1)
    yield
    patch.undo()


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


@pytest.mark.parametrize("lowering", [None, "field", "sparse"])
@settings(max_examples=10)
@given(recipes())
def test_each_product_between_scalars_can_be_measured(lowering, recipe):
    try:
        net = compiler.compile(build(recipe), batch_size=8, lowering=lowering)
    except CompileError:  # the pin fits nothing here
        return
    measured(net)


@settings(max_examples=10)
@given(map_recipes())
def test_each_product_of_maps_can_be_measured(recipe):
    measured(compiler.compile(build_maps(recipe), batch_size=2))


def measured(net: compiler.CompiledNetwork) -> None:
    """Every product is timed, and nothing of the network moves."""
    before = {name: value.clone() for name, value in net.state_dict().items()}
    seconds = product_seconds(net.program, net.units, net.like)
    assert [len(stage) for stage in seconds] == [len(stage.products) for stage in net.program.stages]
    assert all(0 < found < 10 for stage in seconds for found in stage)
    assert describe(net.program, seconds).count(", measured ") == sum(map(len, seconds))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_a_report_says_what_was_measured_where_it_is_asked_to():
    net = compiler.compile(thin(30, 30, 0.5, 0), batch_size=4)
    assert "measured" not in net.report()
    assert net.report(measure=True).count(", measured ") == sum(len(stage.products) for stage in net.program.stages)
