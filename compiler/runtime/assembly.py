"""From a program to units that hold numbers: the stages, their slots, and the way numbers get into them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from neurograph.core.arrays import GraphArrays

from ..lowering import REGIONS, REGISTRY
from ..lowering.base import Unit
from ..lowering.region import RegionLayout
from ..planning.program import NeuronsPlan, ProductPlan, Program
from ..regions.order import Order
from ..slots import WEIGHT, Quantity, SlotMap, Slots
from .neurons import NeuronUnit
from .norm import neurons_unit
from .region_stage import RegionStage
from .stage import Fetch, Stage

Spec = tuple[str, object]  # what a unit is made from: equal specs make equal units


@dataclass(frozen=True, eq=False)
class Assembly:
    """The running parts of a network.

    Parameters
    ----------
    stages, outputs
        In order.
    units
        spec -> unit.
    slots
        Where every number lives.
    fresh
        The units that were made for this assembly; the others were taken over.
    """

    stages: tuple[Stage | RegionStage, ...]
    outputs: tuple[Fetch, ...]
    units: dict[Spec, Unit]
    slots: SlotMap
    fresh: frozenset[Unit]


def product_spec(product: ProductPlan) -> Spec:
    """What the unit of a product is made from."""
    return product.lowering, product.layout


def neurons_spec(plan: NeuronsPlan) -> Spec:
    """What the unit of a block's neurons is made from."""
    return "neurons", plan


def assemble(
    program: Program, dtype: torch.dtype, device: torch.device, pool: dict[Spec, Unit] | None = None
) -> Assembly:
    """Make the units of a program, their numbers zero, taking over from a pool those that are there already.

    Parameters
    ----------
    program
        What to build.
    dtype, device
        Of the tensors.
    pool
        Units of the same dtype and device that may be taken over.
    """
    pool = pool or {}
    units: dict[Spec, Unit] = {}
    fresh = []

    def unit(spec: Spec, make: Callable[[], Unit]) -> Unit:
        found = pool.get(spec)
        if found is None:
            found = make()
            found.seal()
            fresh.append(found)
        units[spec] = found
        return found

    stages = []
    for stage in program.stages:
        products = [
            unit(product_spec(product), lambda p=product: _product_unit(p, dtype, device)) for product in stage.products
        ]
        if stage.is_region:
            stages.append(RegionStage(stage, products[0], device))
            continue
        plan = stage.blocks[0].neurons
        neurons = unit(neurons_spec(plan), lambda p=plan: neurons_unit(p, dtype, device))
        assert isinstance(neurons, NeuronUnit)
        stages.append(Stage(stage, products, neurons, device))
    outputs = tuple(Fetch(port.pieces, port.order, device, maps=bool(port.shape)) for port in program.outputs)
    slots = SlotMap(entry for found in units.values() for entry in found.slots())
    return Assembly(tuple(stages), outputs, units, slots, frozenset(fresh))


def _product_unit(product: ProductPlan, dtype: torch.dtype, device: torch.device) -> Unit:
    if isinstance(product.layout, RegionLayout):
        return REGIONS[product.lowering].unit(product.layout, dtype, device)
    return REGISTRY[product.lowering].unit(product.layout, dtype, device)


def graph_numbers(arrays: GraphArrays, quantity: Quantity, numbers: np.ndarray) -> np.ndarray:
    """(n, *shape of one) float64 what the graph holds for these (rising) ids or keys of one quantity."""
    name, shape = quantity
    found = np.empty((len(numbers), *shape))
    if shape:
        pool = next(index for index, pool in enumerate(arrays.pools) if pool.shape[1:] == shape)
        mine = np.flatnonzero(arrays.pool == pool)
        place = Order(numbers).places(arrays.ids[mine])
        found[place[place >= 0]] = arrays.pools[pool][arrays.row[mine[place >= 0]]]
        return found
    own, values = (arrays.ids, arrays.weight) if quantity == WEIGHT else (arrays.keys, arrays.values[name])
    place = Order(numbers).places(own)
    here = place >= 0
    if here.all():
        found[place] = values
    else:
        found[place[here]] = values[here]
    return found


def fill(slots: SlotMap, numbers: dict[Quantity, np.ndarray], only: Iterable[Unit] | None = None) -> None:
    """Put canonical vectors into the tensors; only into those of some units where given."""
    chosen = None if only is None else set(only)
    for quantity, vector in numbers.items():
        slots.scatter(quantity, torch.from_numpy(vector), only=lambda e: chosen is None or e.module in chosen)


def entries_by_parameter(slots: SlotMap) -> dict[int, Slots]:
    """id(Parameter) -> the entry whose numbers it holds; every Parameter holds those of one quantity."""
    return {id(entry.tensor): entry for entry in slots.slots if entry.trained}


def cast(vector: np.ndarray, dtype: torch.dtype) -> Tensor:
    """Float64 numbers as a network of that dtype holds them, in a dtype of numpy's (as `SlotMap.gather` returns)."""
    rounded = torch.from_numpy(vector).to(dtype)
    return rounded if dtype in (torch.float32, torch.float64) else rounded.float()
