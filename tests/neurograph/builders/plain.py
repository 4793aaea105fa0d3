"""Graphs that builders make, run again as the torch calls anyone would write, with weights read off the graph."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from compiler import reference
from neurograph import NeuronGraph


def kernels(graph: NeuronGraph, source: str | list, target: str) -> Tensor:
    """(targets, sources, ...) weights between two populations."""
    sources = graph.population(source) if isinstance(source, str) else source
    found = [[graph[u][v]["weight"] for u in sources] for v in graph.population(target)]
    return torch.tensor(np.array(found))


def own(graph: NeuronGraph, source: str, target: str) -> Tensor:
    """(targets, 1, ...) weights from the source at the same place."""
    pairs = zip(graph.population(source), graph.population(target), strict=True)
    return torch.tensor(np.array([graph[u][v]["weight"] for u, v in pairs]))[:, None]


def value(graph: NeuronGraph, field: str, population: str) -> Tensor:
    return torch.tensor([graph.nodes[name][field] for name in graph.population(population)], dtype=torch.float64)


def shaken(graph: NeuronGraph, seed: int = 0) -> NeuronGraph:
    """The graph with random biases, norms and statistics, so that none of them can be forgotten unseen."""
    rng = np.random.default_rng(seed)
    keys = graph.arrays().keys
    for field in ("bias", "gamma", "beta", "running_mean", "running_var"):
        have = keys[~np.isnan(graph.read_values(field, keys))]
        graph.write_values(field, have, rng.uniform(0.5, 1.5, len(have)) - (field in ("bias", "beta", "running_mean")))
    return graph


def conv(graph: NeuronGraph, source: str, target: str, x: Tensor, **options) -> Tensor:
    return F.conv2d(x, kernels(graph, source, target), value(graph, "bias", target), **options)


def linear(graph: NeuronGraph, source: str, target: str, x: Tensor) -> Tensor:
    return F.linear(x.flatten(1), kernels(graph, source, target).flatten(1), value(graph, "bias", target))


def norm(graph: NeuronGraph, population: str, x: Tensor) -> Tensor:
    mean, var, gamma, beta = (
        value(graph, field, population) for field in ("running_mean", "running_var", "gamma", "beta")
    )
    return F.batch_norm(x, mean, var, gamma, beta, eps=1e-5)


def images(graph: NeuronGraph, count: int = 2) -> Tensor:
    names = graph.population("input")
    generator = torch.Generator().manual_seed(3)
    shape = graph.nodes[names[0]]["shape"]
    return torch.randn((count, len(names), *shape), generator=generator, dtype=torch.float64)


def out(graph: NeuronGraph, x: Tensor) -> Tensor:
    return reference(graph, x).outputs[0]
