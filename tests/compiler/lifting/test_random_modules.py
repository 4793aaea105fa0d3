"""Modules drawn at random: whatever goes on with, merges into or copies a draft, the numbers stay the module's."""

import re

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from neurograph.errors import CompileError
from tests.compiler.lifting.roundtrip import check, inputs, shaken

CHANNELS, SIDE = 2, 3
UNARY = {
    "tanh": torch.tanh,
    "sin": torch.sin,
    "twice": lambda x: 2.0 * x,
    "shift": lambda x: x + 0.5,
    "swap": lambda x: torch.cat(x.chunk(2, 1)[::-1], 1),
    "part": lambda x: F.pad(x[:, 1:], (0, 0, 0, 0, 1, 0)),
    "pool": lambda x: F.avg_pool2d(x, 3, 1, 1),
    "view": lambda x: x.view(x.shape),
    "sigmoid in place": lambda x: x.mul_(0.5),
    "shift in place": lambda x: x.add_(0.25),
}
BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "add in place": lambda x, y: x.add_(y),
}


class Random(nn.Module):
    """Operators on values that are there, one after another, from a seed."""

    def __init__(self, seed: int, length: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        self.steps, self.layers = [], nn.ModuleList()
        for there in range(1, length + 1):
            # near ones more often: only what nobody else reads is gone on with
            reads = (there - 1 - np.minimum(rng.geometric(0.6, 2) - 1, there - 1)).tolist()
            kind = str(rng.choice(["conv", "conv without bias", "norm", "both", *UNARY, *BINARY]))
            self.steps.append((kind, reads, len(self.layers)))
            if kind.startswith("conv"):
                self.layers.append(nn.Conv2d(CHANNELS, CHANNELS, 1 + 2 * int(rng.integers(2)), bias=kind == "conv"))
                self.layers[-1].padding = tuple(k // 2 for k in self.layers[-1].kernel_size)
            elif kind == "norm":
                self.layers.append(nn.BatchNorm2d(CHANNELS, affine=bool(rng.random() < 0.8)))
            elif kind == "both":
                self.layers.append(nn.Conv2d(2 * CHANNELS, CHANNELS, 1))
        read = {place for kind, reads, _ in self.steps for place in reads[: 1 + (kind in BINARY or kind == "both")]}
        idle = [place for place in range(length + 1) if place not in read]
        self.outputs = [*idle, *rng.integers(0, length + 1, int(rng.integers(2))).tolist()]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        values = [x * 1.5]
        for kind, (one, other), layer in self.steps:
            if kind in UNARY:
                made = UNARY[kind](values[one])
            elif kind in BINARY:
                made = BINARY[kind](values[one], values[other])
            elif kind == "both":
                made = self.layers[layer](torch.cat([values[one], values[other]], 1))
            else:
                made = self.layers[layer](values[one])
            values.append(made)
        return tuple(values[place] for place in self.outputs)


@given(seed=st.integers(0, 2**20), length=st.integers(1, 12), training=st.booleans())
@settings(max_examples=60)
def test_random_modules_go_round(seed, length, training):
    module = shaken(Random(seed, length))
    try:
        check(module, inputs(3, CHANNELS, SIDE, SIDE), training=training)
    except (RuntimeError, CompileError) as error:  # torch cannot differentiate it; a view that is read later; a zero
        if not re.search(
            "modified by an inplace operation|views that are read later|no output can be reached", str(error)
        ):
            raise
