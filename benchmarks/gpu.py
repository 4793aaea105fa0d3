"""The figures of docs/results/gpu.md: irregular wiring on a CUDA device, side by side in one run.

    python -m benchmarks.gpu            everything, a few minutes
    python -m benchmarks.gpu --tilings  also how the walk's time depends on how it is cut

Times are medians of CUDA events over repeats, after a warm-up; every product is first compared with float64 on the CPU.
Without a device it says so and ends with 1.
"""

import argparse
import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from compiler.lowering.kernels.cuda import walk
from compiler.lowering.kernels.cuda.walk import Tiling, Wiring

NEURONS, FAN_IN, INPUTS = 10_000, 16, 256


def median_ms(run: Callable[[], object], repeats: int = 15) -> float:
    """The median of one call's time by CUDA events, in ms."""
    for _ in range(3):
        run()
    times = []
    for _ in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return float(np.median(times))


def graphed(run: Callable[[], object]) -> Callable[[], object]:
    """The same work replayed from a CUDA graph."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def field(levels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level starts, targets and sources of a random field; every neuron reads one of the level before it."""
    rng = np.random.default_rng(seed)
    starts = np.linspace(0, NEURONS, levels + 1).astype(int)
    sources = np.empty((NEURONS, FAN_IN), int)
    for level, (begin, end) in enumerate(pairwise(starts)):
        known = INPUTS + begin
        sources[begin:end] = rng.integers(known, size=(end - begin, FAN_IN))
        before = INPUTS + starts[level - 1] if level else 0
        sources[begin:end, 0] = rng.integers(before, known, size=end - begin)
    return starts, np.repeat(np.arange(NEURONS), FAN_IN), np.sort(sources, 1).ravel()


class LevelByLevel:
    """The best level-by-level torch: fixed fan-in gathers, written into one buffer, and a backward by hand."""

    def __init__(self, starts: np.ndarray, sources: np.ndarray, weights: Tensor) -> None:
        self.spans = list(pairwise(starts.tolist()))
        self.sources = torch.as_tensor(sources.reshape(NEURONS, FAN_IN), device="cuda")
        self.weights = weights.view(NEURONS, FAN_IN)

    def step(self, x: Tensor, incoming: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values, the gradient of the weights, and of all values."""
        values = x.new_empty(INPUTS + NEURONS, x.shape[1])
        values[:INPUTS] = x
        for begin, end in self.spans:
            read = values[self.sources[begin:end]]
            total = torch.bmm(self.weights[begin:end, None], read)[:, 0]
            values[INPUTS + begin : INPUTS + end] = total.relu_()
        reached, gradient = incoming.clone(), torch.empty_like(self.weights)
        for begin, end in reversed(self.spans):
            span = slice(INPUTS + begin, INPUTS + end)
            delta = reached[span] * (values[span] > 0)
            read = values[self.sources[begin:end]]
            gradient[begin:end] = torch.bmm(read, delta[:, :, None])[:, :, 0]
            spread = self.weights[begin:end, :, None] * delta[:, None]
            reached.index_add_(0, self.sources[begin:end].flatten(), spread.flatten(0, 1))
        return values, gradient.flatten(), reached


def close(one: Tensor, other: Tensor) -> float:
    """The relative difference, in norm."""
    return float((one.double() - other.double()).norm() / other.double().norm())


TILINGS = [
    *(Tiling(tile, parts) for tile in (2, 8, 16, 32) for parts in (1, 2, 4, 8, 16, 32, 64)),
    *(Tiling(tile, 1, 32, warps=8) for tile in (1, 2, 4, 8)),
    *(Tiling(tile, parts, by_level=True) for tile in (16, 32, 64) for parts in (1, 4, 16, 32, 64)),
]


def fits(cut: Tiling, levels: int, batch: int, processors: int) -> bool:
    """Whether a tiling may run: programs that wait for one another are all resident, and none is without neurons."""
    tiles = -(-batch // cut.tile)
    if cut.by_level or cut.parts == 1:
        return (cut.parts - 1) * cut.neurons * levels <= NEURONS and tiles <= 16 * processors
    return tiles * cut.parts <= processors


def point(levels: int, batch: int, every: bool) -> None:
    """One field and batch: the walk, as it is cut by default or in every way, and level-by-level torch."""
    processors = torch.cuda.get_device_properties(0).multi_processor_count
    starts, targets, sources = field(levels)
    wiring = Wiring.of(INPUTS, starts, targets, sources, ["relu"] * NEURONS, "cuda")
    weights = torch.randn(len(targets), device="cuda") / FAN_IN**0.5
    x, zero = torch.randn(INPUTS, batch, device="cuda"), torch.zeros(NEURONS, device="cuda")
    incoming = torch.randn(INPUTS + NEURONS, batch, device="cuda")
    plain = LevelByLevel(starts, sources, weights)

    def walked(cut: Tiling) -> tuple[Tensor, Tensor, Tensor]:
        values, sums = walk.forward(wiring, x, weights, zero, zero, cut)
        deltas, reached = walk.backward(wiring, incoming, sums, weights, zero, cut)
        return values, walk.weight_gradient(wiring, values, deltas), reached

    def seconds(cut: Tiling) -> float:
        return median_ms(graphed(lambda: walked(cut)) if cut.by_level else lambda: walked(cut))

    chosen = walk.cut_for(wiring, batch, processors)
    expected = plain.step(x, incoming)
    off = max(close(a, b) for a, b in zip(walked(chosen), expected, strict=True))
    mine, eager = seconds(chosen), median_ms(lambda: plain.step(x, incoming), 5)
    replayed = median_ms(graphed(lambda: plain.step(x, incoming)), 5)
    print(
        f"{levels:4} levels, batch {batch:5}: walk {mine:7.3f} (off by {off:.0e}), torch {eager:7.2f}, in a CUDA graph "
        f"{replayed:7.3f}: {replayed / mine:4.1f} times; {chosen}",
        flush=True,
    )
    cuts = [cut for cut in TILINGS if fits(cut, levels, batch, processors)] if every else []
    for ms, cut in sorted(((seconds(cut), cut) for cut in cuts), key=lambda row: row[0])[:4]:
        print(f"      {ms:7.3f} {cut}")


def walks(every: bool) -> None:
    """Random fields of 10,000 neurons."""
    print(f"\nfield, {NEURONS:,} neurons, {NEURONS * FAN_IN:,} synapses, forward + backward, ms")
    for levels in (20, 100, 500):
        for batch in (64, 256, 1024, 4096):
            point(levels, batch, every)


def layers() -> None:
    """Square sparse layers: torch's sparse products, as the lowering `sparse` runs them, and the dense product."""
    print("\nsparse layer, forward + both gradients, ms: torch.sparse / dense float32 / dense tf32")
    for size in (1024, 4096, 8192):
        for density in (0.01, 0.05, 0.1):
            for batch in (256, 1024):
                row(size, density, batch)


def row(size: int, density: float, batch: int) -> None:
    """One line of `layers`."""
    rng = np.random.default_rng(0)
    count = int(size * size * density)
    flat = np.sort(rng.choice(size * size, count, replace=False))
    rows, columns = torch.as_tensor(flat // size, device="cuda"), torch.as_tensor(flat % size, device="cuda")
    ids = torch.argsort(columns, stable=True)
    begin = lambda a: torch.cat([a.new_zeros(1), torch.bincount(a, minlength=size).cumsum(0)]).int()  # noqa: E731
    starts, column, out_starts, target = begin(rows), columns.int(), begin(columns), rows[ids].int()
    weights = torch.randn(count, device="cuda") * (size * density) ** -0.5
    x, d = torch.randn(size, batch, device="cuda"), torch.randn(size, batch, device="cuda")

    def sparse():
        matrix = torch.sparse_csr_tensor(starts, column, weights, (size, size))
        back = torch.sparse_csr_tensor(out_starts, target, weights[ids], (size, size))
        wanted = torch.sparse_csr_tensor(starts, column, torch.zeros_like(weights), (size, size))
        return matrix @ x, back @ d, torch.sparse.sampled_addmm(wanted, d, x.t(), beta=0.0).values()

    w = torch.zeros(size, size, device="cuda")
    w[rows, columns] = weights

    def dense():
        return w @ x, w.t() @ d, d @ x.t()

    off = max(close(a, b) for a, b in zip(sparse()[:2], dense()[:2], strict=True))
    mine, full = median_ms(sparse), median_ms(dense)
    torch.backends.cuda.matmul.allow_tf32 = True
    fast = median_ms(dense)
    torch.backends.cuda.matmul.allow_tf32 = False
    print(
        f"{size:5}, density {density:4}, batch {batch:4}: {mine:7.3f} / {full:7.3f} / {fast:7.3f}  (off by {off:.0e})"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tilings", action="store_true", help="measure many ways to cut the walk")
    every = parser.parse_args().tilings
    if not torch.cuda.is_available():
        print("there is no CUDA device here", file=sys.stderr)
        return 1
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    layers()
    walks(every)
    return 0


if __name__ == "__main__":
    sys.exit(main())
