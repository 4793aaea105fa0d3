"""One program beside ours, in a process of its own: it gets a graph, and runs steps of it when it is asked to.

    PYTHON benchmarks/served_peer.py PROGRAM GRAPH.npz

where PYTHON is that of an environment in which the program is installed. Nothing of ours is imported here. The file
has `inputs`, `outputs` and `neurons`, numbers; `source` and `target`, neurons in topological order, inputs first and
outputs last; `level`, `weight`, `bias` and `x`, a batch. The first line that is printed is how many seconds it took to
make the network and to run the first step. Whoever asks then writes a number of steps on a line, and reads how many
seconds these took, of this process's own time.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def neat_python(graph: Any) -> Callable[[], Any]:
    """neat-python's feed-forward network, row by row; it has no gradients."""
    from neat.activations import identity_activation, tanh_activation  # pyright: ignore[reportMissingImports]
    from neat.nn import FeedForwardNetwork  # pyright: ignore[reportMissingImports]

    inputs, neurons = int(graph["inputs"]), int(graph["neurons"])
    ends, last = list(range(neurons - int(graph["outputs"]), neurons)), neurons - int(graph["outputs"])
    links: dict[int, list] = {neuron: [] for neuron in range(inputs, neurons)}
    for u, v, w in zip(graph["source"].tolist(), graph["target"].tolist(), graph["weight"].tolist(), strict=True):
        links[v].append((u, w))
    bias = graph["bias"].tolist()
    nodes = [
        (neuron, identity_activation if neuron >= last else tanh_activation, sum, bias[neuron], 1.0, links[neuron])
        for neuron in range(inputs, neurons)
    ]
    network, rows = FeedForwardNetwork(list(range(inputs)), ends, nodes), graph["x"].tolist()
    # neat-python's own tanh is of 2.5 times its argument, within bounds: another function, of the same cost
    return lambda: [network.activate(row) for row in rows]


def connex(graph: Any) -> Callable[[], Any]:
    """Connex's network of a DAG, compiled by JAX: forward and backward over the batch."""
    import connex as cnx  # pyright: ignore[reportMissingImports]
    import equinox as eqx  # pyright: ignore[reportMissingImports]
    import jax  # pyright: ignore[reportMissingImports]
    import networkx as nx

    inputs, neurons = int(graph["inputs"]), int(graph["neurons"])
    dag = nx.DiGraph()
    dag.add_nodes_from(range(neurons))
    dag.add_edges_from(zip(graph["source"].tolist(), graph["target"].tolist(), strict=True))
    network = cnx.NeuralNetwork(
        dag,
        list(range(inputs)),
        list(range(neurons - int(graph["outputs"]), neurons)),
        hidden_activation=jax.numpy.tanh,
        topo_sort=list(range(neurons)),
    )
    x = jax.numpy.asarray(graph["x"], jax.numpy.float32)

    @eqx.filter_jit
    @eqx.filter_grad
    def loss(network, x):
        return jax.vmap(network)(x).sum()

    return lambda: jax.block_until_ready(eqx.filter(loss(network, x), eqx.is_array))


def kpnn2(graph: Any) -> Callable[[], Any]:
    """kpnn2's layers of packed weights, one a level, put together as its documentation does: forward and backward."""
    import kpnn2 as kp  # pyright: ignore[reportMissingImports]
    import pandas as pd
    import torch

    torch.set_num_threads(1)
    names = [f"n{neuron:07d}" for neuron in range(int(graph["neurons"]))]
    ends = [[names[at] for at in graph[side].tolist()] for side in ("source", "target")]
    spec = kp.parse_layered(pd.DataFrame({"source": ends[0], "target": ends[1]}))
    layers = [kp.PackedLinear.from_hop(hop) for hop in spec.hops]
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    x = torch.from_numpy(graph["x"]).float()

    def step():
        saved = {0: x}
        for at, (hop, layer) in enumerate(zip(spec.hops, layers, strict=True), 1):
            total = layer(kp.gather_hop_inputs(saved, hop))
            saved[at] = torch.tanh(total) if at < len(layers) else total
        return torch.autograd.grad(saved[len(layers)].sum(), parameters)

    return step


PROGRAMS = {"neat-python": neat_python, "connex": connex, "kpnn2": kpnn2}


def main() -> None:
    """Make the network, then run as many steps as each line says."""
    program, path = sys.argv[1:]
    start = time.perf_counter()
    step = PROGRAMS[program](dict(np.load(path)))
    step()
    print(time.perf_counter() - start, flush=True)
    for line in sys.stdin:
        start = time.process_time()
        for _ in range(int(line)):
            step()
        print(time.process_time() - start, flush=True)


if __name__ == "__main__":
    main()
