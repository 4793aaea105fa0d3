"""What the products of a network take on this machine, beside what was predicted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from compiler.lowering.region import RegionUnit
from compiler.planning.measuring import shortest
from compiler.planning.program import ProductPlan
from compiler.runtime.assembly import product_spec
from compiler.runtime.module import CompiledModule


def product_seconds(network: CompiledModule) -> tuple[tuple[float, ...], ...]:
    """Seconds of a step (forward and backward) of each product, stage by stage, on a batch that it is tuned for.

    Each runs alone, on random values and with its own weights; no gradient is left behind. Only where they run on the
    CPU are the times those of the products: nothing waits for another device.
    """
    found = []
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        for stage in network.program.stages:
            steps = [_step(network, product) for product in stage.products]
            found.append(tuple(shortest(steps, float("inf")).tolist()))
    return tuple(found)


def _step(network: CompiledModule, product: ProductPlan) -> Callable[[], object]:
    unit, layout = network.units[product_spec(product)], product.layout
    rows, place = network.program.options.batch_size, {"dtype": network.dtype, "device": network.device}
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
        places = places.to(network.device)
        run = lambda x: unit.make(x, places)  # noqa: E731
    numbers: list[Any] = [x.requires_grad_(), *(p for p in unit.parameters() if p.requires_grad)]
    gradient = torch.ones_like(run(x))
    return lambda: torch.autograd.grad(run(x), numbers, gradient, allow_unused=True)
