"""From graphs to one snapshot: their arrays merged, their inputs shared or side by side, checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.merging import OWN, SHIFT, MergedGraphs, merge
from neurograph.errors import CompileError
from neurograph.storage.sets import each_once

from ..memory import Memory, MemoryPort, one_step
from ..planning.program import Options
from ..snapshot import Snapshot, check_arrays, memory_ports, reached_from, snapshot
from .arrangement import Arrangement, arrange, laid_out
from .ports import Ports, Side, find_side
from .wirings import equal_wirings


@dataclass(frozen=True, eq=False)
class MergedSnapshot:
    """All individuals as one graph that can be compiled.

    Parameters
    ----------
    snapshot
        That graph.
    inputs, outputs
        What each individual takes and gives.
    columns
        (individuals, neurons) the keys of the input and the output neurons, as each graph has them.
    arrangement
        Who runs with whom.
    """

    snapshot: Snapshot
    inputs: Ports
    outputs: Ports
    columns: tuple[np.ndarray, np.ndarray]
    arrangement: Arrangement


def merged_snapshot(graphs: Sequence[Any], shared: bool, cut_off: bool, options: Options) -> MergedSnapshot:
    """The snapshot of a population.

    Parameters
    ----------
    graphs
        The individuals.
    shared
        Whether all read the same inputs.
    cut_off
        Whether individuals are taken none of whose outputs can be reached from an input.
    options
        What is planned for.

    Raises
    ------
    CompileError
        Naming the individual that cannot be compiled, or that takes or gives something else than the first.
    """
    return snapshot_of(merge(graphs), graphs, shared, cut_off, options)


def snapshot_of(
    merged: MergedGraphs, graphs: Sequence[Any], shared: bool, cut_off: bool, options: Options
) -> MergedSnapshot:
    """The snapshot of a population whose graphs are merged already; see `merged_snapshot`."""
    try:
        return _snapshot_of(merged, graphs, shared, cut_off, options)
    except CompileError:
        for at, graph in enumerate(graphs):  # whose fault is it?
            try:
                snapshot(graph, cut_off)
            except CompileError as error:
                raise CompileError(f"individual {at}: {error}") from None
        raise


def _snapshot_of(
    merged: MergedGraphs, graphs: Sequence[Any], shared: bool, cut_off: bool, options: Options
) -> MergedSnapshot:
    if len(each_once(merged.graph)) < len(graphs):
        raise CompileError("an individual is empty")
    is_input = np.array([kind.role == "input" for kind in merged.kinds], bool)
    is_output = np.array([kind.is_output for kind in merged.kinds], bool)
    inputs, outputs = find_side(merged, is_input, "takes"), find_side(merged, is_output, "gives")
    if not inputs.ports or not outputs.ports:
        raise CompileError("an individual has no input or no output")
    if shared:
        _refuse_handed_on(merged, is_input & is_output)
    arrays, positions = merged.numbered(_stand_ins(merged, inputs) if shared else None)
    check_arrays(arrays)
    step = one_step(arrays)
    arrays, positions = step.arrays, step.position[positions]
    graph = (arrays.keys >> SHIFT).astype(np.int64)
    sides = inputs.tensors(positions, 1 if shared else len(graphs)), outputs.tensors(positions, len(graphs))
    kept = memory_ports(step)
    if not cut_off:
        known = np.concatenate([positions[inputs.places].ravel(), *step.remembering])
        _refuse_unreachable(arrays, known, positions[outputs.places])
    found = Snapshot(
        arrays,
        sides[0] + kept[0],
        sides[1] + kept[1],
        memory=_memory(step.memory, graphs) if step.memory else step.memory,
    )
    like = equal_wirings(arrays, graph, positions[inputs.places])
    arrangement = arrange(found, graph, like, options)
    columns = merged.keys[inputs.places], merged.keys[outputs.places]
    return MergedSnapshot(laid_out(found, graph, arrangement), inputs.ports, outputs.ports, columns, arrangement)


def _memory(memory: Memory, graphs: Sequence[Any]) -> Memory:
    """What a population remembers: neurons by individual and name."""

    def named(port: MemoryPort) -> MemoryPort:
        individuals = (port.keys >> SHIFT).tolist()
        return replace(port, names=list(zip(individuals, port.names, strict=True)))

    return Memory(tuple(map(named, memory.ports)), tuple(map(id, graphs)))


def _stand_ins(merged: MergedGraphs, inputs: Side) -> np.ndarray:
    """(N,) the place of the first individual's input neuron for everyone's, and of itself for every other neuron."""
    found = np.arange(len(merged.keys))
    found[inputs.places] = inputs.places[0]
    return found


def _refuse_handed_on(merged: MergedGraphs, both: np.ndarray) -> None:
    handed = np.flatnonzero(both[merged.kind])
    if len(handed):
        raise CompileError(
            f"individual {merged.graph[handed[0]]}: its input neuron number {merged.keys[handed[0]]} is an output too, "
            'and all individuals share their inputs: compile with inputs="own", or give it an identity synapse to an '
            "output neuron"
        )


def _refuse_unreachable(arrays: GraphArrays, inputs: np.ndarray, outputs: np.ndarray) -> None:
    found = np.zeros(len(arrays), bool)
    found[inputs.ravel()] = True
    reached = reached_from(arrays, found)[outputs].any(1)
    if not reached.all():
        raise CompileError(
            f"individual {int(np.argmin(reached))}: no output can be reached from an input: connect them, or compile "
            "with cut_off=True where constant outputs are to be scored"
        )


def own_numbers(numbers: np.ndarray, individual: int) -> tuple[slice, np.ndarray]:
    """Where one individual's numbers are among rising ones of a population, and what its graph calls them."""
    ends = np.searchsorted(numbers, [individual << SHIFT, (individual + 1) << SHIFT])
    where = slice(int(ends[0]), int(ends[1]))
    return where, numbers[where] & OWN
