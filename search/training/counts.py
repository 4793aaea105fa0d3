"""How large a network is: neurons per population and trained parameters, asked of the graph where there is one."""

from torch import nn

from neurograph.builders import parameter_count as of_graph


def neurons_per_population(net: nn.Module) -> dict[str, int]:
    """Population -> number of neurons, in the graph's order; empty for a module that has no graph."""
    graph = getattr(net, "graph", None)
    return {} if graph is None else {name: len(neurons) for name, neurons in graph.populations.items()}


def parameter_count(net: nn.Module) -> int:
    """How many numbers are trained.

    A compiled network's Parameters may hold more slots than there are synapses (a dense layer over sparse wiring), so
    where there is a graph its trainable synapses and neurons are counted instead.
    """
    graph = getattr(net, "graph", None)
    if graph is None:
        return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)
    return of_graph(graph)
