"""Refresh: the network follows its graph, and everything that survived keeps its numbers and its optimizer state.

Everything is made ready first, the optimizer's part too, and only then put in place: what is refused changes nothing.
"""

from typing import Any

import numpy as np
from torch.optim import Optimizer

from compiler.lowering.base import Unit
from compiler.planning.planner import plan
from compiler.regions.order import Order
from compiler.runtime.assembly import Assembly, Spec, assemble, cast, fill, graph_numbers
from compiler.runtime.listeners import notify_renewed
from compiler.runtime.module import CompiledModule
from compiler.slots import SlotMap, Slots
from compiler.snapshot import Snapshot, snapshot
from compiler.sync.columns import columns_of, warn_of_moved_columns
from compiler.sync.optimizers.inherit import commit, prepare
from compiler.sync.optimizers.restart import carry_out, plan_restarts
from compiler.sync.write_back import written


def refresh(
    network: CompiledModule, optimizer: Optimizer | None = None, group: int | None = None, newborns: str = "own"
) -> None:
    """Bring a network up to date with its graph; see `CompiledNetwork.refresh`."""
    graph, holding = network.graph, network.holding
    changes = graph.changes.since(holding)
    if network.stale_by != "structure" and network.program.options == network.options:
        if anything_written(changes):
            load_written(network, changes, optimizer, newborns)
        else:
            network.synchronise()  # as reading the graph would
        graph.changes.advance(holding)
        network.catch_up()
        return
    found = snapshot(graph, network.cut_off)
    columns = columns_of(found)
    warn_of_moved_columns(graph, network.columns, columns, stacklevel=4)
    take_over(network, found, changes, optimizer, group, newborns)
    graph.compiled_columns = columns
    graph.changes.advance(holding)
    if network.owns and not graph.in_transaction:
        holding.rest()


def take_over(
    network: CompiledModule,
    found: Snapshot,
    changes: Any,
    optimizer: Optimizer | None,
    group: int | None,
    newborns: str,
    keep: bool = True,
) -> None:
    """Run another snapshot from now on: all that survives keeps its numbers, and its state in the optimizer.

    Parameters
    ----------
    network
        What runs, and its slots say what it has.
    found
        What is to run.
    changes
        What users wrote since the network last looked, and who is whose heir.
    optimizer, group, newborns
        As in `CompiledNetwork.refresh`.
    keep
        Whether units that would be made the same again may be taken over.
    """
    program = plan(found, network.options)
    assembly = assemble(program, network.dtype, network.device, _pool(network, changes) if keep else None)
    _fill(network, found, assembly, changes)
    _keep_switches(network, assembly)
    transfer = prepare(network, assembly, changes, optimizer, group, newborns)
    network.install(found, program, assembly)
    notify_renewed(network, changes.renewed)
    network.train(network.training)
    commit(transfer)


def anything_written(changes: Any) -> bool:
    """Whether users wrote any number, or neurons died and others were born in their places."""
    return bool(len(changes.synapses) or changes.renewed) or any(map(len, changes.neurons.values()))


def load_written(network: CompiledModule, changes: Any, optimizer: Optimizer | None, newborns: str) -> None:
    """Take over in place what users wrote, and who was born in others' places: the same Parameters, counters moved."""
    restarts = plan_restarts(network.holding, changes.renewed, optimizer, newborns)
    for quantity in network.slots.quantities:
        theirs = written(changes, quantity)
        if len(theirs):
            there, column, at = network.graph.survivors(quantity, theirs)
            network.holding.load(quantity, theirs[there], column[at])
    carry_out(restarts)
    notify_renewed(network, changes.renewed)


def _pool(network: CompiledModule, changes: Any) -> dict[Spec, Unit]:
    """The units that may be taken over: of today's dtype and device, and no number of theirs written by a user.

    A written one is made anew rather than written in place, so that a loss computed before stays differentiable.
    """
    touched = {entry.module for entry in network.slots.slots if _touched(network, entry, changes)}
    return {spec: unit for spec, unit in network.units.items() if unit not in touched}


def _touched(network: CompiledModule, entry: Slots, changes: Any) -> bool:
    """Whether a user's write makes a difference to a number of an entry, or another number has taken its place."""
    theirs = written(changes, entry.quantity)
    if np.isin(entry.numbers, changes.renewed.get(entry.quantity[0], ())).any():
        return True
    mine = np.flatnonzero(np.isin(entry.numbers, theirs)) if len(theirs) else theirs
    if not len(mine):
        return False
    there, column, at = network.graph.survivors(entry.quantity, entry.numbers[mine])
    now = SlotMap.get(entry, entry.tensor)[mine[there]]
    return bool((now != cast(column[at], entry.tensor.dtype).numpy()).any())


def _fill(network: CompiledModule, found: Snapshot, assembly: Assembly, changes: Any) -> None:
    """Survivors' numbers from the old Parameters, except those users wrote; the rest from the graph."""
    slots, numbers = assembly.slots, {}
    for quantity in {entry.quantity for entry in slots.slots if entry.module in assembly.fresh}:
        wanted = slots.numbers(quantity)
        vector = graph_numbers(found.arrays, quantity, wanted)
        place = Order(network.slots.numbers(quantity)).places(wanted)
        theirs = written(changes, quantity)
        if len(theirs):
            place[np.isin(wanted, theirs)] = -1
        survived = place >= 0
        vector[survived] = network.slots.gather(quantity).numpy()[place[survived]]
        numbers[quantity] = vector
    fill(slots, numbers, only=assembly.fresh)


def _keep_switches(network: CompiledModule, assembly: Assembly) -> None:
    """A new Parameter of which every ancestor has `requires_grad` off has it off too."""
    old = network.slots
    if all(entry.tensor.requires_grad for entry in old.slots if entry.trained):
        return
    fresh = [entry for entry in assembly.slots.slots if entry.trained and entry.module in assembly.fresh]
    on = {
        quantity: old.label(quantity, lambda e: e.tensor.requires_grad, bool)
        for quantity in {e.quantity for e in fresh}
    }
    orders = {quantity: Order(old.numbers(quantity, True)) for quantity in on}
    for entry in fresh:
        place = orders[entry.quantity].places(entry.numbers)
        if (place >= 0).any():
            entry.tensor.requires_grad_(bool(on[entry.quantity][place[place >= 0]].any()))
