"""Genomes with a past: a small ancestor and what mutation and crossover made of it."""

import numpy as np
from hypothesis import strategies as st

from neurograph import NeuronGraph
from search.evolution import Policy, crossover, mutate

RICH = Policy(
    connect=0.5,
    split=0.5,
    cut=0.3,
    add=0.3,
    remove=0.2,
    activation=0.3,
    aggregation=0.2,
    perturb=0.5,
    recur=0.3,
    activations=("tanh", "relu", "prelu"),
    aggregations=("sum", "mean", "max"),
)


def ancestor() -> NeuronGraph:
    """Two inputs, a neuron in between, two outputs."""
    graph = NeuronGraph()
    graph.add_population("x", 2, role="input")
    graph.add_neuron("h", population="hidden", activation="tanh", bias=0.0)
    graph.add_population("y", 2, is_output=True, bias=0.0)
    graph.connect("x", ["h"], weight=np.ones((2, 1)))
    graph.connect(["h"], "y", weight=np.ones((1, 2)))
    return graph


def descendant(seed: int, steps: int = 8) -> NeuronGraph:
    """The ancestor after some mutations."""
    graph, rng = ancestor(), np.random.default_rng(seed)
    for _ in range(steps):
        mutate(graph, rng, RICH)
    return graph


def genomes() -> st.SearchStrategy[NeuronGraph]:
    """Descendants of any age, some of them children of two."""
    one = st.builds(descendant, st.integers(0, 2**16), st.integers(0, 12))
    mixed = st.builds(
        lambda a, b, seed, tie: crossover(a, b, np.random.default_rng(seed), tie=tie),
        one, one, st.integers(0, 2**16), st.booleans(),
    )  # fmt: skip
    return st.one_of(one, mixed)


def structure(graph: NeuronGraph) -> tuple:
    """All of a genome but where its numbers are kept: equal where nothing was changed."""
    nodes = [(name, dict(data)) for name, data in graph.nodes(data=True)]
    return nodes, [(u, v, dict(data)) for u, v, data in graph.edges(data=True)]
