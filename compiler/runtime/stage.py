"""A block's stage at run time: fetch what it reads, add up its products, finish its neurons.

No forward here goes through `nn.Module.__call__` or its attribute lookup: at batch 1 they would cost as much as the
products.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..lowering.aggregate import empty_value
from ..lowering.bare import BareModule, module_list
from ..lowering.base import Unit
from ..lowering.maps import pick
from ..planning.program import StagePlan
from ..regions.order import neighbours
from ..regions.product_wiring import Piece
from .neurons import NeuronUnit


class Fetch(BareModule):
    """Columns of earlier values, side by side; of feature maps, neighbours are read where they lie.

    Parameters
    ----------
    pieces
        (value, columns or None for all of them).
    order
        A last choice of columns, or None.
    device
        Of the indices.
    by_feature
        Whether to lay neurons out in rows of memory, as sparse products read them: picking rows is then a plain copy.
    maps
        Whether these are feature maps.
    """

    pieces: list[tuple[int, str | None]]
    by_feature: bool
    runs: list | None
    only: int | None

    def __init__(
        self,
        pieces: Sequence[Piece],
        order: np.ndarray | None,
        device: torch.device,
        by_feature: bool = False,
        maps: bool = False,
    ) -> None:
        super().__init__()
        named = []
        for index, (value, columns) in enumerate(pieces):
            name = None if columns is None else f"columns{index}"
            if columns is not None:
                self.add_buffer(f"columns{index}", torch.from_numpy(columns).long().to(device))
            named.append((value, name))
        self.add_buffer("order", None if order is None else torch.from_numpy(order).to(device))
        self.keep(
            pieces=named,
            by_feature=by_feature,
            runs=[(value, columns is None, neighbours(columns)) for value, columns in pieces] if maps else None,
            only=named[0][0] if len(named) == 1 and named[0][1] is None and order is None else None,
        )

    def get(self, values: list) -> Tensor:
        """(batch, columns) out of the values made so far."""
        if self.only is not None:
            return values[self.only]
        buffers = self._buffers
        if self.by_feature:
            rows = [values[v].t() for v, _ in self.pieces]
            rows = [
                r if name is None else r.index_select(0, buffers[name])
                for r, (_, name) in zip(rows, self.pieces, strict=True)
            ]
            return (rows[0] if len(rows) == 1 else torch.cat(rows, 0)).t()
        if self.runs is not None:
            return self._maps(values, self.runs)
        found = [values[v] if name is None else values[v].index_select(1, buffers[name]) for v, name in self.pieces]
        together = found[0] if len(found) == 1 else torch.cat(found, 1)
        order = buffers["order"]
        return together if order is None else together.index_select(1, order)

    def _maps(self, values: list, runs: list) -> Tensor:
        buffers, found = self._buffers, []
        for index, (value, whole, run) in enumerate(runs):
            x = values[value]
            if not whole and run is not None:
                x = x.narrow(1, *run)
            elif not whole:
                columns: Any = buffers[f"columns{index}"]
                x = pick(x, columns)
            found.append(x)
        together = found[0] if len(found) == 1 else torch.cat(found, 1)
        order = buffers["order"]
        return together if order is None else pick(together, order)


class Stage(BareModule):
    """One block of neurons and the units of the products that feed it.

    Parameters
    ----------
    plan
        What to run.
    units
        One unit per product of the plan; built anew or taken over from the network before a refresh.
    neurons
        The unit of its neurons, likewise.
    device
        Of the indices.
    """

    plan: StagePlan
    _runs: tuple[tuple[Unit, Fetch, str | None], ...]
    _neurons: NeuronUnit
    made: int
    size: int
    nothing: float
    shape: tuple[int, ...]

    def __init__(self, plan: StagePlan, units: Sequence[Unit], neurons: NeuronUnit, device: torch.device) -> None:
        super().__init__()
        fetches = [
            Fetch(product.pieces, None, device, unit.by_feature, product.layout.window is not None)
            for product, unit in zip(plan.products, units, strict=True)
        ]
        self._modules.update(units=module_list(units), neurons=neurons, fetches=module_list(fetches))
        rows = [
            None if product.rows is None else torch.from_numpy(product.rows).long().to(device)
            for product in plan.products
        ]
        for index, chosen in enumerate(rows):
            self.add_buffer(f"rows{index}", chosen)
        names = [None if chosen is None else f"rows{index}" for index, chosen in enumerate(rows)]
        (block,), (made,) = plan.blocks, plan.makes
        self.keep(
            plan=plan,
            _runs=tuple(zip(units, fetches, names, strict=True)),  # plain references: no module lookup while running
            _neurons=neurons,
            made=made,
            size=len(block.neurons.keys),
            nothing=empty_value(block.aggregation),
            shape=block.neurons.shape,
        )
        neurons.keep(population=block.population)

    def make(self, values: list, like: Tensor, keep: bool) -> None:
        """Put the value of its block into `values`; `like` is as in `run`."""
        values[self.made] = self.run(values, like)

    def run(self, values: list, like: Tensor) -> Tensor:
        """(batch, neurons) of this block, or its maps; `like` is any tensor with the batch, dtype and device."""
        neurons = self._neurons
        bias, total = neurons.offset(), None
        for unit, fetch, rows in self._runs:  # those of whole rows come first
            x = fetch.get(values)
            if rows is not None:
                total = self._begin(bias, like) if total is None else total
                place: Any = self._buffers[rows]
                total = total.index_add(1, place, unit.run(x, None).to(total.dtype))
            elif total is None:
                total = unit.run(x, bias)
            else:
                total = total + unit.run(x, None)
        if total is None:
            total = self._begin(bias, like)
        return neurons.finish(total)

    def _begin(self, bias: Tensor | None, like: Tensor) -> Tensor:
        """The sum of nothing, plus the bias."""
        nothing = like.new_full((self.size,), self.nothing)
        start = nothing if bias is None else (bias + nothing if self.nothing else bias)
        if self.shape:
            return start.view(-1, 1, 1).expand(like.shape[0], self.size, *self.shape)
        return start.expand(like.shape[0], self.size)
