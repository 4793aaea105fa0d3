"""What compiling and following edits costs: seconds, and how often a fixed loop of Python would run in them.

Everything is one thread's CPU time, in turn with that loop, so that figures of a busy machine can be compared: the
ratios move little where the seconds do. "again" compiles a graph that is wired like one before; "trained" is a refresh
after a step of Adam, which brings its state along. Lines of a population are for all of its individuals.

    python -m benchmarks.following [--rounds 7] [--small]
"""

import argparse
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import compiler
from benchmarks.evolution import genome
from benchmarks.measure import clock_for, format_seconds, show, timed
from compiler.planning import kept
from neurograph.builders import mlp
from neurograph.edits import Proliferate, SplitEdge

NETWORKS = {
    "35 synapses": [4, 5, 3],
    "3,360 synapses": [32, 80, 10],
    "50,432 synapses": [64, 256, 128, 10],
    "1,861,632 synapses": [784, 1024, 1024, 10],
}
CLOCK = clock_for(1)


def loop() -> float:
    """Seconds of a fixed loop of Python."""
    return timed(lambda: sum(number & 3 for number in range(100_000)), CLOCK)[0]


class Following:
    """The seconds of one network's operations, each beside those of the loop."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[tuple[float, float]]] = {}

    def time(self, name: str, run: Callable[[], Any]) -> Any:
        """Run something, and the loop before it."""
        beside = loop()
        seconds, made = timed(run, CLOCK)
        self.seconds.setdefault(name, []).append((seconds, beside))
        return made

    def rows(self) -> list[list[str]]:
        """Medians, and the medians of the ratios."""
        found = []
        for name, pairs in self.seconds.items():
            ratio = statistics.median(seconds / beside for seconds, beside in pairs)
            found.append([name, format_seconds(statistics.median(s for s, _ in pairs)), f"{ratio:.2f}"])
        return found


def step(net: torch.nn.Module, optimizer: torch.optim.Optimizer, inputs: int) -> None:
    """One step of training."""
    optimizer.zero_grad()
    net(torch.randn(32, inputs)).square().mean().backward()
    optimizer.step()


def network(sizes: list[int], rounds: int) -> Following:
    """Compile and follow a multi-layer perceptron."""
    found, graph, rng = Following(), mlp(sizes, seed=0), np.random.default_rng(0)
    hidden, last = graph.population("hidden1"), graph.population(list(graph.populations)[2])
    for _ in range(rounds):
        kept.forget()
        net = found.time("compile", lambda: compiler.compile(graph))
        net = found.time("compile again", lambda: compiler.compile(graph))
    optimizer = torch.optim.Adam(net.parameters())
    step(net, optimizer, sizes[0])
    net.refresh(optimizer)
    for _ in range(rounds):
        u, v = hidden[int(rng.integers(len(hidden)))], last[int(rng.integers(len(last)))]
        if not graph.has_edge(u, v):
            continue
        graph.apply(SplitEdge(u, v))
        found.time("refresh after one split", lambda: net.refresh(optimizer))
        graph.undo()
        found.time("refresh after its undo", lambda: net.refresh(optimizer))
        step(net, optimizer, sizes[0])
        found.time("refresh, nothing edited, trained", lambda: net.refresh(optimizer))
        graph.apply(Proliferate("hidden1", 16, seed=int(rng.integers(2**31))))
        found.time("refresh after 16 newborns", lambda: net.refresh(optimizer))
        graph.undo()
        net.refresh(optimizer)
    return found


def population(individuals: int, rounds: int) -> Following:
    """Compile and follow irregular genomes of 100 synapses."""
    found, graphs = Following(), [genome(seed, 20, 100) for seed in range(individuals)]
    for _ in range(rounds):
        made = found.time("compile", lambda: compiler.compile_population([graph.copy() for graph in graphs]))
    made = compiler.compile_population(graphs)
    optimizer = torch.optim.Adam(made.parameters())
    step(made, optimizer, 8)
    for at in range(rounds):
        graphs[at].apply(SplitEdge(*list(graphs[at].edges)[3]))
        found.time("refresh after one split", lambda: made.refresh(optimizer))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="small networks, to try the command")
    options = parser.parse_args()
    torch.set_num_threads(1)
    columns = ["", "median", "of the loop"]
    for name, sizes in NETWORKS.items():
        if not options.small or sizes[0] < 64:
            show(name, columns, network(sizes, options.rounds).rows())
    individuals = 20 if options.small else 1000
    show(f"{individuals:,} genomes of 100 synapses", columns, population(individuals, options.rounds).rows())


if __name__ == "__main__":
    main()
