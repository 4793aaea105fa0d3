"""What cannot be a population is refused in words that name the individual and the way out."""

import pytest
import torch

import compiler
from neurograph import NeuronGraph
from neurograph.errors import CompileError, OptionError
from tests.compiler.population.genomes import data, genome


def owners(graphs) -> list:
    return [graph.owner for graph in graphs if isinstance(graph, NeuronGraph) and graph.has_table()]


def refused(graphs, match: str, **options) -> None:
    before = owners(graphs)
    with pytest.raises(CompileError, match=match):
        compiler.compile_population(graphs, **{"cut_off": True, **options})
    assert owners(graphs) == before


def with_input(name: str = "x", count: int = 3, outputs: int = 2, extra: str | None = None) -> NeuronGraph:
    graph = NeuronGraph()
    if extra:
        graph.add_population(extra, 1, role="input")
    graph.add_population(name, count, role="input")
    graph.add_population("y", outputs, is_output=True)
    graph.connect(name, "y", weight=torch.ones(count, outputs).numpy())
    return graph


def test_what_is_no_list_of_graphs():
    refused([], "at least one individual, and the list is empty")
    graph = genome(0)
    refused([graph, genome(1), graph], "individuals 0 and 2 are the same graph")
    refused([graph, {"a": 1}], "individual 1 must be a NeuronGraph of its own, not a dict")
    refused([graph, genome(1).subgraph([0, 1])], "individual 1 must be a NeuronGraph of its own, not a view")
    with pytest.raises(CompileError, match=r"compile_population\(\[graph\]\)"):
        compiler.compile_population(graph)


@pytest.mark.parametrize(
    ("other", "match"),
    [
        (with_input(count=4), r"individual 2 takes 'x' \(4 neurons\), and individual 0 'x' \(3 neurons\)"),
        (with_input(name="z"), r"individual 2 takes 'z' \(3 neurons\)"),
        (with_input(extra="w"), r"individual 2 takes 'w' \(1 neuron\), 'x' \(3 neurons\)"),
        (with_input(outputs=1), r"individual 2 gives 'y' \(1 neuron\), and individual 0 'y' \(2 neurons\)"),
    ],
)
def test_other_inputs_or_outputs(other, match):
    refused([genome(0), genome(1), other.copy()], match)


def test_an_individual_that_cannot_be_compiled_is_named():
    refused([genome(0), NeuronGraph()], "individual 1: the graph is empty")
    without_outputs = NeuronGraph()
    without_outputs.add_population("x", 3, role="input")
    refused([genome(0), genome(1), without_outputs], "individual 2: the graph has no output")
    without_weight = genome(2)
    without_weight.add_edge("x", without_weight.population("y")[0])
    refused([genome(0), without_weight], "individual 1: synapse 'x' -> .* has no weight")
    cut = with_input()
    cut.remove_edges_from(list(cut.edges))
    refused([genome(0), cut], "individual 1: no output can be reached", cut_off=False)
    compiler.compile_population([genome(0), cut], cut_off=True)


def test_a_graph_that_another_network_trains():
    graph, other = genome(0), genome(1)
    net = compiler.compile(other, cut_off=True)
    refused([graph, other], r"individual 1: the values of this graph belong to a CompiledNetwork.*release")
    other.release()
    population = compiler.compile_population([graph, other], cut_off=True)
    assert net.stale is False and population.owns
    refused([genome(3), other], "individual 1: the values of this graph belong to a CompiledPopulation")


def test_an_input_that_is_an_output_too_needs_inputs_of_its_own():
    graphs = [genome(0), genome(1)]
    for graph in graphs:
        graph.nodes[graph.population("x")[0]]["is_output"] = True
    refused(graphs, 'individual 0: its input neuron number 0 is an output too.*inputs="own"')
    population = compiler.compile_population(graphs, cut_off=True, inputs="own")
    x = torch.randn(2, 4, 3)
    seen, _ = population(x)
    assert torch.equal(seen[..., 0], x[..., 0])


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"inputs": "mine"}, CompileError, 'inputs must be "shared" or "own", not \'mine\''),
        ({"dtype": torch.int64}, CompileError, "dtype must be one of"),
        ({"batch_size": 0}, CompileError, "batch_size must be a whole number"),
        ({"lowering": {"h": "field"}}, CompileError, "lowering must be the name of one way"),
        ({"lowering": "swift"}, CompileError, "no lowering is called 'swift'"),
        ({"device": "meta"}, OptionError, "holds no numbers"),
    ],
)
def test_options_that_make_no_sense(options, error, match):
    with pytest.raises(error, match=match):
        compiler.compile_population([genome(0), genome(1)], cut_off=True, **options)


def test_batches_that_do_not_fit():
    shared = compiler.compile_population([genome(0), genome(1)], cut_off=True)
    own = compiler.compile_population([genome(0), genome(1)], cut_off=True, inputs="own")
    with pytest.raises(CompileError, match=r"must be \(batch, 3\)"):
        shared(torch.ones(2, 4, 3))
    with pytest.raises(CompileError, match=r"must be \(2, batch, 3\), one batch for each individual, not \(4, 3\)"):
        own(torch.ones(4, 3))
    with pytest.raises(CompileError, match=r"must be \(2, batch, 3\)"):
        own(torch.ones(3, 4, 3))
    with pytest.raises(CompileError, match="takes 1 tensor"):
        own()
    with pytest.raises(CompileError, match="floating"):
        own(torch.ones(2, 4, 3, dtype=torch.int64))


def test_doors_of_a_single_network_say_that_they_take_one():
    population = compiler.compile_population([genome(0), genome(1)], cut_off=True)
    x = data()[0].float()
    for door in (
        lambda: population.observe([x]),
        lambda: population.portable(),
        lambda: compiler.record(population, [x]),
        lambda: list(compiler.absent_gradients(population, [x], torch.sum, [("x", "y")])),
    ):
        with pytest.raises(CompileError, match="one of population.graphs"):
            door()
