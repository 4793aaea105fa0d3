"""What the products of a network take on this machine, beside what was predicted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..lowering.base import Unit
from ..lowering.region import RegionUnit
from ..planning.measuring import shortest
from ..planning.program import ProductPlan, Program
from .assembly import Spec, product_spec


def product_seconds(program: Program, units: dict[Spec, Unit], like: Tensor) -> tuple[tuple[float, ...], ...]:
    """Seconds of a step (forward and backward) of each product, stage by stage, on a batch that it is tuned for.

    Each runs alone, on random values and with its own weights; no gradient is left behind. Only where they run on the
    CPU are the times those of the products: nothing waits for another device.

    Parameters
    ----------
    program, units
        What a network runs.
    like
        A tensor of its dtype, where it is.
    """
    found = []
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        for stage in program.stages:
            steps = [_step(units[product_spec(p)], p, program.options.batch_size, like) for p in stage.products]
            found.append(tuple(shortest(steps, float("inf")).tolist()))
    return tuple(found)


def _step(unit: Unit, product: ProductPlan, rows: int, like: Tensor) -> Callable[[], object]:
    layout, place = product.layout, {"dtype": like.dtype, "device": like.device}
    maps = () if layout.window is None else layout.window.source
    by_feature = unit.by_feature and not maps
    x = (
        torch.randn(layout.inputs, rows, **place).t()
        if by_feature
        else torch.randn(rows, layout.inputs, *maps, **place)
    )
    run: Callable[[Tensor], Tensor] = lambda x: unit.run(x, None)  # noqa: E731
    if isinstance(unit, RegionUnit):
        places = torch.from_numpy(np.arange(layout.inputs, layout.inputs + layout.outputs, dtype=np.int32))
        places = places.to(like.device)
        run = lambda x: unit.make(x, places)  # noqa: E731
    numbers: list[Any] = [x.requires_grad_(), *(p for p in unit.parameters() if p.requires_grad)]
    gradient = torch.ones_like(run(x))
    return lambda: torch.autograd.grad(run(x), numbers, gradient, allow_unused=True)
