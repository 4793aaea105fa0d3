"""What the cost model's choices cost: layers of many sizes, densities and batches, each in every way that it can run.

The regret of a choice is how much longer it takes than the fastest way, a forward and a backward pass. It is given for
the figures of this machine, which are measured first if they were not, and for the shipped ones. Each round runs every
way in turn, several steps of each, as a training run does; times are those of the shortest round, since what disturbs
only ever adds. oneDNN's way is left out where it runs as the dense one does. All of it takes about two minutes.

    python -m benchmarks.regret [--seconds 0.4] [--threads 1] [--small]
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np
import torch

import compiler
from benchmarks.measure import clock_for, format_seconds, interleaved, show, timed
from benchmarks.sparse import passes, random_layer, shuffled_blocks
from compiler.lowering import REGISTRY
from compiler.lowering.onednn import LEAST
from compiler.lowering.rates import Calibration
from compiler.planning.calibration import of_this_machine
from compiler.planning.cost import CPU
from neurograph import NeuronGraph
from neurograph.errors import CompileError

SIZES = (64, 256, 1024)
DENSITIES = (0.01, 0.05, 0.1, 0.3, 1.0)
BLOCKS = (8, 64)
BATCHES = (1, 32, 256)
TURN = 1e-3  # seconds, at least, of a way in a round


def layers(sizes: tuple[int, ...]) -> Iterator[tuple[str, NeuronGraph]]:
    """Layers of equal width at both ends, in words and as graphs."""
    for size in sizes:
        for density in DENSITIES:
            yield f"{size}, density {density:g}", random_layer(size, density)
        for many in BLOCKS:
            yield f"{size}, {many} blocks", shuffled_blocks(size, many)


def chosen(graph: NeuronGraph, batch: int, figures: Calibration) -> str:
    """The lowering that these figures choose for a layer."""
    return compiler.compile(graph, batch_size=batch, calibration=figures).program.stages[-1].products[0].lowering


def seconds_of(graph: NeuronGraph, batch: int, seconds: float, threads: int) -> dict[str, float]:
    """Seconds of a step in each way that can run a layer."""
    ways = {}
    width = sum(graph.nodes[name]["role"] == "input" for name in graph)
    for name in REGISTRY:
        if name == "onednn" and batch < LEAST:
            continue
        try:
            net = compiler.compile(graph, batch_size=batch, lowering=name)
        except CompileError:
            continue
        x = torch.randn(batch, width).requires_grad_()
        ways[name] = passes(net.train(), x, torch.randn(batch, net(x).shape[1]))
        graph = graph.copy()
    clock = clock_for(threads)
    steps = {}
    for name, run in ways.items():
        run()
        steps[name] = max(1, min(20, round(TURN / timed(run, clock)[0])))
    turns = {name: lambda run=run, many=steps[name]: [run() for _ in range(many)] for name, run in ways.items()}
    start = time.perf_counter()
    for turn in turns.values():
        turn()
    rounds = max(7, min(50, int(seconds / (time.perf_counter() - start))))
    spent = interleaved(turns, rounds, clock=clock)
    return {name: min(found) / steps[name] for name, found in spent.items()}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.4, help="per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="one size, to try the command")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures = {"measured": of_this_machine(), "shipped": CPU}
    rows, regrets = [], {name: [] for name in figures}
    for words, graph in layers(SIZES[:1] if options.small else SIZES):
        for batch in BATCHES:
            spent = seconds_of(graph.copy(), batch, options.seconds, options.threads)
            best = min(spent, key=spent.__getitem__)
            row = [f"{words}, batch {batch}", best, format_seconds(spent[best])]
            for name, own in figures.items():
                pick = chosen(graph.copy(), batch, own)
                pick = "dense" if pick == "onednn" and batch < LEAST else pick
                regrets[name].append(spent[pick] / spent[best] - 1)
                row += [pick, f"{regrets[name][-1]:.0%}"]
            rows.append(row)
    show(
        f"{options.threads} thread(s)", ["layer", "fastest", "seconds", "measured", "regret", "shipped", "regret"], rows
    )
    summary = [[name, f"{np.mean(found):.1%}", f"{max(found):.0%}"] for name, found in regrets.items()]
    show("regret", ["figures", "mean", "worst"], summary)


if __name__ == "__main__":
    main()
