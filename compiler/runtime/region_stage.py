"""A region's stage at run time: fetch what it reads, and make several blocks at once."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..lowering.bare import BareModule, module_list
from ..lowering.region import RegionLayout, RegionUnit
from ..planning.program import StagePlan
from .stage import Fetch


class RegionStage(BareModule):
    """Several blocks of neurons and the unit that makes them.

    Parameters
    ----------
    plan
        What to run.
    unit
        A `RegionUnit`; built anew or taken over from the network before a refresh.
    device
        Of the indices.
    """

    _unit: RegionUnit

    def __init__(self, plan: StagePlan, unit: Any, device: torch.device) -> None:
        super().__init__()
        (product,) = plan.products
        assert isinstance(product.layout, RegionLayout) and isinstance(unit, RegionUnit)
        self.plan = plan
        self.units = module_list([unit])
        self.fetch = Fetch(product.pieces, None, device, unit.by_feature) if product.pieces else None
        order = np.argsort(product.layout.keys)
        rising, places = product.layout.keys[order], product.layout.inputs + order
        places = [places[np.searchsorted(rising, block.neurons.keys)] for block in plan.blocks]
        outer = [at for at, block in enumerate(plan.blocks) if not block.inner]
        self.cuts = _cuts(plan, range(len(places))), _cuts(plan, outer)
        for name, chosen in (("every", range(len(places))), ("outer", outer)):
            together = np.concatenate([np.zeros(0, np.int64), *(places[at] for at in chosen)]).astype(np.int32)
            self.add_buffer(name, torch.from_numpy(together).to(device))
        self.__dict__["_unit"] = unit  # a plain reference: no module lookup while running

    def make(self, values: list, like: Tensor, keep: bool) -> None:
        """Put the values of its blocks into `values`, those that nobody else reads only where all are kept.

        `like` is any tensor with the batch, dtype and device.
        """
        x = like.new_empty(like.shape[0], 0) if self.fetch is None else self.fetch.get(values)
        wanted: Any = self._buffers["every" if keep else "outer"]
        found = self._unit.make(x, wanted)
        for value, start, count in self.cuts[0 if keep else 1]:
            values[value] = found if count == found.shape[1] else found.narrow(1, start, count)


def _cuts(plan: StagePlan, chosen: Any) -> tuple[tuple[int, int, int], ...]:
    """(value, first column, columns) of some of its blocks, side by side."""
    found, start = [], 0
    for at in chosen:
        count = len(plan.blocks[at].neurons.keys)
        found.append((plan.makes[at], start, count))
        start += count
    return tuple(found)
