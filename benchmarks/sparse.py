"""One layer, forward and backward, in every way it can run: dense, sparse (PyTorch's own CSR), torch-sparse, grouped.

The first table is a random wiring at several densities and batches, the second equal disjoint blocks whose neurons are
shuffled. Each round runs every way in turn; the tables give medians and, in brackets, what the cost model predicts.
torch-sparse has a column where it is installed (`make test-torch-sparse`).

    python -m benchmarks.sparse [--seconds 2] [--threads 1] [--small]
"""

import argparse
import statistics
import time

import numpy as np
import torch

import compiler
from benchmarks.measure import format_seconds, interleaved, show
from compiler.lowering import REGISTRY
from compiler.lowering.spec import BundleSpec
from compiler.planning.cost import CPU
from neurograph import NeuronGraph
from neurograph.errors import CompileError

DENSITIES = (0.001, 0.01, 0.05, 0.1, 0.3)
BATCHES = (1, 32, 256)
BLOCKS = (4, 16, 64, 256)


def layer(size: int, sources: np.ndarray, targets: np.ndarray, seed: int) -> NeuronGraph:
    """Two populations of one size, joined at these places."""
    graph = NeuronGraph()
    x, y = graph.add_population("x", size, role="input"), graph.add_population("y", size, is_output=True)
    weight = np.random.default_rng(seed).normal(size=len(sources)) / size**0.5
    graph.add_edges_from_arrays(np.array(x)[sources], np.array(y)[targets], weight=weight)
    return graph


def random_layer(size: int, density: float, seed: int = 0) -> NeuronGraph:
    """Synapses anywhere."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(size * size, int(density * size * size), replace=False))
    return layer(size, chosen % size, chosen // size, seed)


def shuffled_blocks(size: int, many: int, seed: int = 0) -> NeuronGraph:
    """Equal disjoint blocks among shuffled neurons."""
    rng = np.random.default_rng(seed)
    columns, rows = (rng.permutation(size).reshape(many, -1) for _ in range(2))
    wide = size // many
    return layer(size, np.tile(columns, (1, wide)).ravel(), np.repeat(rows, wide, axis=1).ravel(), seed)


def passes(net, x: torch.Tensor, gradient: torch.Tensor):
    """One forward and backward, the gradient of the input included."""
    parameters = [x, *net.parameters()]

    def run() -> None:
        torch.autograd.grad(net(x), parameters, gradient)

    return run


def compare(graph: NeuronGraph, batch: int, seconds: float, names: list[str]) -> tuple[dict[str, float], str]:
    """Median seconds of each way, and the one the cost model takes."""
    width = len(graph.population("x"))
    x = torch.randn(batch, width, requires_grad=True)
    gradient, runs = torch.randn(batch, width), {}
    for name in names:
        try:
            runs[name] = passes(compiler.compile(graph, lowering=name, batch_size=batch), x, gradient)
        except CompileError:  # no blocks, or the package is not there
            continue
    started = time.perf_counter()
    for run in runs.values():
        run()
        run()
    rounds = max(9, int(2 * seconds / (time.perf_counter() - started)))
    spent = interleaved(runs, min(rounds, 400))
    chosen = compiler.compile(graph, batch_size=batch).program.stages[0].products[0].lowering
    return {name: statistics.median(found) for name, found in spent.items()}, chosen


def predicted(graph: NeuronGraph, batch: int, name: str, groups: int) -> float:
    """What the cost model says."""
    width = len(graph.population("x"))
    spec = BundleSpec(width, width, graph.number_of_edges(), batch, False, "sum", "float32", "cpu", groups)
    return float(REGISTRY[name].cost(spec, CPU))


def row(title: str, graph: NeuronGraph, batch: int, seconds: float, names: list[str], groups: int = 1) -> list[str]:
    """One row of a table."""
    found, chosen = compare(graph, batch, seconds, names)
    cells = [
        f"{format_seconds(found[name])} ({format_seconds(predicted(graph, batch, name, groups))})"
        if name in found
        else "-"
        for name in names
    ]
    return [title, *cells, chosen]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="a small layer, to try the command")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = 256 if options.small else 1024
    names = ["dense", "sparse", "torch_sparse"]
    rows = [
        row(f"density {density:g}, batch {batch}", random_layer(size, density), batch, options.seconds, names)
        for density in DENSITIES
        for batch in BATCHES
    ]
    head = f"{size} x {size}, {options.threads} thread(s): median (predicted)"
    show(head, ["random wiring", *names, "chosen"], rows)
    names = ["dense", "sparse", "grouped"]
    rows = [
        row(f"{many} blocks, batch {batch}", shuffled_blocks(size, many), batch, options.seconds, names, many)
        for many in BLOCKS
        for batch in BATCHES
    ]
    show(head, ["disjoint blocks, shuffled", *names, "chosen"], rows)


if __name__ == "__main__":
    main()
