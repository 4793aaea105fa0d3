"""Refresh of a population: it follows its graphs, which may have been edited, and others that come or go."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from torch.optim import Optimizer

from neurograph.core.changes import Changes
from neurograph.core.copied import origins
from neurograph.core.merging import OWN, SHIFT, joined

from ..planning.planner import plan
from ..slots import SlotMap, Slots
from ..sync.refresh import anything_written, load_written, take_over
from .columns import warn_of_columns
from .individuals import Individuals
from .merged import merged_snapshot

_GONE = 1 << 30  # no individual stands there: numbers of those that left are nobody's


def refresh(
    network: Any,
    optimizer: Optimizer | None,
    group: int | None,
    newborns: str,
    graphs: Iterable[Any] | None,
) -> None:
    """Bring a population up to date with its graphs; see `CompiledPopulation.refresh`."""
    before = network.graph
    members = before if graphs is None else Individuals(graphs)
    same = len(members.graphs) == len(before.graphs) and all(
        new is old for new, old in zip(members.graphs, before.graphs, strict=True)
    )
    if same and network.stale_by != "structure" and network.program.options == network.options:
        _load(network, optimizer, newborns)
        return
    members.refuse_owned(network)
    merged = merged_snapshot(members.graphs, network.shared, network.cut_off, network.options)
    warn_of_columns(members.graphs, merged)
    places = {id(graph): at for at, graph in enumerate(members.graphs)}
    stay = np.array([places.get(id(graph), -1) for graph in before.graphs])
    changes, old = _changes(network, stay), network.individuals
    changes.copied = _copied(before, members, stay)
    for at in np.flatnonzero(stay < 0):
        before.graphs[at].synchronise()
    held = {name: network.__dict__[name] for name in ("graph", "slots", "arrangement")}
    network.__dict__.update(graph=members, arrangement=merged.arrangement)
    try:
        if not same:
            network.__dict__["slots"] = _relabelled(network.slots, stay)
        program = plan(merged.snapshot, network.options)
        take_over(network, merged.snapshot, program, changes, optimizer, group, newborns, keep=same)
    except BaseException:
        network.__dict__.update(held)
        raise
    known = {id(one) for one in old}
    for one, at in zip(old, stay.tolist(), strict=True):
        if at < 0:
            one.leave()
        else:
            one.graph.changes.advance(one)
    for one in network.individuals:
        if id(one) not in known:
            one.graph.own(one)


def _load(network: Any, optimizer: Optimizer | None, newborns: str) -> None:
    """Take over in place what users wrote into graphs whose structure is as it was."""
    changes = _changes(network, np.arange(len(network)))
    if anything_written(changes):
        load_written(network, changes, optimizer, newborns)
    for one in network.individuals:
        one.graph.changes.advance(one)
    network.catch_up()


def _changes(network: Any, stay: np.ndarray) -> Changes:
    """What happened to the graphs since the population last looked, where individuals stand from now on.

    Parameters
    ----------
    network
        As it was.
    stay
        (individuals,) where each of them stands from now on; -1 where it leaves.
    """
    merged = Changes(np.zeros(0, np.int64), {})
    synapses, neurons, renewed = [merged.synapses], {}, {}
    for at in np.argsort(stay)[np.count_nonzero(stay < 0) :].tolist():
        one, place = network.individuals[at], int(stay[at])
        if not one.graph.changes.has_news(one):
            continue
        found = one.graph.changes.since(one)
        synapses.append(joined(place, found.synapses))
        for name, keys in found.neurons.items():
            neurons.setdefault(name, []).append(joined(place, keys))
        for name, numbers in found.renewed.items():
            renewed.setdefault(name, []).append(joined(place, numbers))
        base = place << SHIFT
        merged.synapse_heirs.update({base | new: base | old for new, old in found.synapse_heirs.items()})
        merged.neuron_heirs.update({base | new: base | old for new, old in found.neuron_heirs.items()})
    merged.synapses = np.concatenate(synapses)
    merged.neurons = {name: np.concatenate(keys) for name, keys in neurons.items()}
    merged.renewed = {name: np.concatenate(numbers) for name, numbers in renewed.items()}
    return merged


def _copied(before: Individuals, members: Individuals, stay: np.ndarray) -> Any:
    """From numbers of graphs that came to those of the individuals that they are copies of; None where there are none.

    Parameters
    ----------
    before, members
        Who was there, and who is from now on.
    stay
        As in `_changes`.
    """
    places = {id(graph): at for at, graph in enumerate(before.graphs)}
    found = np.full((len(members.graphs), 3), -1, np.int64)  # whose, and below which key and id
    for at, graph in enumerate(members.graphs):
        if id(graph) in places:
            continue
        for origin, keys, ids in origins(graph):
            if (was := places.get(id(origin))) is not None:
                found[at] = (stay[was] if stay[was] >= 0 else _GONE + was), keys, ids
                break
    if (found[:, 0] < 0).all():
        return None

    def copied(name: str, numbers: np.ndarray) -> np.ndarray:
        whose, keys, ids = found[numbers >> SHIFT].T
        own = numbers & OWN
        return np.where((whose >= 0) & (own < (ids if name == "weight" else keys)), joined(whose, own), -1)

    return copied


def _relabelled(slots: SlotMap, stay: np.ndarray) -> SlotMap:
    """The same slots, their numbers those of where each individual stands from now on."""
    place = np.where(stay < 0, _GONE + np.arange(len(stay)), stay).astype(np.int64)

    def renumbered(entry: Slots) -> Slots:
        return replace(entry, numbers=joined(place[entry.numbers >> SHIFT], entry.numbers & OWN))

    return SlotMap(map(renumbered, slots.slots))
