"""The figures of docs/results/gpu.md: irregular wiring on a CUDA device, side by side in one run.

    python -m benchmarks.gpu            everything, under three minutes
    python -m benchmarks.gpu --kernels  only the kernels; --networks only compiled networks
    python -m benchmarks.gpu --small    small networks, to try the command: on the processor where there is no device

Times are medians of CUDA events over repeats, after a warm-up, variants in turn; what is timed is first compared with
float64. Without a device the kernels are left out, and seconds are the processor's.
"""

import argparse
import sys
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from benchmarks import gpu_networks
from benchmarks.gpu_timing import HERE, close, graphed, median_ms, medians_ms
from compiler.lowering.kernels.cuda import runtime, shared, walk
from compiler.lowering.kernels.cuda.parts import parts_of
from compiler.lowering.kernels.cuda.shared import SharedWalk
from compiler.lowering.kernels.cuda.walk import Wiring

NEURONS, FAN_IN, INPUTS = 10_000, 16, 256


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


def walks() -> None:
    """Random fields of 10,000 neurons: both walks, and level-by-level torch, as replayed from CUDA graphs."""
    print(f"\nfield, {NEURONS:,} neurons, {NEURONS * FAN_IN:,} synapses, forward + backward, ms")
    for levels in (20, 100, 500):
        for batch in (64, 256, 1024, 4096):
            point(levels, batch)


def point(levels: int, batch: int) -> None:
    """One field and batch."""
    processors = torch.cuda.get_device_properties(0).multi_processor_count
    starts, targets, sources = field(levels)
    wiring = Wiring.of(INPUTS, starts, targets, sources, ["relu"] * NEURONS, "cuda")
    begin, codes = np.arange(0, NEURONS * FAN_IN + 1, FAN_IN), np.ones(NEURONS, int)
    parts = parts_of(INPUTS, begin, sources, codes, starts, torch.device("cuda"))
    assert parts is not None
    most = runtime.most_shared(torch.device("cuda"))
    weights = torch.randn(len(targets), device="cuda") / FAN_IN**0.5
    x, zero = torch.randn(batch, INPUTS, device="cuda"), torch.zeros(NEURONS, device="cuda")
    incoming = torch.randn(INPUTS + NEURONS, batch, device="cuda")
    plain, exact = (LevelByLevel(starts, sources, w) for w in (weights, weights.double()))
    cut = walk.cut_for(wiring, batch, processors)

    def in_shared(columns: int) -> tuple[Tensor, Tensor, Tensor]:
        how, to_x = SharedWalk(wiring, parts, columns), torch.empty_like(x)
        values, sums = shared.forward(x, weights, zero, None, how, True)
        return values, shared.backward(incoming, values, sums, weights, None, how, to_x)[0], to_x

    def by_triton() -> tuple[Tensor, Tensor, Tensor]:
        values, sums = walk.forward(wiring, x.t().contiguous(), weights, zero, zero, cut)
        deltas, reached = walk.backward(wiring, incoming, sums, weights, zero, cut)
        return values, walk.weight_gradient(wiring, values, deltas), reached[:INPUTS].t()

    chosen = shared.columns_for(parts, batch, 4, processors, most)
    wanted = exact.step(x.t().double(), incoming.double())
    wanted = *wanted[:2], wanted[2][:INPUTS].t()
    off = [
        max(close(a, b) for a, b in zip(run(), wanted, strict=True)) for run in (lambda: in_shared(chosen), by_triton)
    ]
    ways = {"triton": graphed(by_triton) if cut.by_level else by_triton}
    ways |= {f"shared {c}": graphed(lambda c=c: in_shared(c)) for c in (1, 2, 4) if c * 4 * parts.places <= most}
    ms = medians_ms(ways) | medians_ms({"eager": lambda: in_shared(chosen)})
    torch_ms = median_ms(graphed(lambda: plain.step(x.t(), incoming)), 5)
    print(
        f"{levels:4} levels, batch {batch:5}: torch in a CUDA graph {torch_ms:7.3f}, "
        + ", ".join(f"{name} {found:.3f}" for name, found in ms.items())
        + f"; rows chosen {chosen}; off by {off[0]:.0e}, {off[1]:.0e}",
        flush=True,
    )


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
    parser.add_argument("--kernels", action="store_true", help="only the kernels")
    parser.add_argument("--networks", action="store_true", help="only compiled networks")
    parser.add_argument("--small", action="store_true", help="small networks, to try the command")
    given = parser.parse_args()
    if HERE == "cpu" and not given.small:
        print("there is no CUDA device here; --small tries the command on the processor", file=sys.stderr)
        return 1
    print(f"{torch.cuda.get_device_name() if HERE == 'cuda' else 'the processor'}, torch {torch.__version__}")
    if not given.kernels:
        gpu_networks.everything(given.small)
    if HERE == "cuda" and not given.networks:
        walks()
        layers()
    return 0


if __name__ == "__main__":
    sys.exit(main())
