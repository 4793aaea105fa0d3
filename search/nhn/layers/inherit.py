"""The winner as a graph: a macro network with the weights that the supernet trained for its path."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from neurograph import NeuronGraph
from neurograph.errors import OptionError

from .space import Genes
from .supernet import Supernet, SupernetStep


def inherit(net: Supernet, genes: Genes, batches: Iterable[Tensor]) -> NeuronGraph:
    """The macro network of some genes with the supernet's weights and norms.

    In train mode the compiled graph computes what the path does. For eval mode, running means and variances are the
    averages of those the path takes over the given batches.

    Parameters
    ----------
    net
        A trained supernet.
    genes
        Which network.
    batches
        (n, inputs, image, image) each, at least one; some thousand examples they have been trained on.

    Returns
    -------
    graph : NeuronGraph
        Its journal starts here.

    Raises
    ------
    OptionError
        No batches.
    """
    graph = net.space.graph(genes, initializer="zeros")
    steps = net.path(genes)
    statistics = _statistics(net, genes, steps, batches)
    with graph.atomic():
        for step in steps:
            if step.module.wiring != "none":
                _write_weights(graph, step)
            keys = graph.population_keys(step.name)
            norm: Any = getattr(step.module, "norm", None)
            if norm is not None:
                mean, variance = statistics[step.name]
                own = {"gamma": norm.weight, "beta": norm.bias, "running_mean": mean, "running_var": variance}
                for field, values in own.items():
                    graph.write_values(field, keys, _numbers(values))
        graph.write_values("bias", graph.population_keys("output"), _numbers(net.output.bias))
    graph.restart_journal()
    return graph


def _numbers(values: Tensor) -> np.ndarray:
    return values.detach().double().cpu().numpy()


def _write_weights(graph: NeuronGraph, step: SupernetStep) -> None:
    weights = _numbers(step.weights())
    targets = graph.population_keys(step.name)
    sources = np.concatenate([graph.population_keys(name) for name in step.sources])
    if step.module.wiring == "own":
        u, v, weights = sources, targets, weights[:, 0]
    else:
        v, place = (grid.ravel() for grid in np.meshgrid(targets, np.arange(len(sources)), indexing="ij"))
        u, weights = sources[place], weights.reshape(-1, *weights.shape[2:])
        if step.module.wiring == "halves":
            between = graph.population_keys(f"{step.name}.between")
            u = np.where(v >= targets[len(targets) // 2], between[place], u)
    table = graph.table
    graph.write_weights(table.id[table.find_many(u, v)].astype(np.int64), weights)


def _statistics(
    net: Supernet, genes: Genes, steps: list[SupernetStep], batches: Iterable[Tensor]
) -> dict[str, tuple[Tensor, Tensor]]:
    """Mean and unbiased variance of what goes into each norm of a path, averaged over batches."""
    sums: dict[str, Tensor] = {}

    def watch(name: str):
        def add(norm: nn.Module, given: tuple[Tensor]) -> None:
            variance, mean = torch.var_mean(given[0].double(), (0, 2, 3))
            sums[name] = sums.get(name, 0) + torch.stack([mean, variance])

        return add

    norms: dict[str, Any] = {step.name: step.module.norm for step in steps if hasattr(step.module, "norm")}
    hooks = [norm.register_forward_pre_hook(watch(name)) for name, norm in norms.items()]
    count = 0
    try:
        with torch.no_grad():
            for x in batches:
                net(x, genes)
                count += 1
    finally:
        for hook in hooks:
            hook.remove()
    if not count:
        raise OptionError("inheriting needs batches to take running means and variances over: give at least one")
    return {name: (total[0] / count, total[1] / count) for name, total in sums.items()}
