"""What networks of numbers tests draw: the kit's random ones, by hypothesis, and a plain one."""

import numpy as np
from hypothesis import strategies as st

from compiler.testing.networks import SMOOTH, Recipe, build
from compiler.testing.reference import assert_equals_reference, batch, loss_of
from neurograph import NeuronGraph

__all__ = ["SMOOTH", "Recipe", "assert_equals_reference", "batch", "build", "graph_id", "loss_of", "mlp", "recipes"]


def recipes(**fixed) -> st.SearchStrategy[Recipe]:
    """Recipes with some fields fixed."""
    fields = {
        "seed": st.integers(0, 2**16),
        "sizes": st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple),
        "inputs": st.integers(1, 2),
        "density": st.sampled_from([0.1, 0.4, 0.8, 1.0]),
        "mixed": st.booleans(),
        "aggregations": st.booleans(),
        "tangled": st.booleans(),
    }
    fields |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(Recipe, **fields)


def mlp(sizes=(4, 6, 5, 3), activation="tanh", seed=0) -> NeuronGraph:
    """A fully connected network."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("x", sizes[0], role="input")
    for index, size in enumerate(sizes[1:], 1):
        last = index == len(sizes) - 1
        name = "y" if last else f"h{index}"
        bias = rng.normal(size=size) / 4
        graph.add_population(name, size, activation="identity" if last else activation, bias=bias, is_output=last)
    names = ["x", *[f"h{i}" for i in range(1, len(sizes) - 1)], "y"]
    for u, v, a, b in zip(names[:-1], names[1:], sizes[:-1], sizes[1:], strict=True):
        graph.connect(u, v, weight=rng.normal(size=(a, b)) / a**0.5)
    graph.restart_journal()
    return graph


def graph_id(graph: NeuronGraph, u, v) -> int:
    """The id of one synapse."""
    arrays = graph.arrays()
    ends = {
        (arrays.names[int(s)], arrays.names[int(t)]): i
        for i, s, t in zip(arrays.ids, arrays.source, arrays.target, strict=True)
    }
    return int(ends[u, v])
