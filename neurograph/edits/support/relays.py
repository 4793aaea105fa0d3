"""Relays of a neuron: what only hands its value on, and is therefore copied with it and removed with it.

A synapse carries a neuron on where its reader would say nothing of its own: identity and pooling synapses, which have
no weight that could be shared out, and the kernel of a depthwise layer, whose reader has no other input. Births follow
them to every reader, and a reader that takes in others too (a residual sum) is born again with all that it takes in.
Deaths follow them to readers that are left with nothing, and to products that lose a factor. Both stop at outputs: the
task says how many there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.support.growing import Wiring, wiring
from neurograph.errors import EditError, listed
from neurograph.schema.synapse import WEIGHT
from neurograph.storage.sets import difference

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Births:
    """Newborns, and the copies of relays that are born behind them because no weight stands between.

    Parameters
    ----------
    count
        How many newborns.
    old
        (m,) keys whose copies are born: the donors, then their relays.
    newborn
        (m,) with which newborn, counted from 0; donor k with newborn k.
    shared, shared_by_relays
        Outgoing synapses of donors, and of `relays`, at which copying stops: what they weigh is shared out.
    left_out
        How many copies of synapses are not made, for their readers cannot be born again.
    """

    count: int
    old: np.ndarray
    newborn: np.ndarray
    shared: list[Wiring]
    shared_by_relays: list[Wiring]
    left_out: int

    @property
    def relays(self) -> np.ndarray:
        """(m - count,) keys of the relays, one for each of their copies."""
        return self.old[self.count :]

    def sources(self, graph: "EditableGraph", w: Wiring, born: np.ndarray) -> np.ndarray:
        """(n,) what copied relays read: the births of their own newborn where its value is handed on."""
        far = w.far[w.at].astype(np.int64)
        readers, newborn = self.relays[w.newborn], self.newborn[self.count + w.newborn]
        carried = np.full(len(far), is_weightless(w)) | is_fed_once(graph, readers)
        code, wanted = self.old * self.count + self.newborn, far * self.count + newborn
        order = np.argsort(code)
        near = order[np.minimum(np.searchsorted(code[order], wanted), len(order) - 1)]
        return np.where(carried & (code[near] == wanted), born[near], far)


def births_of(graph: "EditableGraph", donors: np.ndarray, home: np.ndarray) -> Births:
    """The births of newborns of (n,) donors, which may repeat.

    Parameters
    ----------
    graph
        As it is before.
    donors
        Keys.
    home
        Keys of their population: it grows by the newborns alone, so no relay is there.
    """
    outgoing = _outgoing(graph, donors, home)
    old, newborn = donors, np.arange(len(donors))
    front, there = np.arange(len(donors)), outgoing
    while len(front):
        found = [np.empty(0, np.int64)]
        for w, carried in there:
            on = w.take(carried)
            found.append(on.far[on.at] * len(donors) + newborn[front[on.newborn]])
        code = difference(np.concatenate(found), old * len(donors) + newborn)
        code = code[np.argsort(code % len(donors), kind="stable")]
        front = np.arange(len(old), len(old) + len(code))
        old, newborn = np.append(old, code // len(donors)), np.append(newborn, code % len(donors))
        there = _outgoing(graph, old[front], home)
    rest = [
        [w.take(~carried) for w, carried in some] for some in (outgoing, _outgoing(graph, old[len(donors) :], home))
    ]
    mine, theirs = ([w for w in side if not is_weightless(w) and len(w.at)] for side in rest)
    left_out = sum(len(w.at) for side in rest for w in side if is_weightless(w))
    return Births(len(donors), old, newborn, mine, theirs, left_out)


def _outgoing(graph: "EditableGraph", keys: np.ndarray, home: np.ndarray) -> list[tuple[Wiring, np.ndarray]]:
    """Outgoing synapses of some neurons, and (s,) which of them carry these on."""
    return [(w, carries_on(graph, w, home)) for w in wiring(graph, keys, incoming=False)]


def dependants(graph: "EditableGraph", keys: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Dependants, which die with neurons: they only hand these on, or multiply by one of them.

    The first are not those of `home`. A product without one of its factors would be larger, as if that were 1: a gate
    that is removed would open for good, where the channel behind it is to close.

    Returns
    -------
    keys : numpy.ndarray
        (n,) int64, rising, without the neurons themselves.
    """
    gone, front = set(keys.tolist()), keys
    while len(front):
        found: set[int] = set()
        products: set[int] = set()
        for w in wiring(graph, front, incoming=False):
            found |= set(w.far[carries_on(graph, w, home)].tolist())
            products |= set(w.far[multiplies(graph, w.far)].tolist())
        refuse_open_outputs(graph, products - gone)
        closed = {key for key in found if _is_empty_without(graph, key, gone)} | products
        front = np.array(sorted(closed - gone), np.int64)
        gone |= set(front.tolist())
    return np.array(sorted(gone - set(keys.tolist())), np.int64)


def multiplies(graph: "EditableGraph", keys: np.ndarray) -> np.ndarray:
    """(n,) whether neurons take the product of what they read."""
    return graph.neurons.each("aggregation", keys) == "product"


def refuse_open_outputs(graph: "EditableGraph", keys: Iterable[int]) -> None:
    """Refuse to take a factor from an output that multiplies: it cannot go, and would be larger without.

    Raises
    ------
    EditError
        Naming the outputs.
    """
    odd = [key for key in sorted(keys) if graph.neurons.of(key).is_output]
    if odd:
        raise EditError(
            f"output {listed(graph.names_of(np.array(odd)))} multiplies what it reads and would lose a factor, as if "
            "that were 1; keep the factor, or set a weight on its way to 0, which closes the output"
        )


def is_weightless(w: Wiring) -> bool:
    """Whether synapses have no weight by their nature: identity and pooling."""
    return w.form.get("op", WEIGHT) != WEIGHT


def is_fed_once(graph: "EditableGraph", keys: np.ndarray) -> np.ndarray:
    """(n,) whether neurons have one incoming synapse."""
    table = graph.table
    return np.array([table.degree(key, table.inn) == 1 for key in keys.tolist()], bool)


def carries_on(graph: "EditableGraph", w: Wiring, home: np.ndarray) -> np.ndarray:
    """(s,) whether outgoing synapses carry their neuron on, to a reader that is neither an output nor at home."""
    if is_weightless(w):
        found = np.ones(len(w.far), bool)
    elif w.weights is not None and w.weights.ndim == 3:
        found = _depthwise(graph, w.far)
    else:
        return np.zeros(len(w.far), bool)
    return found & ~graph.neurons.each("is_output", w.far).astype(bool) & ~np.isin(w.far, home)


def _depthwise(graph: "EditableGraph", readers: np.ndarray) -> np.ndarray:
    """(s,) whether readers of maps have one source each, and others in their population another.

    So a dense layer over a single channel is none.
    """
    found = is_fed_once(graph, readers)
    populations = graph.neurons.each("population", readers)
    for name in set(populations[found].tolist()):
        mates = graph.population_keys(name)
        mates = mates[is_fed_once(graph, mates)]
        if len({int(graph.table.far(key, graph.table.inn)[0]) for key in mates.tolist()}) < 2:
            found[populations == name] = False
    return found


def _is_empty_without(graph: "EditableGraph", key: int, gone: set[int]) -> bool:
    """Whether a neuron reads the gone alone, and has no weights over them but a depthwise kernel."""
    table = graph.table
    rows = table.rows(key, table.inn)
    if not gone.issuperset(table.src[rows].tolist()):
        return False
    bundles = table.forms.bundles
    weighted = [form for form in table.form[rows].tolist() if bundles[form].get("op", WEIGHT) == WEIGHT]
    return not weighted or len(rows) == 1
