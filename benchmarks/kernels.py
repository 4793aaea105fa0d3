"""The native kernels beside what PyTorch offers, forward and backward: a sparse layer, and a field of neurons.

The first table is a layer of 1024 x 1024 at several densities and batches: `torch.sparse.mm`, the dense product by MKL
and by oneDNN, and the kernel with values laid out row by row and neuron by neuron; then how many times as fast as
`torch.sparse.mm` the kernel is, and its share of the dense times. The second is a random field of 10,000 neurons with
16 synapses each: the kernel in one walk, and a compiled network of the same graph, against products level by level,
each a gather with a backward pass of its own, and against 16 bytes a synapse and row at the rate at which a thread here
reads lines of its second-level cache, in order (printed), and at 277 GB/s, which is what one machine gave.
The third is the kernel on fields of 10^4 to 10^7 synapses: its time a synapse and row of the batch, and the bytes that
a synapse takes, its wiring in both directions, its weight and its gradient.
Each round runs every way in turn, several steps of each, so that it finds in the cache what it has left there; times
are medians, ratios medians of the rounds' ratios.

    python -m benchmarks.kernels [--seconds 2] [--threads 1] [--fields] [--scale] [--small]
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F

import compiler
from benchmarks.measure import clock_for, format_seconds, interleaved, median_ratio, show, timed
from compiler.lowering.kernels import instruction_set
from compiler.lowering.kernels.field import CODES, FieldWiring, run_field
from compiler.lowering.kernels.readers import readers_of
from compiler.lowering.kernels.sparse import Wiring, multiply
from compiler.lowering.onednn import _Product as OneDNN
from compiler.lowering.onednn import available
from neurograph import NeuronGraph
from neurograph.builders import random_field

DENSITIES = (0.001, 0.01, 0.05, 0.1, 0.3)
BATCHES = (1, 32, 256, 1024)
LEVELS = (20, 100, 500)
FIELD_BATCHES = (1, 64, 256)
FAN_IN = 16
FAST = 277e9  # bytes a second and thread: the second-level cache of the fastest machine seen
SCALES = (10**4, 10**5, 10**6, 10**7)  # synapses
TURN = 1.5e-3  # seconds, at least, of a way in a round
CACHED = 1 << 19  # bytes that stay in a second-level cache


def starts(places: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(places, minlength=count))])


def random_wiring(size: int, density: float) -> tuple[Wiring, np.ndarray]:
    """Synapses anywhere in a square layer, and their slots in a dense matrix."""
    rng = np.random.default_rng(0)
    slots = np.sort(rng.choice(size * size, int(density * size * size), replace=False))
    row, column = slots // size, slots % size
    order = np.argsort(column, kind="stable")
    arrays = (starts(row, size), column, starts(column, size), row[order], order)
    return Wiring(*(torch.from_numpy(array.astype(np.int32)) for array in arrays)).check(), slots


def step(run: Callable, tensors: list[torch.Tensor], gradient: torch.Tensor) -> Callable[[], object]:
    """Forward and backward, the gradients of all tensors included."""
    return lambda: torch.autograd.grad(run(*tensors), tensors, gradient)


def layer(size: int, density: float, batch: int) -> dict[str, Callable[[], object]]:
    """Name -> one step of a sparse layer."""
    wiring, slots = random_wiring(size, density)
    values = torch.randn(len(slots)).requires_grad_()
    dense = torch.zeros(size * size)
    dense[torch.from_numpy(slots)] = values.detach()
    weight = dense.view(size, size).requires_grad_()
    x, gradient = torch.randn(batch, size).requires_grad_(), torch.randn(batch, size)
    features, turned = x.detach().t().contiguous().requires_grad_(), gradient.t().contiguous()

    def csr(features, values):
        matrix = torch.sparse_csr_tensor(wiring.row_start, wiring.column, values, (size, size), check_invariants=False)
        return torch.sparse.mm(matrix, features)

    ways = {
        "torch.sparse.mm": step(csr, [features, values], turned),
        "MKL": step(F.linear, [x, weight], gradient),
        "rows": step(lambda x, v: multiply(x, v, wiring).contiguous(), [x, values], gradient),
        "neurons": step(lambda f, v: multiply(f.t(), v, wiring).t(), [features, values], turned),
    }
    if available():
        ways["oneDNN"] = step(lambda x, w: OneDNN.apply(x, w, None), [x, weight], gradient)
    return ways


def deep_field(neurons: int, levels: int) -> tuple[NeuronGraph, FieldWiring, list[int]]:
    """Each neuron reads one of the level before and others anywhere before; its wiring, and where levels begin."""
    inputs = 256
    drawn = random_field(inputs + neurons, FAN_IN, levels, inputs=inputs, outputs=16).arrays()
    graph = NeuronGraph()
    graph.add_population("input", inputs, role="input")
    field = graph.add_population("field", neurons, activation="relu", bias=0.0)
    graph.add_edges_from_arrays(drawn.source, drawn.target, weight=drawn.weight)
    for name in field[-16:]:
        graph.nodes[name]["is_output"] = True
    arrays = graph.arrays()
    start = torch.arange(0, neurons * FAN_IN + 1, FAN_IN, dtype=torch.int32)
    codes = torch.full((neurons,), CODES["relu"], dtype=torch.uint8)
    outputs = torch.arange(inputs + neurons - 16, inputs + neurons, dtype=torch.int32)
    wiring = FieldWiring(inputs, start, torch.from_numpy(arrays.source.astype(np.int32)), codes, outputs).check()
    return graph, wiring, [*np.flatnonzero(np.diff(arrays.level)).tolist(), inputs + neurons - 1]


class LevelByLevel(torch.autograd.Function):
    """The best of PyTorch's own: values in one buffer, a gather and a batched product a level, backwards by hand."""

    @staticmethod
    def forward(ctx, x, weight, bias, wiring, ends, index):  # pyright: ignore[reportIncompatibleMethodOverride]
        batch, inputs = x.shape[0], wiring.inputs
        state = torch.empty(inputs + wiring.neurons, batch)
        state[:inputs] = x.t()
        table = weight.view(-1, 1, FAN_IN)
        for low, high in pairwise(ends):
            own = slice(low - inputs, high - inputs)
            contribution = state.index_select(0, index[own].reshape(-1)).view(-1, FAN_IN, batch)
            torch.bmm(table[own], contribution, out=state[low:high].view(-1, 1, batch))
            state[low:high].add_(bias[own, None]).relu_()
        ctx.save_for_backward(state, weight)
        ctx.rest = wiring, ends, index
        return state.index_select(0, wiring.outputs).t()

    @staticmethod
    def backward(ctx, gradient):  # pyright: ignore[reportIncompatibleMethodOverride]
        (state, weight), (wiring, ends, index) = ctx.saved_tensors, ctx.rest
        batch, inputs = state.shape[1], wiring.inputs
        reaching = torch.zeros_like(state).index_add_(0, wiring.outputs, gradient.t())
        to_weight, to_bias = torch.empty_like(weight).view(-1, FAN_IN, 1), torch.empty(wiring.neurons)
        table = weight.view(-1, FAN_IN, 1)
        for low, high in reversed(list(pairwise(ends))):
            own, mine = slice(low - inputs, high - inputs), reaching[low:high]
            mine.mul_(state[low:high] > 0)
            to_bias[own] = mine.sum(1)
            flat = index[own].reshape(-1)
            torch.bmm(state.index_select(0, flat).view(-1, FAN_IN, batch), mine.view(-1, batch, 1), out=to_weight[own])
            reaching.index_add_(0, flat, (table[own] * mine.view(-1, 1, batch)).view(-1, batch))
        return reaching[:inputs].t(), to_weight.view(-1), to_bias, None, None, None


def field(neurons: int, levels: int, batch: int) -> dict[str, Callable[[], object]]:
    """Name -> one step of a field."""
    graph, wiring, ends = deep_field(neurons, levels)
    net = compiler.compile(graph)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, wiring.inputs, generator=generator).requires_grad_()
    numbers = {name: net.slots.of((name, ()))[0].tensor for name in ("weight", "bias")}
    weight, bias = (number.detach().clone().requires_grad_() for number in numbers.values())
    gradient, index = torch.randn(batch, 16, generator=generator), wiring.source.view(-1, FAN_IN).long()
    tensors, ends = [x, weight, bias], [end + 1 for end in ends]
    ways = {
        "levels": step(lambda x, w, b: LevelByLevel.apply(x, w, b, wiring, ends, index), tensors, gradient),
        "kernel": step(lambda x, w, b: run_field(x, w, b, None, wiring), tensors, gradient),
        "compiled": step(lambda x, *_: net(x), [x, *numbers.values()], gradient),
    }
    wanted, *others = [way() for way in ways.values()]
    for found in others:
        for a, b in zip(found, wanted, strict=True):  # pyright: ignore[reportArgumentType]
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3 * float(b.abs().max()))
    return ways


def measured(ways: dict[str, Callable[[], object]], seconds: float, threads: int) -> dict[str, list[float]]:
    clock, steps = clock_for(threads), {}
    for name, way in ways.items():
        way()
        steps[name] = max(1, min(50, round(TURN / timed(way, clock)[0])))
    turns = {name: lambda way=way, many=steps[name]: [way() for _ in range(many)] for name, way in ways.items()}
    began = time.perf_counter()
    for turn in turns.values():
        turn()
    rounds = max(5, min(300, int(seconds / (time.perf_counter() - began))))
    spent = interleaved(turns, rounds, clock=clock)
    return {name: [one / steps[name] for one in found] for name, found in spent.items()}


def layer_row(size: int, density: float, batch: int, seconds: float, threads: int) -> list[str]:
    spent = measured(layer(size, density, batch), seconds, threads)
    names = ["torch.sparse.mm", "MKL", "oneDNN", "rows", "neurons"]
    times = [format_seconds(statistics.median(spent[name])) if name in spent else "-" for name in names]
    faster = [f"{median_ratio(spent, 'torch.sparse.mm', name):.1f}" for name in ("rows", "neurons")]
    shares = [f"{median_ratio(spent, 'rows', name):.2f}" if name in spent else "-" for name in ("MKL", "oneDNN")]
    return [f"{density:g}, {batch}", *times, *faster, *shares]


def cache_rate() -> float:
    """Bytes a second at which one thread sums numbers in its second-level cache; the best of several rounds."""
    many, values = 200, torch.ones(CACHED // 4)
    rounds = [timed(lambda: [values.sum() for _ in range(many)], time.thread_time)[0] for _ in range(9)]
    return many * CACHED / min(rounds)


def field_row(neurons: int, levels: int, batch: int, rate: float, seconds: float, threads: int) -> list[str]:
    spent = measured(field(neurons, levels, batch), seconds, threads)
    read = 16 * neurons * FAN_IN * batch / threads
    times = [format_seconds(statistics.median(spent[name])) for name in ("levels", "kernel", "compiled")]
    faster = [f"{median_ratio(spent, 'levels', name):.1f}" for name in ("kernel", "compiled")]
    limits = [f"{statistics.median(spent['kernel']) * bytes_a_second / read:.1f}" for bytes_a_second in (rate, FAST)]
    return [f"{levels}, {batch}", *times, *faster, *limits]


def scale_row(synapses: int, batch: int, seconds: float, threads: int) -> list[str]:
    """The kernel on a field of a size, each neuron reading any before it."""
    inputs, neurons, rng = 256, synapses // FAN_IN, np.random.default_rng(0)
    reader = np.repeat(np.arange(neurons), FAN_IN)
    start = torch.arange(0, len(reader) + 1, FAN_IN, dtype=torch.int32)
    source = torch.from_numpy((rng.random(len(reader)) * (inputs + reader)).astype(np.int32))
    codes, outputs = torch.full((neurons,), CODES["relu"], dtype=torch.uint8), torch.arange(16, dtype=torch.int32)
    wiring = FieldWiring(inputs, start, source, codes, outputs + (inputs + neurons - 16)).check()
    weight, bias = (torch.randn(len(reader)) / FAN_IN**0.5).requires_grad_(), torch.zeros(neurons).requires_grad_()
    x, gradient = torch.randn(batch, inputs).requires_grad_(), torch.randn(batch, 16)
    way = step(lambda x, w, b: run_field(x, w, b, None, wiring), [x, weight, bias], gradient)
    spent = statistics.median(measured({"kernel": way}, seconds, threads)["kernel"])
    held = [start, source, codes, *readers_of(inputs, start, source), weight, weight]  # a gradient is as large
    size = sum(tensor.numel() * tensor.element_size() for tensor in held) / len(reader)
    each = spent / len(reader)
    return [
        f"{len(reader):,}",
        format_seconds(spent),
        f"{each * 1e9:.1f} ns",
        f"{each / batch * 1e12:.0f} ps",
        f"{size:.1f}",
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="per row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fields", action="store_true", help="the second table only")
    parser.add_argument("--scale", action="store_true", help="the third table only")
    parser.add_argument("--small", action="store_true", help="small sizes, to try the command")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore", message="Sparse CSR")
    size, neurons = (128, 1000) if options.small else (1024, 10_000)
    how = f"{options.threads} thread(s), kernels: {instruction_set()}"
    rest = (options.seconds, options.threads)
    if options.scale:
        scales(*rest, options.small)
        return
    if not options.fields:
        rows = [layer_row(size, density, batch, *rest) for density in DENSITIES for batch in BATCHES]
        heads = ["density, batch", "sparse.mm", "MKL", "oneDNN", "rows", "neurons"]
        show(f"{size} x {size}, {how}", [*heads, "x rows", "x neur.", "/ MKL", "/ 1DNN"], rows)
    rate = cache_rate()
    rows = [field_row(neurons, levels, batch, rate, *rest) for levels in LEVELS for batch in FIELD_BATCHES]
    heads = ["levels, batch", "by level", "kernel", "compiled", "x kernel", "x compiled", "limit", "at 277"]
    how += f", second-level cache {rate / 1e9:.0f} GB/s"
    show(f"{neurons} neurons, {neurons * FAN_IN} synapses, {how}", heads, rows)
    if not options.fields:
        scales(*rest, options.small)


def scales(seconds: float, threads: int, small: bool) -> None:
    """Print the third table."""
    rows = [scale_row(synapses, 64, seconds, threads) for synapses in (SCALES[:2] if small else SCALES)]
    show("fields, batch 64", ["synapses", "step", "a synapse", "and row", "bytes a synapse"], rows)


if __name__ == "__main__":
    main()
