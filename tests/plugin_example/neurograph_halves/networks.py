"""A lowering, a data set, a metric, a sampler and a method."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from compiler.lowering import Lowering, Unit
from compiler.lowering.portable_form import matrix
from compiler.lowering.rates import Rates
from compiler.regions.status import FIXED, FROZEN, TRAINED
from compiler.slots import WEIGHT, Slots
from neurograph.errors import OptionError
from search.datasets import Dataset
from search.growth.events import Event
from search.growth.expansion.metrics import Metric
from search.growth.method import Method
from search.growth.options import GrowingOptions
from search.nhn.layers import Chance
from search.options import option

from .graphs import Halve


class HalvedDense(Unit):
    """A matrix of which the first and the second half of the rows are multiplied apart."""

    def __init__(self, layout, dtype, device) -> None:
        super().__init__()
        self.layout, self.cut = layout, layout.outputs // 2
        self.weight = nn.Parameter(torch.zeros(layout.outputs, layout.inputs, dtype=dtype, device=device))
        for name, status in (("mask", TRAINED), ("frozen", FIXED)):  # a synapse without a weight is a 1 that stays
            at = torch.zeros_like(self.weight, dtype=torch.bool if name == "mask" else dtype, requires_grad=False)
            at.view(-1)[torch.from_numpy(self.places(status)[1]).long()] = 1
            self.register_buffer(name, at)

    def places(self, status):
        """The ids of synapses of a status, and where they are in the matrix."""
        one = self.layout.are(status)
        flat = (self.layout.rows.astype(np.int64) * self.layout.inputs + self.layout.columns).astype(np.int32)
        return self.layout.ids[one], flat[one]

    def run(self, x, bias):
        weight = self.weight * self.mask + self.frozen
        y = torch.cat([x @ weight[: self.cut].T, x @ weight[self.cut :].T], 1)
        return y if bias is None else y + bias

    def slots(self):
        kept = (("weight", TRAINED, True), ("frozen", FROZEN, False))
        return [Slots(WEIGHT, self, name, *self.places(status), trained) for name, status, trained in kept]


def refuses(spec):
    if spec.window is not None or spec.identity or spec.aggregation != "sum":
        return "it multiplies numbers between scalars and sums them"
    return None


RATES = Rates("halved_dense", call=(30e-6, 60e-6), product=(126e-12, 0.6e-12))


def cost(spec, calibration):
    call, product = RATES.of(calibration)
    return call + product * spec.inputs * spec.outputs * spec.batch


SAMPLES = ((64, 64, 1, 32), (256, 256, 1, 32))
HALVED_DENSE = Lowering("halved_dense", refuses, cost, HalvedDense, (RATES,), matrix, SAMPLES)


def two_halves(directory, download) -> Dataset:
    """A data set: points of a line, and in which half of it they lie."""
    x = torch.linspace(0, 1, 40)[:, None]
    y = (x[:, 0] > 0.5).long()
    return Dataset("halves", x[::2], y[::2], x[1::2], y[1::2], (1,), 2)


HALF_WEIGHT = Metric(lambda traits: traits.weight_absolute / 2)


class Twice(Chance):
    """A sampler: random search, the second half of which is the first once more."""

    def ask(self, count):
        half = super().ask(-(-count // 2))
        return [*half, *half][:count]


@dataclass(frozen=True)
class HalvingOptions(GrowingOptions):
    """When to halve what."""

    halved: str = option("hidden1", "the population whose incoming weights are halved")
    at: int = option(1, "the epoch after which they are", least=1)


def check(graph, options) -> None:
    if options.halved not in graph.populations:
        raise OptionError(f"halved={options.halved!r}: there is no such population")


@dataclass
class Halving:
    """A callback of the trainer: one edit, after one epoch."""

    options: HalvingOptions
    keep: Any

    def __call__(self, trainer, row) -> None:
        if row["epoch"] == self.options.at:
            event = Event(trainer, "halving", self.options.measured, self.keep)
            event.apply(Halve(self.options.halved))
            row["event"], row["edit"] = event.close(), f"{self.options.halved} halved"


METHOD = Method("halve", HalvingOptions, check, Halving, help="halve weights while training")
