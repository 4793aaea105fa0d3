"""The planner: from a checked graph to a program; the choice of products is `choice.py`'s."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.errors import CompileError

from ..lowering import REGIONS
from ..regions.blocks import Block, Blocks, Sorting, find_blocks, sort_neurons
from ..regions.bundles import Bundles, find_bundles
from ..regions.groups import bundle_groups, depthwise
from ..regions.product_wiring import Piece
from ..regions.status import FIXED, FROZEN, TRAINED
from ..regions.uneven import padded_sizes
from ..snapshot import Port, Snapshot
from .calibration import current
from .choice import TargetPlanner, refuse_unused_pins
from .pins import BLOCKS, Pin
from .program import BlockPlan, NeuronsPlan, Options, PortPlan, ProductPlan, Program, StagePlan
from .region_choice import Region, RegionChooser, region_product

SHORT = 1e-3  # seconds a step: what is shorter is not worth measuring a machine for
LONG = 1 << 26  # synapses times rows that take longer than that on any processor


def plan(snapshot: Snapshot, options: Options) -> Program:
    """Plan how to run a network: by the figures of the options or, where these allow it, by those of this machine.

    Parameters
    ----------
    snapshot
        A checked graph.
    options
        What to plan for.

    Raises
    ------
    CompileError
        Where a pinned lowering cannot run a bundle, naming both and the reason.
    """
    planner = _Planner(snapshot)
    if not options.measured:
        return planner.planned(options)
    draft = None
    if drafts(len(snapshot.arrays.ids), options):
        draft = planner.planned(options)
        if draft.seconds < SHORT:
            return draft
    figures = current(options.device)
    if draft is not None and figures == options.calibration:
        return replace(draft, draft=draft)
    return replace(planner.planned(replace(options, calibration=figures)), options=options, draft=draft)


def drafts(synapses: int, options: Options) -> bool:
    """Whether to plan by the figures of the options first: a step may be too short to measure a machine for."""
    return options.device != "cpu" or synapses * options.batch_size < LONG


@dataclass(frozen=True, eq=False)
class _Wiring:
    """The blocks of a graph and the bundles between them; `number` says in which region each kind of neuron is."""

    number: np.ndarray
    blocks: Blocks
    bundles: Bundles
    groups: np.ndarray
    padded: np.ndarray

    @classmethod
    def of(cls, arrays: GraphArrays, sorting: Sorting, number: np.ndarray) -> "_Wiring":
        """The wiring of a graph that is cut into regions so."""
        blocks = find_blocks(arrays, sorting, number)
        bundles = find_bundles(arrays, blocks)
        groups = depthwise(bundles, bundle_groups(bundles))
        return cls(number, blocks, bundles, groups, padded_sizes(bundles, groups))


class _Planner:
    """Plans a graph, by some figures and by others; what is wired does not depend on them but for the regions."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.sorting = snapshot, sort_neurons(snapshot.arrays)
        self._wiring: _Wiring | None = None

    def planned(self, options: Options) -> Program:
        """The program by the figures of the options."""
        snapshot, arrays = self.snapshot, self.snapshot.arrays
        regions = RegionChooser(arrays, self.sorting, options, snapshot.together).regions()
        wiring = self._wired(regions)
        blocks, bundles = wiring.blocks, wiring.bundles
        refuse_unused_pins(options.pin, blocks, zip(bundles.source.tolist(), bundles.target.tolist(), strict=True))
        edges, apart = np.searchsorted(bundles.target, np.arange(len(blocks.blocks) + 1)), for_bundles(options)
        made: dict[int, list[int]] = {}
        for index, block in enumerate(blocks.blocks):
            if block.region >= 0:
                made.setdefault(block.region, []).append(index)
        stages = []
        for index, block in enumerate(blocks.blocks):
            if block.region >= 0:
                if index == made[block.region][0]:
                    product = region_product(arrays, blocks, regions[block.region])
                    stages.append(_stage(arrays, blocks, tuple(made[block.region]), (product,)))
            elif block.signature.role != "input":
                feeding = np.arange(edges[index], edges[index + 1])
                target = TargetPlanner(blocks, bundles, wiring.groups, wiring.padded, apart, index)
                stages.append(_stage(arrays, blocks, (index,), target.products(feeding)))
        return program_of(snapshot, blocks, stages, options)

    def _wired(self, regions: Sequence[Region]) -> _Wiring:
        """The wiring cut into these regions: the one before, where they are the same."""
        number = np.full(len(self.sorting.kinds), -1)
        for at, region in enumerate(regions):
            number[region.whole.groups] = at
        if self._wiring is None or not np.array_equal(number, self._wiring.number):
            self._wiring = _Wiring.of(self.snapshot.arrays, self.sorting, number)
        return self._wiring


def for_bundles(options: Options) -> Options:
    """The options by which single bundles are planned: a pin of whole blocks or regions says nothing about them."""
    whole = isinstance(options.pin, str) and options.pin in (BLOCKS, *REGIONS)
    return replace(options, pin=None) if whole else options


def program_of(snapshot: Snapshot, blocks: Blocks, stages: list[StagePlan], options: Options) -> Program:
    """The program of stages that make all blocks."""
    refuse_idle_pin(options.pin, stages)
    return Program(
        options,
        tuple(plan_port(port, blocks) for port in snapshot.inputs),
        tuple(plan_port(port, blocks) for port in snapshot.outputs),
        tuple(stages),
        tuple(snapshot.arrays.keys[block.neurons] for block in blocks.blocks),
        options.calibration,
    )


def refuse_idle_pin(pin: Pin, stages: list[StagePlan]) -> None:
    """A name that fits none of the bundles would silently do nothing."""
    if pin == BLOCKS:
        return
    used = [product.lowering for stage in stages for product in stage.products]
    if isinstance(pin, str) and used and pin not in used:
        raise CompileError(f"lowering={pin!r} fits no bundle of this graph; it runs by {', '.join(sorted(set(used)))}")


def _stage(arrays: GraphArrays, blocks: Blocks, makes: tuple[int, ...], products: tuple[ProductPlan, ...]) -> StagePlan:
    made = [blocks.blocks[index] for index in makes]
    plans = [BlockPlan(b.population, b.signature.aggregation, plan_neurons(arrays, b), b.inner) for b in made]
    return StagePlan(makes, tuple(plans), products)


def plan_neurons(arrays: GraphArrays, block: Block) -> NeuronsPlan:
    """What happens to a block after the sum."""
    trainable = np.array([kind.trainable for kind in arrays.kinds], bool)[arrays.kind[block.neurons]]
    scale = np.where(trainable, TRAINED, FROZEN).astype(np.uint8)
    sorts = [
        np.where(np.isnan(arrays.values[name][block.neurons]), FIXED, scale).astype(np.uint8)
        for name in ("bias", "slope")
    ]
    signature = block.signature
    return NeuronsPlan(
        arrays.keys[block.neurons],
        signature.activation,
        *sorts,
        shape=signature.shape,
        scale=None if signature.norm is None else scale,
        norm=signature.norm,
        dropout=signature.dropout,
        channelwise=signature.channelwise,
    )


def plan_port(port: Port, blocks: Blocks) -> PortPlan:
    """One tensor in or out.

    A population's neurons are in key order in the port and in each block, so only several blocks need an order.
    """
    block, place = blocks.block[port.neurons], blocks.place[port.neurons]
    pieces: list[Piece] = []
    for index in sorted(set(block.tolist())):
        mine = place[block == index]
        pieces.append((index, None if len(mine) == len(blocks.blocks[index].neurons) else mine.astype(np.int64)))
    order = None if len(pieces) == 1 else np.argsort(np.argsort(block, kind="stable"))
    return PortPlan(port.population, len(port.neurons), tuple(pieces), order, port.shape)
