"""A compiled 784-1024-1024-10 MLP against the same `nn.Sequential`: a whole training step, all checks on.

Both hold the same weights and see the same batches. Each round runs a few steps of one, then of the other, in turn;
the table gives medians and the median of the rounds' ratios. Then what compiling and refreshing cost. On one thread the
clock is CPU time, which a busy machine disturbs little; on more it is wall time.

    python -m benchmarks.training [--seconds 4] [--threads 1] [--small]
"""

import argparse
import itertools
import statistics

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import compiler
from benchmarks.measure import clock_for, format_seconds, interleaved, median_ratio, show, timed
from neurograph.builders import mlp, random_field
from neurograph.edits import Proliferate, SplitEdge
from search.growth.metabolism import MetabolizeOptions, growing_populations

BATCHES = (1, 8, 32, 256, 1024)
OPTIMIZERS = {
    "SGD, momentum": lambda parameters: torch.optim.SGD(parameters, lr=1e-3, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-4),
}


def sequential(graph, sizes: list[int]) -> nn.Sequential:
    """The same network by hand, with the graph's weights."""
    layers: list[nn.Module] = []
    names = list(graph.populations)
    for at, (a, b) in enumerate(itertools.pairwise(names)):
        linear = nn.Linear(sizes[at], sizes[at + 1])
        weight = [[graph[u][v]["weight"] for u in graph.population(a)] for v in graph.population(b)]
        bias = [graph.nodes[v]["bias"] for v in graph.population(b)]
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weight))
            linear.bias.copy_(torch.tensor(bias))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def stepper(net: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, steps: int):
    """A function that trains a few steps."""

    def run() -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()

    return run


def compare(sizes: list[int], name: str, batch: int, seconds: float, clock) -> list[str]:
    """One row of the table."""
    torch.manual_seed(0)
    graph = mlp(sizes, seed=0)
    nets = {"ours": compiler.compile(graph, batch_size=batch), "nn.Sequential": sequential(graph, sizes)}
    x, y = torch.randn(batch, sizes[0]), torch.randint(sizes[-1], (batch,))
    assert torch.allclose(nets["ours"](x), nets["nn.Sequential"](x), atol=1e-4)
    optimizers = {k: OPTIMIZERS[name](net.parameters()) for k, net in nets.items()}
    warm = stepper(nets["nn.Sequential"], optimizers["nn.Sequential"], x, y, 3)
    warm()
    started = clock()
    warm()
    each = (clock() - started) / 3
    steps = max(1, int(0.01 / each))
    rounds = max(15, int(seconds / (2 * steps * each)))
    runs = {k: stepper(net, optimizers[k], x, y, steps) for k, net in nets.items()}
    spent = interleaved(runs, rounds, clock=clock)
    medians = [format_seconds(statistics.median(spent[k]) / steps) for k in ("nn.Sequential", "ours")]
    return [f"{name}, batch {batch}", *medians, f"{median_ratio(spent, 'ours', 'nn.Sequential'):.3f}", str(rounds)]


def costs(graph, population: str, rounds: int, clock) -> list[list[str]]:
    """What compiling and refreshing a graph cost, beside one training step."""
    rng = np.random.default_rng(0)
    compiled = [timed(lambda: compiler.compile(graph, batch_size=256), clock) for _ in range(rounds)]
    net = compiled[-1][1]
    optimizer = torch.optim.Adam(net.parameters())
    width = sum(graph.nodes[n]["role"] == "input" for n in graph)
    x = torch.randn(256, width)

    def step() -> None:
        optimizer.zero_grad()
        net(x).square().mean().backward()
        optimizer.step()

    step()
    steps = [timed(step, clock)[0] for _ in range(rounds)]
    refreshes: dict[str, list[float]] = {"nothing": [], "one split synapse": [], "64 newborns": []}
    for _ in range(rounds):
        refreshes["nothing"].append(timed(lambda: net.refresh(optimizer), clock)[0])
        edges = list(graph.edges)
        graph.apply(SplitEdge(*edges[int(rng.integers(len(edges)))]))
        refreshes["one split synapse"].append(timed(lambda: net.refresh(optimizer), clock)[0])
        graph.apply(Proliferate(population, 64, seed=int(rng.integers(2**31))))
        refreshes["64 newborns"].append(timed(lambda: net.refresh(optimizer), clock)[0])
        step()
    rows = [
        ["compile", format_seconds(statistics.median(s for s, _ in compiled))],
        ["training step, batch 256", format_seconds(statistics.median(steps))],
    ]
    return rows + [[f"refresh after {what}", format_seconds(statistics.median(s))] for what, s in refreshes.items()]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="a small network, to try the command")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clock = clock_for(options.threads)
    sizes = [64, 32, 32, 10] if options.small else [784, 1024, 1024, 10]
    rows = [compare(sizes, name, batch, options.seconds, clock) for name in OPTIMIZERS for batch in BATCHES]
    title = f"training step, {'-'.join(map(str, sizes))}, {options.threads} thread(s)"
    show(title, ["", "nn.Sequential", "compiled", "ratio", "rounds"], rows)
    show(f"{'-'.join(map(str, sizes))}", ["", "median"], costs(mlp(sizes, seed=0), "hidden1", 5, clock))
    field = random_field(500 if options.small else 10_000, 16, 20, seed=0)
    show(
        f"random field, {field.number_of_edges():,} synapses, 20 levels",
        ["", "median"],
        costs(field, _inner(field), 3, clock),
    )


def _inner(graph) -> str:
    """A population that may proliferate."""
    return growing_populations(graph, MetabolizeOptions())[0]


if __name__ == "__main__":
    main()
