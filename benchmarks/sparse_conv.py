"""Convolutions of 3 x 3 in which some pairs of channels are joined: compiled networks, forward and backward.

Each layer runs masked dense (`conv`) and by the native kernel (`conv_sparse`), in turn, in both memory formats; times
are medians, ratios medians of the rounds' ratios. The last column is what the cost model of this machine chooses.

    python -m benchmarks.sparse_conv [--seconds 3] [--threads 1] [--small]
"""

import argparse
import statistics
import time

import numpy as np
import torch

import compiler
from benchmarks.measure import clock_for, format_seconds, interleaved, median_ratio, show
from benchmarks.sparse import passes
from neurograph import NeuronGraph

LAYERS = ((64, 32), (128, 16), (256, 8), (512, 4))  # channels, side of a map
DENSITIES = (0.05, 0.1, 0.2, 0.3, 0.5)
LAYOUTS = {"NCHW": torch.contiguous_format, "NHWC": torch.channels_last}


def layer(channels: int, side: int, density: float) -> NeuronGraph:
    """Two populations of maps, pairs joined at random by kernels of 3 x 3."""
    rng, graph = np.random.default_rng(0), NeuronGraph()
    x = graph.add_population("x", channels, role="input", shape=(side, side))
    y = graph.add_population("y", channels, shape=(side, side), is_output=True, bias=0.0)
    source, target = np.nonzero(rng.random((channels, channels)) < density)
    weight = rng.normal(size=(len(source), 3, 3)) / (9 * density * channels) ** 0.5
    graph.add_edges_from_arrays(np.array(x)[source], np.array(y)[target], weight=weight, padding=(1, 1))
    return graph


def row(channels: int, side: int, density: float, batch: int, layout: str, seconds: float, threads: int) -> list[str]:
    """One row of the table."""
    graph = layer(channels, side, density)
    x = torch.randn(batch, channels, side, side).contiguous(memory_format=LAYOUTS[layout]).requires_grad_()
    gradient = torch.randn(batch, channels, side, side).contiguous(memory_format=LAYOUTS[layout])
    ways = {}
    for name in ("conv", "conv_sparse"):
        net = compiler.compile(graph.copy(), lowering=name, batch_size=batch).to(memory_format=LAYOUTS[layout])
        ways[name] = passes(net, x, gradient)
    for run in ways.values():
        run()
    start = time.perf_counter()
    for run in ways.values():
        run()
    rounds = max(5, min(50, int(seconds / (time.perf_counter() - start))))
    spent = interleaved(ways, rounds, clock=clock_for(threads))
    medians = [format_seconds(statistics.median(spent[name])) for name in ways]
    chosen = compiler.compile(graph, batch_size=batch).program.stages[-1].products[0].lowering
    title = f"{channels} of {side} x {side}, density {density:g}, {layout}"
    return [title, *medians, f"{median_ratio(spent, 'conv_sparse', 'conv'):.2f}", chosen]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--small", action="store_true", help="one small layer, to try the command")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sizes = ((8, 8),) if options.small else LAYERS
    rows = [
        row(channels, side, density, options.batch, layout, options.seconds, options.threads)
        for channels, side in sizes
        for density in DENSITIES
        for layout in LAYOUTS
    ]
    title = f"3 x 3 convolutions, batch {options.batch}, {options.threads} thread(s)"
    show(title, ["channels", "masked", "sparse", "ratio", "chosen"], rows)


if __name__ == "__main__":
    main()
