"""Planning again after an edit: only the blocks that it touched, to the very program that planning from scratch makes.

The old program holds all synapses already, bundle by bundle, in the order in which a new one wants them. So a block is
planned from its old bundles, without the synapses that went and with those that came. What this does not know how to
do (feature maps, regions, neurons that change what they compute, edits that touch much) is planned from scratch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurograph.core.marks import WiringMark
from neurograph.core.state import GraphState
from neurograph.errors import CompileError

from ..lowering import REGIONS
from ..regions.blocks import Block, Blocks, depths
from ..regions.groups import bundle_groups
from ..regions.held import HeldBundle, HeldBundles
from ..regions.windows import NUMBER, SAME
from ..snapshot import Snapshot
from .calibration import current
from .choice import TargetPlanner, refuse_unused_pins
from .edited import EditedGraph, Group, find_edited
from .followed import Bundle, Followed
from .planner import SHORT, drafts, for_bundles, plan_neurons, program_of
from .program import BlockPlan, Options, ProductPlan, Program, StagePlan


@dataclass(frozen=True, eq=False)
class Replanned:
    """A program that follows an edit, with the neurons that it is for; no synapses are in the snapshot's arrays."""

    program: Program
    snapshot: Snapshot


def replan(graph: GraphState, program: Program, mark: WiringMark, options: Options, cut_off: bool) -> Replanned | None:
    """The program of a graph that was edited since another was made; None where planning has to start from scratch.

    Parameters
    ----------
    graph
        The graph, its values up to date.
    program, mark
        What was planned for it, and what its wiring was then.
    options
        What is planned for.
    cut_off
        As in `compiler.snapshot.snapshot`.
    """
    if program.options != options or not _plain(options) or any(stage.is_region for stage in program.stages):
        return None
    edited = find_edited(graph, mark, cut_off)
    if edited is None:
        return None
    try:
        found = _by_figures(edited, program, options)
    except CompileError:
        return None  # which planning from scratch says in full
    return None if found is None else Replanned(found, edited.snapshot)


def _plain(options: Options) -> bool:
    """Whether no region is pinned."""
    pin = options.pin
    return not (pin in REGIONS if isinstance(pin, str) else isinstance(pin, Mapping) and set(pin.values()) & {*REGIONS})


def _by_figures(edited: EditedGraph, program: Program, options: Options) -> Program | None:
    """The program by the figures that planning from scratch would go by."""
    if not options.measured:
        return _follow(edited, program, options)
    draft = None
    if drafts(edited.snapshot.count, options):
        first = program.draft if program.draft is not None else program
        if first.calibration != options.calibration:
            return None
        draft = _follow(edited, first, options)
        if draft is None or draft.seconds < SHORT:
            return draft
    figures = current(options.device)
    if program.calibration != figures or (draft is not None and program.draft is None):
        return None
    made = _follow(edited, program, replace(options, calibration=figures))
    return None if made is None else replace(made, options=options, draft=draft)


def _follow(edited: EditedGraph, program: Program, options: Options) -> Program | None:
    """The program that follows another, by the figures of the options; None where that has blocks that are no group."""
    first = {int(edited.mark.keys[places[0]]): group for group, places in edited.old.items()}
    groups = tuple(first[int(keys[0])] for keys in program.blocks if int(keys[0]) in first)
    if len(groups) != len(program.blocks) or len(groups) != len(edited.old):
        return None
    if any(len(edited.old[group]) != len(keys) for group, keys in zip(groups, program.blocks, strict=True)):
        return None
    return _Follower(Followed(edited, program, groups), options).program()


@dataclass(frozen=True, eq=False)
class _Follower:
    """One program that follows another."""

    was: Followed
    options: Options

    @property
    def edited(self) -> EditedGraph:
        return self.was.edited

    def program(self) -> Program | None:
        """The program; None where it is not of the graph then, or a block would wait for itself."""
        touched = self.was.touched
        bundles = {group: self.was.bundles(group) for group in self.edited.new if group in touched}
        if None in bundles.values():
            return None
        order = self.order({group: {source for source, _ in held or ()} for group, held in bundles.items()})
        if order is None:
            return None
        for group in self.edited.new:
            if group not in bundles and not self.in_order(group, order):
                bundles[group] = self.was.bundles(group)
        return self.assembled(order, bundles)  # pyright: ignore[reportArgumentType]

    def order(self, reads: Mapping[Group, set[Group]]) -> dict[Group, int] | None:
        """The number of each block; None where one waits for itself."""
        groups = list(self.edited.new)
        number = {group: at for at, group in enumerate(groups)}
        pairs = [
            (number[source], number[group])
            for group in groups
            for source in (reads[group] if group in reads else self.was.reads(group))
        ]
        depth = None if any(a == b for a, b in pairs) else depths(len(groups), pairs)
        if depth is None:
            return None
        ranked = sorted(groups, key=lambda group: (depth[number[group]], self.was.keys(group)[0]))
        return {group: index for index, group in enumerate(ranked)}

    def in_order(self, group: Group, order: Mapping[Group, int]) -> bool:
        """Whether the blocks that a group reads come in the order in which they came."""
        sources = sorted(self.was.reads(group), key=self.was.at.__getitem__)
        numbers = [order[source] for source in sources]
        return numbers == sorted(numbers)

    def assembled(self, order: Mapping[Group, int], bundles: Mapping[Group, dict[Bundle, HeldBundle]]) -> Program:
        """The program, out of blocks in order and the bundles of those that are planned again."""
        snapshot, options = self.edited.snapshot, self.options
        blocks = self._blocks(order)
        held, starts = _sized(order, bundles)
        padded = np.zeros(len(held.target), np.int64)
        planner = TargetPlanner(blocks, held, bundle_groups(held), padded, for_bundles(options), 0)
        stages = []
        for group, index in order.items():
            if group[1].role == "input":
                continue
            if group in bundles:
                start = starts[group]
                products = replace(planner, target=index).products(np.arange(start, start + len(bundles[group])))
            else:
                products = tuple(self._renumbered(product, order) for product in self.was.stages[group].products)
            stages.append(StagePlan((index,), (self._block(group, blocks.blocks[index]),), products))
        joined = [(value, stage.makes[0]) for stage in stages for p in stage.products for value, _ in p.pieces]
        refuse_unused_pins(options.pin, blocks, joined)
        return program_of(snapshot, blocks, stages, options)

    def _blocks(self, order: Mapping[Group, int]) -> Blocks:
        many = len(self.edited.snapshot.arrays.keys)
        block, place, found = np.empty(many, np.int32), np.empty(many, np.int32), []
        for group, index in order.items():
            neurons = self.edited.new[group]
            block[neurons], place[neurons] = index, np.arange(len(neurons))
            found.append(Block(*group, neurons))
        return Blocks(tuple(found), block, place)

    def _block(self, group: Group, block: Block) -> BlockPlan:
        stage = self.was.stages.get(group)
        if stage is not None and self.edited.alike(group):
            return stage.blocks[0]
        neurons = plan_neurons(self.edited.snapshot.arrays, block)
        return BlockPlan(block.population, block.signature.aggregation, neurons)

    def _renumbered(self, product: ProductPlan, order: Mapping[Group, int]) -> ProductPlan:
        pieces = tuple((order[self.was.groups[value]], places) for value, places in product.pieces)
        return replace(product, pieces=pieces)


def _sized(
    order: Mapping[Group, int], bundles: Mapping[Group, dict[Bundle, HeldBundle]]
) -> tuple[HeldBundles, dict[Group, int]]:
    """All bundles in order, and where those of each target begin."""
    columns: list[tuple[int, int, int]] = []
    held: list[HeldBundle] = []
    starts = {}
    for group, index in order.items():
        starts[group] = len(held)
        mine = sorted((order[source], same, bundle) for (source, same), bundle in bundles.get(group, {}).items())
        columns += [(index, source, SAME if same else NUMBER) for source, same, _ in mine]
        held += [bundle for _, _, bundle in mine]
    target, source, code = np.array(columns, np.int64).reshape(-1, 3).T
    sizes = np.array([bundle.touched() for bundle in held], np.int64).reshape(-1, 2)
    count = np.array([len(bundle.ids) for bundle in held], np.int64)
    return HeldBundles(target, source, code, count, sizes[:, 0], sizes[:, 1], (None, None), held), starts
