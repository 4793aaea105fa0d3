"""Programs that are kept: graphs that are wired alike are planned once, whatever their neurons are called and numbered.

A program hangs on the order of keys and ids, not on the numbers themselves. So it is kept with those that it was made
for, and where another graph has others in the same order, these are put in their places. What is kept holds no weights
and no Parameters: 256 programs of small graphs, each of some kilobytes and at most 24 bytes a synapse, 25 MB in all.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurograph.core.state import GraphState
from neurograph.schema.synapse import DELAY

from ..lowering import REGIONS, REGISTRY
from ..lowering.kernels import instruction_set
from ..lowering.layout import ProductLayout
from ..lowering.region import RegionLayout
from ..snapshot import Snapshot, snapshot
from .planner import SHORT, plan
from .program import BlockPlan, Options, ProductPlan, Program, StagePlan

MOST = 256  # programs
LARGEST = 4096  # synapses of a graph whose program is kept

_kept: "OrderedDict[Hashable, KeptProgram]" = OrderedDict()


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of a graph: (N,) keys of its neurons and (E,) ids of its synapses, int64 and rising."""

    keys: np.ndarray
    ids: np.ndarray

    def same(self, other: "Numbers") -> bool:
        """Whether they are those of another."""
        return np.array_equal(self.keys, other.keys) and np.array_equal(self.ids, other.ids)


@dataclass(frozen=True, eq=False)
class KeptProgram:
    """A program, what it is of but for synapses, and the numbers of that graph."""

    program: Program
    snapshot: Snapshot
    numbers: Numbers


def planned(graph: Any, options: Options, cut_off: bool) -> tuple[Snapshot, Program]:
    """A graph, checked, and its program: the one of a graph that was wired alike, where that was kept.

    Parameters
    ----------
    graph
        A `NeuronGraph`, its values up to date. Where a program was kept, the snapshot's arrays hold no synapses, and
        of a large graph no weights: of these a plan needs the shapes alone.
    options, cut_off
        As `compiler.planning.planner.plan` and `compiler.snapshot.snapshot` take them.

    Raises
    ------
    CompileError
        As these do.
    """
    if len(graph.table) > LARGEST:
        found = _without_weights(snapshot(graph, cut_off))
        return found, plan(found, options)
    numbers, wiring = _wiring(graph)
    key = _key(options, cut_off, wiring)
    held = None if key is None else _kept.get(key)
    if held is not None and held.program.seconds < SHORT:
        _kept.move_to_end(key)
        return _with_numbers(held, numbers)
    found = snapshot(graph, cut_off)
    program = plan(found, options)
    if key is not None and program.calibration == options.calibration and program.seconds < SHORT and not found.memory:
        _kept[key] = KeptProgram(program, _without_synapses(found), numbers)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found, program


def forget() -> None:
    """Let all programs go that are kept."""
    _kept.clear()


def _key(options: Options, cut_off: bool, wiring: Hashable) -> Hashable:
    """All that a program hangs on; None where that cannot be told."""
    if wiring is None or not (options.pin is None or isinstance(options.pin, str)):
        return None
    return wiring, options, cut_off, (*REGISTRY.values(), *REGIONS.values()), instruction_set()


def _wiring(graph: GraphState) -> tuple[Numbers, Hashable]:
    """The numbers of a graph, and its wiring without them; None where synapses have delays."""
    table, columns, keys = graph.table, graph.neurons, graph.table.keys()
    rows: Any = table.live() if table.dead else slice(table.size)
    ids = table.id[rows]
    if len(ids) > 1 and not (ids[1:] > ids[:-1]).all():
        rows = np.arange(table.size)[rows][np.argsort(ids, kind="stable")]
        ids = table.id[rows]
    numbers, ends = Numbers(keys, ids), (table.src[rows], table.dst[rows])
    if len(keys) and keys[-1] >= len(keys):
        ends = tuple(np.searchsorted(keys, end).astype(np.int32) for end in ends)
    if any(DELAY in bundle for bundle in table.forms.bundles):
        return numbers, None
    has = [np.isnan(column[keys]) for column in columns.values.values()]
    parts = columns.kind[keys], *has, *ends, table.form[rows], table.pool[rows]
    shapes = tuple(pool.data.shape[1:] for pool in table.pools)
    names = tuple(graph.population_names), tuple(columns.kinds), tuple(table.forms.numbers), shapes
    return numbers, (len(keys), b"".join(part.tobytes() for part in parts), names)


def _without_weights(found: Snapshot) -> Snapshot:
    """A snapshot that is small enough to plan with."""
    arrays = found.arrays
    pools = tuple(np.empty((0, *pool.shape[1:])) for pool in arrays.pools)
    return replace(found, arrays=replace(arrays, row=np.empty(0, np.int32), pools=pools))


def _without_synapses(found: Snapshot) -> Snapshot:
    """A snapshot to be kept."""
    arrays, none = found.arrays, np.zeros(0, np.int32)
    columns = dict.fromkeys(("source", "target", "form", "row"), none)
    bare = replace(
        arrays, **columns, names=[], values={}, pools=(), ids=none.astype(np.int64), pool=none.astype(np.int8)
    )
    return replace(found, arrays=bare, synapses=found.count)


def _with_numbers(held: KeptProgram, numbers: Numbers) -> tuple[Snapshot, Program]:
    """A program as it is for a graph of other numbers."""
    if numbers.same(held.numbers):
        return held.snapshot, held.program
    then, program, found = held.numbers, held.program, held.snapshot

    def keys(old: np.ndarray) -> np.ndarray:
        return numbers.keys[np.searchsorted(then.keys, old)]

    def product(old: ProductPlan) -> ProductPlan:
        layout: ProductLayout = replace(old.layout, ids=numbers.ids[np.searchsorted(then.ids, old.layout.ids)])
        if isinstance(layout, RegionLayout):
            layout = replace(layout, keys=keys(layout.keys))
        return replace(old, layout=layout)

    def block(old: BlockPlan) -> BlockPlan:
        return replace(old, neurons=replace(old.neurons, keys=keys(old.neurons.keys)))

    def stage(old: StagePlan) -> StagePlan:
        return replace(old, blocks=tuple(map(block, old.blocks)), products=tuple(map(product, old.products)))

    stages = tuple(map(stage, program.stages))
    arrays = replace(found.arrays, keys=keys(found.arrays.keys))
    return replace(found, arrays=arrays), replace(program, stages=stages, blocks=tuple(map(keys, program.blocks)))
