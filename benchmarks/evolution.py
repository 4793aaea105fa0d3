"""Populations of irregular genomes: as one program, one by one, padded and batched in plain torch, and by neat-python.

    python -m benchmarks.evolution [--individuals 1000] [--synapses 100] [--rows 128] [--threads 1]

Genomes of as many neurons and synapses, each wired in its own way. "padded" is what one writes in plain torch: all
genomes as one (individuals, neurons, neurons) matrix, applied once a level of the deepest. neat-python is measured
where it is installed, on the same genomes. Breeding is mutation and crossover of graphs, without a compile.
"""

import argparse
from collections.abc import Callable
from math import tanh
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import compiler
from benchmarks.measure import clock_for, interleaved, median_ratio, timed
from benchmarks.neat_peer import config
from neurograph import NeuronGraph
from neurograph.builders import mlp
from search.evolution import (
    Evolution,
    EvolutionOptions,
    Policy,
    Species,
    crossover,
    distance,
    make_toolbox,
    mark,
    mutate,
)
from search.evolution.evaluation import Evaluator

INPUTS, OUTPUTS, ALONE = 8, 3, 20  # so many of them are measured one by one


def genome(seed: int, hidden: int, synapses: int) -> NeuronGraph:
    """A random acyclic genome of tanh neurons."""
    rng = np.random.default_rng(seed)
    graph = NeuronGraph()
    graph.add_population("in", INPUTS, role="input")
    graph.add_population("hidden", hidden, activation="tanh", bias=rng.normal(size=hidden))
    graph.add_population("out", OUTPUTS, is_output=True, bias=rng.normal(size=OUTPUTS))
    u, v = np.triu_indices(INPUTS + hidden + OUTPUTS, 1)
    possible = np.flatnonzero((v >= INPUTS) & (u < INPUTS + hidden))
    chosen = np.sort(rng.choice(possible, synapses, replace=False))
    names = list(graph)
    weights = rng.normal(size=synapses) / 2
    graph.add_weighted_edges_from(
        zip([names[i] for i in u[chosen]], [names[i] for i in v[chosen]], weights, strict=True)
    )
    graph.restart_journal()
    mark(graph)
    graph.restart_journal()
    return graph


class Padded(torch.nn.Module):
    """All genomes as one batch of matrices, applied once a level."""

    def __init__(self, graphs: list[NeuronGraph]) -> None:
        super().__init__()
        many, size = len(graphs), len(graphs[0])
        weight, bias, tanh = np.zeros((many, size, size)), np.zeros((many, 1, size)), np.zeros((many, 1, size), bool)
        depth = 0
        for at, graph in enumerate(graphs):
            arrays = graph.arrays()
            place = arrays.keys  # inputs first, outputs last
            weight[at, place[arrays.source], place[arrays.target]] = arrays.weight
            bias[at, 0, place] = np.nan_to_num(arrays.values["bias"])
            tanh[at, 0, place] = arrays.each_kind("activation") == "tanh"
            depth = max(depth, int(arrays.level.max()))
        self.weight = torch.nn.Parameter(torch.from_numpy(weight).float())
        self.bias = torch.nn.Parameter(torch.from_numpy(bias).float())
        self.register_buffer("mask", torch.from_numpy(weight != 0))
        self.register_buffer("tanh", torch.from_numpy(tanh))
        self.depth = depth

    def forward(self, x: Tensor) -> Tensor:
        weight, many = self.weight * self.mask, len(self.weight)
        value = torch.nn.functional.pad(x, (0, weight.shape[1] - INPUTS)).expand(many, -1, -1)
        inputs = value[..., :INPUTS]
        for _ in range(self.depth):
            found = torch.baddbmm(self.bias, value, weight)
            found = torch.where(self.tanh, found.tanh(), found)
            value = torch.cat([inputs, found[..., INPUTS:]], -1)
        return value[..., -OUTPUTS:]


def of_neat(graph: NeuronGraph) -> Any:
    """The same genome as neat-python runs it; None where that is not installed."""
    try:
        import neat
    except ImportError:
        return None
    arrays = graph.arrays()
    ids = [int(key) - INPUTS if key < INPUTS else int(key) for key in arrays.keys]  # neat's inputs are below zero
    evals = []
    for at in range(INPUTS, len(arrays)):
        links = [(ids[s], float(w)) for s, w in zip(*_into(arrays, at), strict=True)]
        function = tanh if arrays.kinds[arrays.kind[at]].activation == "tanh" else float
        evals.append((ids[at], function, sum, float(arrays.values["bias"][at]), 1.0, links))
    outputs = [ids[at] for at in np.argsort(arrays.keys)[-OUTPUTS:]]
    return neat.nn.FeedForwardNetwork(sorted(ids)[:INPUTS], outputs, evals)


def _into(arrays: Any, at: int) -> tuple[list[int], list[float]]:
    mine = arrays.target == at
    return arrays.source[mine].tolist(), arrays.weight[mine].tolist()


def step(network: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Forward and backward of the sum of everyone's loss."""
    network(x).square().mean((-2, -1)).sum().backward()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (
        ("individuals", 1000),
        ("hidden", 25),
        ("synapses", 100),
        ("rows", 128),
        ("threads", 1),
        ("rounds", 7),
        ("population", 150),
    ):
        parser.add_argument(f"--{name}", type=int, default=value)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    clock, console = clock_for(told.threads), Console()
    graphs = [genome(seed, told.hidden, told.synapses) for seed in range(told.individuals)]
    x = torch.randn(told.rows, INPUTS)
    compiling(console, graphs, told, clock)
    running(console, graphs, x, told, clock)
    breeding(console, graphs, told, clock)
    for rows in dict.fromkeys((told.rows, 4096)):
        generations(console, rows, told.population, told.rounds, clock)


def compiling(console: Console, graphs: list[NeuronGraph], told: Any, clock: Callable[[], float]) -> None:
    """Compiling and refreshing them."""
    few = [[graph.copy() for graph in graphs[:ALONE]] for _ in range(told.rounds)]
    all_ = [[graph.copy() for graph in graphs] for _ in range(told.rounds)]
    variants = {
        "population": lambda: compiler.compile_population(all_.pop(), batch_size=told.rows),
        "one by one": lambda: [compiler.compile(graph, batch_size=told.rows) for graph in few.pop()],
    }
    seconds = interleaved(variants, told.rounds, clock=clock)
    whole = np.median(seconds["population"]) * 1e3
    ratio = 1 / median_ratio(seconds, "population", "one by one") * told.individuals / ALONE
    what = f"compile {told.individuals} of {told.synapses} synapses"
    console.print(f"{what}: {whole:.0f} ms, {ratio:.0f} times as fast as one by one")
    population = compiler.compile_population([graph.copy() for graph in graphs], batch_size=told.rows)
    name = population.graphs[0].population("out")[0]
    population.graphs[0].remove_edge(next(iter(population.graphs[0].pred[name])), name)
    taken, _ = timed(population.refresh, clock)
    console.print(f"refresh after one edit: {taken * 1e3:.0f} ms")


def running(console: Console, graphs: list[NeuronGraph], x: Tensor, told: Any, clock: Callable[[], float]) -> None:
    """Evaluating and training them."""
    population = compiler.compile_population([graph.copy() for graph in graphs], batch_size=told.rows)
    padded, alone = Padded(graphs), [compiler.compile(graph.copy(), batch_size=told.rows) for graph in graphs[:ALONE]]
    torch.testing.assert_close(population(x), padded(x), rtol=1e-3, atol=1e-3)
    neats, rows = [net for graph in graphs[:3] if (net := of_neat(graph))], x.tolist()
    variants: dict[str, Callable[[], Any]] = {
        "population": lambda: population(x),
        "padded": lambda: padded(x),
        "one by one": lambda: [net(x) for net in alone],
    }

    def by_neat() -> list:
        return [[net.activate(row) for row in rows] for net in neats]

    if neats:
        torch.testing.assert_close(torch.tensor(by_neat()), population(x)[:3], rtol=1e-3, atol=1e-3)
        variants["neat-python"] = by_neat
    scale = {"one by one": told.individuals / ALONE, "neat-python": told.individuals / 3}
    table = Table("", "population", *(f"{name} takes" for name in variants if name != "population"))
    with torch.no_grad():
        table.add_row(*_row("evaluation", interleaved(variants, told.rounds, clock=clock), scale))
    variants.pop("neat-python", None)
    trained = {"population": population, "padded": padded}
    steps = {name: (lambda net=net: step(net, x)) for name, net in trained.items()}
    steps["one by one"] = lambda: [step(net, x) for net in alone]
    table.add_row(*_row("forward and backward", interleaved(steps, told.rounds, clock=clock), scale))
    console.print(table)
    if neats:
        fresh = [[graph.copy() for graph in graphs] for _ in range(told.rounds)]
        both = {
            "population": lambda: compiler.compile_population(fresh.pop(), batch_size=told.rows)(x),
            "neat-python": by_neat,
        }
        with torch.no_grad():
            ratio = median_ratio(interleaved(both, told.rounds, clock=clock), "neat-python", "population")
        console.print(f"neat-python's evaluation takes {ratio * scale['neat-python']:.1f} times compile and evaluation")


def _row(what: str, seconds: dict[str, list[float]], scale: dict[str, float]) -> list[str]:
    others = [
        f"{median_ratio(seconds, name, 'population') * scale.get(name, 1.0):.1f} times" for name in list(seconds)[1:]
    ]
    return [what, f"{np.median(seconds['population']) * 1e3:.2f} ms", *others]


def breeding(console: Console, graphs: list[NeuronGraph], told: Any, clock: Callable[[], float]) -> None:
    """Making children."""
    rng, (a, b) = np.random.default_rng(0), graphs[:2]
    policy = Policy(connect=0.1, split=0.05)
    variants = {
        "copy": lambda: a.copy(),
        "crossover": lambda: crossover(a, b, rng),
        "distance": lambda: distance(a, b),
        "copy and mutate": lambda: mutate(a.copy(), rng, policy),
    }
    seconds = interleaved(variants, 20 * told.rounds, clock=clock)
    search = Evolution([a, b], EvolutionOptions(150))

    def breed() -> float:
        for one in search.ask():
            one.score((float(search.rng.random()),))
        return timed(search.tell, clock)[0]

    console.print(f"breeding 150: {np.median([breed() for _ in range(told.rounds)]) * 1e3:.0f} ms")
    console.print(", ".join(f"{name} {np.median(taken) * 1e3:.2f} ms" for name, taken in seconds.items()))


def generations(console: Console, rows: int, many: int, rounds: int, clock: Callable[[], float]) -> None:
    """Whole generations, selection and breeding included, beside neat-python's, both begun fully connected."""
    x = torch.randn(rows, INPUTS)
    y = torch.randn(rows, OUTPUTS)
    policy = Policy(connect=0.5, split=0.2, cut=0.3, remove=0.1, perturb=0.8)
    toolbox = make_toolbox(policy)
    toolbox.register("select", Species(threshold=1.0))
    options = EvolutionOptions(many, objectives={"error": -1.0}, elite=2, crossover=0.75)
    search = Evolution(lambda rng: mlp([INPUTS, OUTPUTS], seed=int(rng.integers(2**31))), options, toolbox)
    evaluator = Evaluator(lambda one, net: (net(x) - y).square().mean())

    def generation() -> None:
        evaluator(search.ask(), search.rng)
        search.tell()

    variants: dict[str, Callable[[], Any]] = {"here": generation}
    try:
        import neat
    except ImportError:
        neat = None
    if neat is not None:
        peer = neat.Population(config(neat, population=many, inputs=INPUTS, outputs=OUTPUTS, activation="tanh"))
        pairs = list(zip(x.tolist(), y.tolist(), strict=True))

        def score(genomes: list, settings: Any) -> None:
            for _, genome in genomes:
                net = neat.nn.FeedForwardNetwork.create(genome, settings)
                found = ((a - b) ** 2 for row, wanted in pairs for a, b in zip(net.activate(row), wanted, strict=True))
                genome.fitness = -sum(found) / (rows * OUTPUTS)

        variants["neat-python"] = lambda: peer.run(score, 1)
    seconds = interleaved(variants, rounds, clock=clock)
    sizes = [one.graph.number_of_edges() for one in search.population]
    line = (
        f"a generation of {many}, {rows} rows: {np.median(seconds['here']) * 1e3:.0f} ms ({np.mean(sizes):.0f} synapses"
    )
    if neat is not None:
        theirs = np.mean([sum(g.enabled for g in one.connections.values()) for one in peer.population.values()])
        ratio = median_ratio(seconds, "neat-python", "here")
        line += f"), neat-python's takes {ratio:.1f} times ({theirs:.0f} synapses"
    console.print(line + ")")


if __name__ == "__main__":
    main()
