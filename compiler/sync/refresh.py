"""Refresh: the network follows its graph, and everything that survived keeps its numbers and its optimizer state.

Everything is made ready first, the optimizer's part too, and only then put in place: what is refused changes nothing.
"""

from typing import Any

import numpy as np
from torch.optim import Optimizer

from neurograph.core.marks import WiringMark

from ..lowering.bare import switch
from ..lowering.base import Unit
from ..planning.kept import LARGEST, planned
from ..planning.program import Program
from ..planning.replan import replan
from ..runtime.assembly import Assembly, Spec, assemble, cast
from ..runtime.listeners import notify_renewed
from ..runtime.module import CompiledModule
from ..slots import SlotMap, Slots
from ..snapshot import Snapshot
from .columns import columns_of, warn_of_moved_columns
from .optimizers.inherit import commit, prepare
from .optimizers.restart import carry_out, plan_restarts
from .stock import Stocks
from .write_back import written


def refresh(network: Any, optimizer: Optimizer | None = None, group: int | None = None, newborns: str = "own") -> None:
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
    found, program = _planned(network)
    columns = columns_of(found)
    warn_of_moved_columns(graph, network.columns, columns, stacklevel=4)
    take_over(network, found, program, changes, optimizer, group, newborns)
    network.mark, graph.compiled_columns = WiringMark.of(graph), columns
    graph.changes.advance(holding)
    if network.owns and not graph.in_transaction:
        holding.rest()


def _planned(network: Any) -> tuple[Snapshot, Program]:
    """The graph as it is, and a program for it; only what was edited is planned again, where that can be done."""
    graph, options = network.graph, network.options
    graph.synchronise()  # as reading it would
    if len(graph.table) > LARGEST and network.mark is not None:
        again = replan(graph, network.program, network.mark, options, network.cut_off)
        if again is not None:
            return again.snapshot, again.program
    return planned(graph, options, network.cut_off)


def take_over(
    network: CompiledModule,
    found: Snapshot,
    program: Program,
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
    found, program
        What is to run, and how.
    changes
        What users wrote since the network last looked, and who is whose heir.
    optimizer, group, newborns
        As in `CompiledNetwork.refresh`.
    keep
        Whether units that would be made the same again may be taken over.
    """
    assembly = assemble(program, network.dtype, network.device, _pool(network, changes) if keep else None)
    stocks = Stocks(network.slots)
    _fill(network, assembly, changes, stocks)
    _keep_switches(network, assembly, stocks)
    transfer = prepare(network, assembly, changes, optimizer, group, newborns, stocks)
    network.install(found, program, assembly)
    notify_renewed(network, changes.renewed)
    switch(network, network.training)
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
    if not anything_written(changes):
        return network.units
    touched = {entry.module for entry in network.slots.slots if _touched(network, entry, changes)}
    return {spec: unit for spec, unit in network.units.items() if unit not in touched}


def _touched(network: CompiledModule, entry: Slots, changes: Any) -> bool:
    """Whether a user's write makes a difference to a number of an entry, or another number has taken its place."""
    theirs, renewed = written(changes, entry.quantity), changes.renewed.get(entry.quantity[0], ())
    if len(renewed) and np.isin(entry.numbers, renewed).any():
        return True
    mine = np.flatnonzero(np.isin(entry.numbers, theirs)) if len(theirs) else theirs
    if not len(mine):
        return False
    there, column, at = network.graph.survivors(entry.quantity, entry.numbers[mine])
    now = SlotMap.get(entry, entry.tensor)[mine[there]]
    return bool((now != cast(column[at], entry.tensor.dtype).numpy()).any())


def _fill(network: CompiledModule, assembly: Assembly, changes: Any, stocks: Stocks) -> None:
    """Survivors' numbers from the old Parameters, except those users wrote; the rest from the graph."""
    for entry in assembly.slots.slots:
        if entry.module in assembly.fresh:
            place, theirs = stocks.places(entry), written(changes, entry.quantity)
            if len(theirs):
                place = np.where(np.isin(entry.numbers, theirs), np.int32(-1), place)
            values, there = stocks.of(entry.quantity).take(place)
            if not there.all():
                values = _with_the_graphs(network, entry, values, ~there)
            SlotMap.put(entry, entry.tensor, values)


def _with_the_graphs(network: CompiledModule, entry: Slots, values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """An entry's numbers, those that are missing as the graph has them."""
    wanted = np.flatnonzero(missing)
    wanted = wanted[np.argsort(entry.numbers[wanted], kind="stable")]
    there, column, at = network.graph.survivors(entry.quantity, entry.numbers[wanted])
    values = values.astype(np.float64)
    values[wanted[there]] = column[at]
    return values


def _keep_switches(network: CompiledModule, assembly: Assembly, stocks: Stocks) -> None:
    """A new Parameter of which every ancestor has `requires_grad` off has it off too."""
    if all(entry.tensor.requires_grad for entry in network.slots.slots if entry.trained):
        return
    for entry in assembly.slots.slots:
        if entry.trained and entry.module in assembly.fresh:
            stock = stocks.of(entry.quantity)
            ancestors = [stock.entries[at] for at in stock.holders(stocks.places(entry))]
            if ancestors := [ancestor for ancestor in ancestors if ancestor.trained]:
                entry.tensor.requires_grad_(any(ancestor.tensor.requires_grad for ancestor in ancestors))
