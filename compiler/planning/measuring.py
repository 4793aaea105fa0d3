"""The rates of a `Calibration` measured on this machine or its CUDA device: products are timed, and formulas fitted.

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

from neurograph.storage.sets import each_once

from ..activations import CODES
from ..lowering import REGIONS, REGISTRY
from ..lowering.base import Lowering
from ..lowering.held import has_empty_slots
from ..lowering.layout import ProductLayout
from ..lowering.marks import Ledger, watch
from ..lowering.rates import Calibration, Sample, gathering
from ..lowering.region import RegionLayout, RegionLowering, RegionSpec
from ..lowering.spec import BundleSpec
from ..regions.status import FIXED, TRAINED
from ..regions.windows import Window
from .cost import default_calibration, rates_of

SECONDS = 0.004  # of each sample in a round, or one step
ROUNDS = 8
PATIENCE = 2.5  # seconds in all, after which a sample is timed once
LEAST = 0.1  # of what is expected: no rate is less, or sizes that no sample has would cost nothing
PRIOR = 0.1  # what it weighs that a rate is another than expected, beside a sample that is off by as much
LARGE = 1 << 22  # slots of a matrix from which its wiring is drawn synapse by synapse
GATHERS = {  # neurons picked, rows
    "cpu": ((64, 32), (512, 256), (1024, 64)),
    "cuda": ((64, 32), (2048, 256), (8192, 2048)),
}


@dataclass(frozen=True)
class Timed:
    """One product as it was timed: its cost by a calibration, and a step of it."""

    cost: Callable[[Calibration], float]
    step: Callable[[], object]


def measured(name: str, device: str = "cpu") -> Calibration:
    """A calibration of the CPU as torch uses it now, or of the current CUDA device; takes about two seconds.

    Parameters
    ----------
    name
        What it is to be called.
    device
        "cpu" or "cuda".
    """
    known = {n: s for rates in rates_of(_lowerings()) for n, s in rates.shipped(device).items()}
    shipped, start = default_calibration(device).rates, _clock(device)()
    found, devices = Calibration(name, {**shipped, **known}, device), []
    if device == "cuda":
        devices.append(torch.cuda.current_device())
    with torch.random.fork_rng(devices):
        families = [partial(samples_of, lowering, device) for lowering in _lowerings() if sizes_of(lowering, device)]
        families.append(partial(_gathers, device))
        for number, family in enumerate(families, 1):
            found = fitted(found, family(), start + PATIENCE * number / len(families))
    return found


def sizes_of(lowering: Lowering | RegionLowering, device: str) -> tuple[Sample, ...]:
    """The sizes at which a lowering is timed on a type of device."""
    return lowering.samples if device == "cpu" else lowering.on_cuda


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
    seconds = shortest([s.step for s in samples], until, calibration.device)
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


def shortest(steps: list[Callable[[], object]], until: float, device: str = "cpu") -> np.ndarray:
    """(steps,) seconds of each: the shortest round, all of them in turn, since what disturbs only ever adds.

    There is no other round once the clock shows `until`.
    """
    clock, many, best = _clock(device), [], np.full(len(steps), np.inf)
    for step in steps:
        step()
        many.append(max(1, min(50, int(SECONDS / max(_seconds(step, 1, clock), 1e-7)))))
    for _ in range(ROUNDS):
        best = np.minimum(best, [_seconds(step, times, clock) for step, times in zip(steps, many, strict=True)])
        if clock() > until:
            break
    return best


def _clock(device: str) -> Callable[[], float]:
    """Seconds of the processor for one thread, on which other programs that run here tell least; else of the clock.

    A device's is read when it has done all that it was given.
    """
    if device == "cuda":
        return _settled
    return time.thread_time if torch.get_num_threads() == 1 else time.perf_counter


def _settled() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def _seconds(step: Callable[[], object], times: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(times):
        step()
    return (clock() - start) / times


def _lowerings() -> list[Lowering | RegionLowering]:
    return [*REGISTRY.values(), *REGIONS.values()]


def samples_of(lowering: Lowering | RegionLowering, device: str = "cpu") -> list[Timed]:
    """The products at which a lowering is timed; none where it refuses them here."""
    return _products(lowering, device) if isinstance(lowering, Lowering) else _fields(lowering, device)


def _products(lowering: Lowering, device: str) -> list[Timed]:
    found = []
    for number, (inputs, outputs, share, batch, *side) in enumerate(sizes_of(lowering, device)):
        row, column, groups = _wiring(inputs, outputs, share)
        count, window = inputs * outputs if row is None else len(row), _window(*side)
        spec = BundleSpec(inputs, outputs, count, batch, False, "sum", "float32", device, groups, window)
        if lowering.refuses(spec) is not None:
            return []
        layout = ProductLayout(inputs, outputs, np.arange(count), row, column, None, "sum", window)
        unit = lowering.unit(layout, torch.float32, torch.device(device))
        for parameter in unit.parameters():
            torch.nn.init.normal_(parameter)
            watch(parameter, Ledger(), unit if has_empty_slots(unit) else None)  # as those of a network are
        x = torch.randn(batch, inputs, *side, *side, device=device)
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
    if share < 1 and inputs * outputs > LARGE:
        slots = np.random.default_rng(0).integers(inputs * outputs, size=int(share * inputs * outputs))
        row, column = np.divmod(each_once(slots), inputs)
        return row.astype(np.int32), column.astype(np.int32), 1
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


def _fields(lowering: RegionLowering, device: str) -> list[Timed]:
    found, rng = [], np.random.default_rng(0)
    for inputs, neurons, fan_in, batch, *deep in sizes_of(lowering, device):
        levels = deep[0] if deep else 0  # depth costs a native kernel nothing
        layout = _region(inputs, neurons, int(fan_in), levels or neurons, rng)
        unit = lowering.unit(layout, torch.float32, torch.device(device))
        torch.nn.init.normal_(next(unit.parameters()))
        places = torch.arange(inputs + neurons - 10, inputs + neurons, dtype=torch.int32, device=device)
        step = _step(
            lambda x, unit=unit, places=places: unit.make(x, places),
            torch.randn(batch, inputs, device=device),
            list(unit.parameters()),
            (10,),
        )
        spec = RegionSpec(inputs, neurons, len(layout.ids), levels, (), batch, "float32", device)
        found.append(Timed(lambda c, s=spec: float(lowering.cost(s, c)), step))
    return found


def _region(inputs: int, neurons: int, fan_in: int, levels: int, rng: np.random.Generator) -> RegionLayout:
    """Neurons with ReLU in levels, each of which reads so many of those before its own at random."""
    reader = np.repeat(np.arange(neurons, dtype=np.int32), fan_in)
    start = np.arange(0, neurons * fan_in + 1, fan_in, dtype=np.int32)
    known = reader.astype(np.int64) * levels // neurons * neurons // levels
    source = (rng.random(len(reader)) * (inputs + known)).astype(np.int32)
    return RegionLayout(
        inputs, neurons, np.arange(len(reader)), reader, source, None, "sum",
        keys=np.arange(neurons), start=start, level_start=np.arange(neurons + 1, dtype=np.int32),
        activation=np.full(neurons, CODES["relu"], np.uint8), bias=np.full(neurons, TRAINED, np.uint8),
        slope=np.full(neurons, FIXED, np.uint8),
    )  # fmt: skip


def _gathers(device: str) -> list[Timed]:
    found, rng = [], np.random.default_rng(0)
    for neurons, batch in GATHERS[device]:
        index = torch.from_numpy(np.sort(rng.permutation(2 * neurons)[:neurons])).to(device)
        x = torch.randn(batch, 2 * neurons, device=device)
        step = _step(lambda x, index=index: x.index_select(1, index), x, [], (neurons,))
        found.append(Timed(lambda c, n=neurons * batch: float(gathering(c, n)), step))
    return found


def _step(
    run: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, numbers: list[torch.Tensor], made: tuple[int, ...]
) -> Callable[[], object]:
    """Forward and backward."""
    x, gradient = x.requires_grad_(), torch.randn(x.shape[0], *made, device=x.device)
    return lambda: torch.autograd.grad(run(x), [x, *numbers], gradient)
