"""The planner: which products feed each block, in which shape, by which lowering."""

from dataclasses import dataclass

import numpy as np

from compiler.cost import Extent, choose, gathering, price
from compiler.lowering import REGISTRY, Layout
from compiler.lowering.base import FIXED, FROZEN, TRAINED
from compiler.pins import Bundle, Pin, pinned, unused
from compiler.program import NeuronsPlan, Options, PartPlan, PortPlan, Program, StagePlan
from compiler.regions.blocks import Block, Blocks, find_blocks
from compiler.regions.bundles import Bundles, find_bundles
from compiler.regions.parts import Part, Piece, cut_part
from compiler.regions.remainder import merge_thin
from compiler.snapshot import Port, Snapshot
from neurograph.arrays import GraphArrays
from neurograph.errors import CompileError


def plan(snapshot: Snapshot, options: Options) -> Program:
    """Plan how to run a network.

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
    arrays = snapshot.arrays
    blocks = find_blocks(arrays)
    bundles = find_bundles(arrays, blocks)
    _refuse_unused_pins(options.pin, blocks, bundles)
    edges = np.searchsorted(bundles.target, np.arange(len(blocks.blocks) + 1))
    stages = []
    for index, block in enumerate(blocks.blocks):
        if block.signature.role != "input":
            feeding = np.arange(edges[index], edges[index + 1])
            parts = _Planner(arrays, blocks, bundles, options, index).parts(feeding)
            neurons = _neurons(arrays, block)
            stages.append(StagePlan(index, block.population, block.signature.aggregation, neurons, parts))
    return Program(
        options,
        tuple(_port(port, blocks) for port in snapshot.inputs),
        tuple(_port(port, blocks) for port in snapshot.outputs),
        tuple(stages),
        tuple(arrays.keys[block.neurons] for block in blocks.blocks),
    )


def _refuse_unused_pins(pin: Pin, blocks: Blocks, bundles: Bundles) -> None:
    names = [block.population for block in blocks.blocks]
    pairs = {(names[s], names[t]) for s, t in zip(bundles.source.tolist(), bundles.target.tolist(), strict=True)}
    if odd := unused(pin, set(names), pairs):
        raise CompileError(
            f"lowering={{{odd[0]!r}: ...}} names no bundle; populations are {', '.join(map(repr, sorted(set(names))))}"
        )


def _neurons(arrays: GraphArrays, block: Block) -> NeuronsPlan:
    trainable = np.array([kind.trainable for kind in arrays.kinds], bool)[arrays.kind[block.neurons]]
    sorts = [
        np.where(np.isnan(arrays.values[name][block.neurons]), FIXED, np.where(trainable, TRAINED, FROZEN)).astype(
            np.uint8
        )
        for name in ("bias", "slope")
    ]
    return NeuronsPlan(arrays.keys[block.neurons], block.signature.activation, *sorts)


def _port(port: Port, blocks: Blocks) -> PortPlan:
    """A population's neurons are in key order in the port and in each block, so only several blocks need an order."""
    block, place = blocks.block[port.neurons], blocks.place[port.neurons]
    pieces: list[Piece] = []
    for index in sorted(set(block.tolist())):
        mine = place[block == index]
        pieces.append((index, None if len(mine) == len(blocks.blocks[index].neurons) else mine.astype(np.int64)))
    order = None if len(pieces) == 1 else np.argsort(np.argsort(block, kind="stable"))
    return PortPlan(port.population, len(port.neurons), tuple(pieces), order)


@dataclass(frozen=True)
class _Planner:
    """The choice of products for one target block."""

    arrays: GraphArrays
    blocks: Blocks
    bundles: Bundles
    options: Options
    target: int

    @property
    def block(self) -> Block:
        return self.blocks.blocks[self.target]

    def parts(self, feeding: np.ndarray) -> tuple[PartPlan, ...]:
        if not len(feeding):
            return ()
        if self.block.signature.aggregation != "sum":
            return (self.lower(feeding),)
        free = np.array([self.pin(feeding[i : i + 1]) is None for i in range(len(feeding))]) if self.asks else None
        mergeable = feeding if free is None else feeding[free]
        groups = [] if free is None else [feeding[i : i + 1] for i in np.flatnonzero(~free)]
        groups += [mergeable[group] for group in self.merge(mergeable)]
        plans = [self.lower(group) for group in sorted(groups, key=lambda group: int(group[0]))]
        return tuple(sorted(plans, key=lambda p: p.rows is not None))  # whole rows first: they begin the sum

    @property
    def asks(self) -> bool:
        """Whether single bundles may be pinned: those are not merged."""
        return self.options.pin is not None and not isinstance(self.options.pin, str)

    def extent(self, identity: bool) -> Extent:
        options = self.options
        return Extent(
            0, 0, 0, options.batch_size, identity, self.block.signature.aggregation, options.dtype, options.device
        )

    def lowerings(self) -> list:
        pin = self.options.pin
        return [REGISTRY[pin]] if isinstance(pin, str) and pin in REGISTRY else list(REGISTRY.values())

    def merge(self, feeding: np.ndarray) -> list[np.ndarray]:
        bundles, options = self.bundles, self.options
        calibration, batch = options.calibration, options.batch_size
        count, sources, targets = bundles.count[feeding], bundles.sources[feeding], bundles.targets[feeding]
        whole = np.array([len(self.blocks.blocks[b].neurons) for b in bundles.source[feeding]])
        size, alone = len(self.block.neurons), np.full(len(feeding), np.inf)
        for identity in (False, True):
            mine = bundles.identity[feeding] == identity
            extent = self.extent(identity).sized(whole[mine], size, count[mine])
            alone[mine] = price(self.lowerings(), extent, calibration)
            picked = extent.sized(sources[mine], targets[mine], count[mine])
            moved = gathering(calibration, (sources + targets)[mine] * batch, 2)
            alone[mine] = np.minimum(alone[mine], price(self.lowerings(), picked, calibration) + moved)

        def merged(inputs: np.ndarray, outputs: np.ndarray, synapses: np.ndarray, many: np.ndarray) -> np.ndarray:
            seconds = price(self.lowerings(), self.extent(False).sized(inputs, outputs, synapses), calibration)
            return seconds + gathering(calibration, inputs * batch, many)

        return merge_thin(count, sources, targets, size, alone, merged)

    def pin(self, group: np.ndarray) -> str | None:
        return pinned(
            self.options.pin, self.view(group, int(self.bundles.sources[group].sum()), len(self.block.neurons))
        )

    def view(self, group: np.ndarray, inputs: int, outputs: int) -> Bundle:
        names = dict.fromkeys(self.blocks.blocks[int(b)].population for b in self.bundles.source[group])
        count, identity = int(self.bundles.count[group].sum()), bool(self.bundles.identity[group].all())
        signature = self.block.signature
        return Bundle(tuple(names), self.block.population, inputs, outputs, count, identity, signature.aggregation)

    def lower(self, group: np.ndarray) -> PartPlan:
        """Choose the shape and the lowering of one group of bundles."""
        pin, best = self.pin(group), None
        sums = self.block.signature.aggregation == "sum"
        size, batch = len(self.block.neurons), self.options.batch_size
        count = int(self.bundles.count[group].sum())
        whole = sum(len(self.blocks.blocks[b].neurons) for b in dict.fromkeys(self.bundles.source[group].tolist()))
        used, touched = self.used(group)
        identity = bool(self.bundles.identity[group].all())
        where = str(self.view(group, used, touched))
        for pick in (False, True) if sums and used < whole else (not sums,):
            for narrow in (False, True) if sums and touched < size else (False,):
                inputs, outputs = used if pick else whole, touched if narrow else size
                extent = self.extent(identity).sized(inputs, outputs, count)
                lowering, seconds, why = choose(REGISTRY.values(), extent, self.options.calibration, pin, where)
                moved = (
                    gathering(self.options.calibration, inputs * batch, len(group)) if pick or len(group) > 1 else 0.0
                )
                moved += gathering(self.options.calibration, outputs * batch) if narrow else 0.0
                if best is None or seconds + moved < best[0]:
                    best = (seconds + moved, pick, narrow, lowering, why)
        assert best is not None
        seconds, pick, narrow, lowering, why = best
        part = cut_part(self.arrays, self.blocks, self.bundles, self.target, group, pick, narrow)
        sources = self.view(group, part.inputs, part.outputs).sources
        return PartPlan(lowering.name, self.layout(part), part.pieces, part.rows, sources, seconds, why)

    def used(self, group: np.ndarray) -> tuple[int, int]:
        """How many different neurons a group touches at both ends."""
        if len(group) == 1:
            return int(self.bundles.sources[group[0]]), int(self.bundles.targets[group[0]])
        synapses = np.concatenate([self.bundles.of(int(b)) for b in group])
        ends = (self.arrays.source[synapses], self.arrays.target[synapses])
        counts = [int(np.count_nonzero(np.diff(np.sort(end), prepend=-1))) for end in ends]
        return counts[0], counts[1]

    def layout(self, part: Part) -> Layout:
        arrays = self.arrays
        full = len(part.synapses) == part.inputs * part.outputs
        code = np.array([_sort_of(form) for form in arrays.forms], np.uint8)[arrays.form[part.synapses]]
        return Layout(
            part.inputs,
            part.outputs,
            arrays.ids[part.synapses],
            None if full else part.row,
            None if full else part.column,
            code if code.any() else None,
            self.block.signature.aggregation,
        )


def _sort_of(form) -> int:
    if form.op == "identity":
        return FIXED
    return TRAINED if form.trainable else FROZEN
