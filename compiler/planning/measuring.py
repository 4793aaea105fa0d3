"""The rates of a `Calibration` measured on this machine: small products are timed, and each lowering's formula fitted.

A lowering's cost is a sum of rates times sizes, so the size that belongs to a rate is what the formula gives with that
rate 1 and all others 0; the rates are those that come nearest to the times, in relative terms, and none is negative.
Rates of what has no choice to make stay as shipped.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from compiler.activations import CODES
from compiler.lowering import REGIONS, REGISTRY
from compiler.lowering.base import Lowering
from compiler.lowering.held import has_empty_slots
from compiler.lowering.layout import ProductLayout
from compiler.lowering.marks import Ledger, watch
from compiler.lowering.rates import Calibration, gathering
from compiler.lowering.region import RegionLayout, RegionLowering, RegionSpec
from compiler.lowering.spec import BundleSpec
from compiler.planning.cost import CPU, rates_of
from compiler.regions.status import FIXED, TRAINED
from compiler.regions.windows import Window

SECONDS = 0.004  # of each sample in a round, or one step
ROUNDS = 8
PATIENCE = 2.5  # seconds in all, after which a sample is timed once
LEAST = 0.1  # of what is expected: no rate is less, or sizes that no sample has would cost nothing
PRIOR = 0.1  # what it weighs that a rate is another than expected, beside a sample that is off by as much
GATHERS = ((64, 32), (512, 256), (1024, 64))  # neurons picked, rows


@dataclass(frozen=True)
class Timed:
    """One product as it was timed: its cost by a calibration, and a step of it."""

    cost: Callable[[Calibration], float]
    step: Callable[[], object]


def measured(name: str) -> Calibration:
    """A calibration of the CPU as torch uses it now; takes about two seconds.

    Parameters
    ----------
    name
        What it is to be called.
    """
    brought = {n: s for rates in rates_of(_lowerings()) for n, s in rates.shipped("cpu").items()}
    found, start = Calibration(name, {**CPU.rates, **brought}), _clock()()
    with torch.random.fork_rng(devices=[]):
        families = [*(partial(samples_of, lowering) for lowering in _lowerings() if lowering.samples), _gathers]
        for number, family in enumerate(families, 1):
            found = fitted(found, family(), start + PATIENCE * number / len(families))
    return found


def fitted(calibration: Calibration, samples: Iterable[Timed], until: float) -> Calibration:
    """A calibration with the rates that these samples need as they were timed."""
    samples = list(samples)
    if not samples:
        return calibration
    factors = {name for rates in rates_of(_lowerings()) for name in rates.factors}
    names = [name for name in calibration.rates if name not in factors]
    none = calibration.with_rates(**dict.fromkeys(names, 0.0))
    sizes = {n: np.array([s.cost(none.with_rates(**{n: 1.0})) for s in samples], float) for n in names}
    names = [n for n in names if sizes[n].any() and calibration.rates[n]]
    seconds = shortest([s.step for s in samples], until)
    shipped = np.array([calibration.rates[n] for n in names])
    rates = nearest(np.stack([sizes[n] for n in names], 1), seconds, shipped)
    return calibration.with_rates(**dict(zip(names, rates.tolist(), strict=True)))


def nearest(sizes: np.ndarray, seconds: np.ndarray, shipped: np.ndarray) -> np.ndarray:
    """(rates,) with which sizes (samples, rates) come nearest to seconds (samples,), relatively.

    What the samples leave open goes by the shipped rates, all of them as many times as large as the times are. No rate
    is less than a tenth of that.
    """
    expected = shipped * np.median(seconds / (sizes @ shipped))
    rows = np.concatenate([sizes * expected / seconds[:, None], PRIOR * np.eye(len(shipped))])
    wanted = np.append(np.ones(len(seconds)), np.full(len(shipped), PRIOR)) - LEAST * rows.sum(1)
    rates, kept = np.zeros(len(shipped)), np.arange(len(shipped))
    while len(kept):
        found = np.linalg.lstsq(rows[:, kept], wanted, rcond=None)[0]
        if (found >= 0).all():
            rates[kept] = found
            break
        kept = np.delete(kept, np.argmin(found))
    return (rates + LEAST) * expected


def shortest(steps: list[Callable[[], object]], until: float) -> np.ndarray:
    """(steps,) seconds of each: the shortest round, all of them in turn, since what disturbs only ever adds.

    There is no other round once the clock shows `until`.
    """
    clock, many, best = _clock(), [], np.full(len(steps), np.inf)
    for step in steps:
        step()
        many.append(max(1, min(50, int(SECONDS / max(_seconds(step, 1, clock), 1e-7)))))
    for _ in range(ROUNDS):
        best = np.minimum(best, [_seconds(step, times, clock) for step, times in zip(steps, many, strict=True)])
        if clock() > until:
            break
    return best


def _clock() -> Callable[[], float]:
    """Seconds of the processor for one thread, on which other programs that run here tell least; else of the clock."""
    return time.thread_time if torch.get_num_threads() == 1 else time.perf_counter


def _seconds(step: Callable[[], object], times: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(times):
        step()
    return (clock() - start) / times


def _lowerings() -> list[Lowering | RegionLowering]:
    return [*REGISTRY.values(), *REGIONS.values()]


def samples_of(lowering: Lowering | RegionLowering) -> list[Timed]:
    """The products at which a lowering is timed; none where it refuses them here."""
    return _products(lowering) if isinstance(lowering, Lowering) else _fields(lowering)


def _products(lowering: Lowering) -> list[Timed]:
    found = []
    for number, (inputs, outputs, share, batch, *side) in enumerate(lowering.samples):
        row, column, groups = _wiring(inputs, outputs, share)
        count, window = inputs * outputs if row is None else len(row), _window(*side)
        spec = BundleSpec(inputs, outputs, count, batch, False, "sum", "float32", "cpu", groups, window)
        if lowering.refuses(spec) is not None:
            return []
        layout = ProductLayout(inputs, outputs, np.arange(count), row, column, None, "sum", window)
        unit = lowering.unit(layout, torch.float32, torch.device("cpu"))
        for parameter in unit.parameters():
            torch.nn.init.normal_(parameter)
            watch(parameter, Ledger(), unit if has_empty_slots(unit) else None)  # as those of a network are
        x = torch.randn(batch, inputs, *side, *side)
        if (
            unit.by_feature and number % 2
        ):  # the first layer of a network reads rows, those behind it what such units make
            x = x.t().contiguous().t()
        step = _step(lambda x, unit=unit: unit.run(x, None), x, list(unit.parameters()), (outputs, *side, *side))
        found.append(Timed(lambda c, s=spec: float(lowering.cost(s, c)), step))
    return found


def _wiring(inputs: int, outputs: int, share: float) -> tuple[np.ndarray | None, np.ndarray | None, int]:
    """Rows and columns of the synapses (None where every pair is joined), and equal blocks: `share` of more than 1.

    The neurons of blocks are shuffled.
    """
    if share == 1:
        return None, None, 1
    if share < 1:
        joined = np.random.default_rng(0).random((outputs, inputs)) < share
    else:
        rng, blocks = np.random.default_rng(0), np.eye(int(share), dtype=bool)
        joined = np.kron(blocks, np.ones((outputs // int(share), inputs // int(share)), bool))
        joined = joined[rng.permutation(outputs)][:, rng.permutation(inputs)]
    row, column = np.nonzero(joined)
    return row.astype(np.int32), column.astype(np.int32), max(1, int(share))


def _window(side: int | None = None) -> Window | None:
    """Kernels of 3 x 3 over maps of side x side; None between scalars."""
    return None if side is None else Window("weight", (side, side), (side, side), (3, 3), padding=(1, 1))


def _fields(lowering: RegionLowering) -> list[Timed]:
    found, rng = [], np.random.default_rng(0)
    for inputs, neurons, fan_in, batch in lowering.samples:
        layout = _region(inputs, neurons, int(fan_in), rng)
        unit = lowering.unit(layout, torch.float32, torch.device("cpu"))
        torch.nn.init.normal_(next(unit.parameters()))
        places = torch.arange(inputs + neurons - 10, inputs + neurons, dtype=torch.int32)
        step = _step(
            lambda x, unit=unit, places=places: unit.make(x, places),
            torch.randn(batch, inputs),
            list(unit.parameters()),
            (10,),
        )
        spec = RegionSpec(
            inputs, neurons, len(layout.ids), 0, (), batch, "float32", "cpu"
        )  # depth costs a kernel nothing
        found.append(Timed(lambda c, s=spec: float(lowering.cost(s, c)), step))
    return found


def _region(inputs: int, neurons: int, fan_in: int, rng: np.random.Generator) -> RegionLayout:
    """Neurons with ReLU, each of which reads so many before it at random."""
    reader = np.repeat(np.arange(neurons, dtype=np.int32), fan_in)
    start = np.arange(0, neurons * fan_in + 1, fan_in, dtype=np.int32)
    source = (rng.random(len(reader)) * (inputs + reader)).astype(np.int32)
    return RegionLayout(
        inputs, neurons, np.arange(len(reader)), reader, source, None, "sum",
        keys=np.arange(neurons), start=start, level_start=np.arange(neurons + 1, dtype=np.int32),
        activation=np.full(neurons, CODES["relu"], np.uint8), bias=np.full(neurons, TRAINED, np.uint8),
        slope=np.full(neurons, FIXED, np.uint8),
    )  # fmt: skip


def _gathers() -> list[Timed]:
    found, rng = [], np.random.default_rng(0)
    for neurons, batch in GATHERS:
        index = torch.from_numpy(np.sort(rng.permutation(2 * neurons)[:neurons]))
        step = _step(lambda x, index=index: x.index_select(1, index), torch.randn(batch, 2 * neurons), [], (neurons,))
        found.append(Timed(lambda c, n=neurons * batch: float(gathering(c, n)), step))
    return found


def _step(
    run: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, numbers: list[torch.Tensor], made: tuple[int, ...]
) -> Callable[[], object]:
    """Forward and backward."""
    x, gradient = x.requires_grad_(), torch.randn(x.shape[0], *made)
    return lambda: torch.autograd.grad(run(x), [x, *numbers], gradient)
