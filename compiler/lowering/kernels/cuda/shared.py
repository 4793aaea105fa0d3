"""Launches the walk in shared memory: how many rows of the batch a block takes, and what the kernels are given."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ....activations import CODES
from . import runtime
from .parts import Parts
from .schedule import Schedule
from .walk import Wiring

THREADS = 256  # of a block of the kernels that do not walk
ROWS = 65_535  # blocks in a grid's second dimension
SOME = 8  # synapses whose gradients a thread adds up, as in the kernel
PER_LEVEL, PER_SYNAPSE = 1e-6, 0.6e-9  # seconds of a block that takes one row


@dataclass(frozen=True, eq=False)
class SharedWalk:
    """A field, how it is walked, and the rows of the batch that a block takes (1, 2 or 4)."""

    wiring: Wiring
    parts: Parts
    columns: int

    def walk(self, name: str, plan: Schedule, batch: int, *arguments: Tensor | int) -> None:
        """Run a kernel that walks: a block for each part and so many rows; on the device of the first tensor."""
        like: Tensor = arguments[0]  # pyright: ignore[reportAssignmentType]
        defines = runtime.defines_of(like.dtype, self.columns, plan.lanes, plan.threads, self.wiring.used)
        grid, size = (-(-batch // self.columns), self.parts.count), self.parts.places * self.columns
        runtime.launch(name, defines, like.device, grid, plan.threads, size * like.element_size(), arguments)

    def laid(self, weight: Tensor, bias: Tensor, plan: Schedule) -> tuple[Tensor, Tensor]:
        """Weights in the order of a schedule's quads, and biases in that of its neurons."""
        quads, neurons = plan.order.numel() // 4, len(bias)
        weights, biases = weight.new_empty(max(4 * quads, 1)), torch.empty_like(bias)
        blocks = -(-(4 * quads + neurons) // THREADS)
        launch("field_lay", (blocks, 1), 0, weight, bias, plan.order, plan.neurons, weights, biases, quads, neurons)
        return weights, biases


def launch(name: str, grid: tuple[int, int], numbers: int, *arguments: Tensor | int) -> None:
    """Run a kernel that does not walk, with shared memory for so many numbers; on the device of the first tensor."""
    like: Tensor = arguments[0]  # pyright: ignore[reportAssignmentType]
    defines = runtime.defines_of(like.dtype, 1, 1, THREADS, 1)  # of which it needs the dtype alone
    runtime.launch(name, defines, like.device, grid, THREADS, numbers * like.element_size(), arguments)


def columns_for(parts: Parts, batch: int, itemsize: int, processors: int, most: int) -> int:
    """Rows of the batch that a block takes, by which the walk is over soonest; 0 where not one fits its memory.

    Parameters
    ----------
    parts
        Of the field.
    batch, itemsize
        Rows, and bytes of a number.
    processors, most
        Multiprocessors, and bytes of shared memory that a block may have.
    """
    fitting = [c for c in (1, 2, 4) if c * itemsize <= 16 and parts.places * c * itemsize <= most]
    if not fitting or parts.count > ROWS:
        return 0
    return min(fitting, key=lambda c: (waves(parts, batch, c, processors), c))


def waves(parts: Parts, batch: int, columns: int, processors: int) -> float:
    """How often as long as a block of one row takes all blocks take: rows that a block takes together cost less."""
    blocks = -(-batch // columns) * parts.count
    return -(-blocks // processors) * (0.75 + 0.25 * columns)


def seconds(wiring: Wiring, parts: Parts, batch: int, columns: int, processors: int) -> float:
    """What the walk there and back takes on the device, by the measurements of `benchmarks.gpu`."""
    each = PER_LEVEL * (len(wiring.levels) - 1) + PER_SYNAPSE * len(wiring.sources) / parts.count
    return waves(parts, batch, columns, processors) * each


def forward(
    x: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, walk: SharedWalk, keep: bool
) -> tuple[Tensor, Tensor]:
    """All values, (inputs + neurons, batch), and what went into the neurons, (neurons, batch), filled where kept."""
    parts, (batch, inputs) = walk.parts, x.shape
    values = x.new_empty(inputs + len(bias), batch)
    values[:inputs].copy_(x.t())
    sums = x.new_empty((len(bias), batch) if keep else (0, 0))
    weights, biases = walk.laid(weight.contiguous(), bias.contiguous(), parts.forward)
    walk.walk(
        "field_forward", parts.forward, batch, x, *x.stride(), values, sums, weights, biases,
        _slopes(walk, slope, biases), parts.reads, *parts.forward, inputs, batch, int(keep),
    )  # fmt: skip
    return values, sums


def backward(
    incoming: Tensor,
    values: Tensor,
    sums: Tensor,
    weight: Tensor,
    slope: Tensor | None,
    walk: SharedWalk,
    to_x: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The gradients of weight, bias and slope; that of x is written to `to_x`, (batch, inputs), unless that is None.

    `incoming` (inputs + neurons, batch) is the loss by each value from outside the field.
    """
    wiring, parts, (neurons, batch) = walk.wiring, walk.parts, sums.shape
    weight, deltas, to_bias = weight.contiguous(), torch.empty_like(sums), sums.new_empty(neurons)
    bent = sums.new_empty(0) if slope is None else torch.empty_like(sums)
    weights, _ = walk.laid(weight, to_bias, parts.backward)  # no biases are wanted here
    walk.walk(
        "field_backward", parts.backward, batch, incoming, sums, deltas, bent, weights, _slopes(walk, slope, weights),
        *parts.backward, wiring.inputs, batch, int(slope is not None),
    )  # fmt: skip
    if to_x is not None:
        _to_inputs(walk.wiring, incoming, deltas, weight, to_x)
    to_weight, lanes = torch.empty_like(weight), min(32, 1 << (-(-batch // 4) - 1).bit_length())
    items = -(-len(weight) // SOME) + -(-neurons // SOME)
    launch(
        "field_weights", (-(-items * lanes // THREADS), 1), 0, deltas, wiring.rows, wiring.sources, values, to_weight,
        to_bias, len(weight), neurons, batch, lanes,
    )  # fmt: skip
    to_slope = None if slope is None else torch.where(wiring.codes == CODES["prelu"], bent.sum(1), 0)
    return to_weight, to_bias, to_slope


def _to_inputs(wiring: Wiring, incoming: Tensor, deltas: Tensor, weight: Tensor, to_x: Tensor) -> None:
    batch, inputs = to_x.shape
    for low in range(0, inputs, ROWS):
        grid = -(-batch // 32), min(ROWS, inputs - low)
        launch(
            "field_inputs", grid, THREADS, incoming[low:], deltas, weight, wiring.out_starts[low:], wiring.targets,
            wiring.order, to_x[:, low:], *to_x.stride(), batch,
        )  # fmt: skip


def _slopes(walk: SharedWalk, slope: Tensor | None, like: Tensor) -> Tensor:
    """The slopes as a kernel takes them: any tensor where no activation reads one."""
    if slope is not None:
        return slope.contiguous()
    return like.new_zeros(len(walk.wiring.codes)) if walk.wiring.used >> CODES["prelu"] & 1 else like
