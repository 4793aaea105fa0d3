"""What lies between two populations: who reads whom, through which weights, by way of which pools."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurograph.errors import EditError, MissingError, listed
from neurograph.schema.synapse import WEIGHT
from neurograph.storage.sets import each_once

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

PLACES = ("after", "before")


class PathStep(NamedTuple):
    """One relay on the way: the form of the synapse into it, its shape, and its population."""

    form: tuple[tuple[str, Any], ...]
    shape: tuple[int, ...]
    population: str


@dataclass(frozen=True, eq=False)
class Pair:
    """Two populations that a layer is to come between.

    Parameters
    ----------
    sources
        (s,) keys that the new layer reads, rising.
    shape
        Of each of them, and of the new neurons.
    readers
        (r,) keys that the targets read now, rising: the sources, or what pools make of them.
    origin
        (r,) which of the sources each of them is.
    targets
        (t,) keys, rising.
    ids
        (m,) the synapses that go.
    at
        (m, 2) places of their ends, in readers and targets.
    weights
        (m, height, width) float64; numbers are 1 x 1.
    form
        What these synapses share: stride, padding, ...
    chain
        Pools and identities that come between the new layer and the targets.
    relays
        (k,) keys of the relays that the sources feed now, last ones first; empty where the new layer lies behind them.
    through_origin
        (t,) bool: targets without a bias or norm that could take up a constant.
    """

    sources: np.ndarray
    shape: tuple[int, ...]
    readers: np.ndarray
    origin: np.ndarray
    targets: np.ndarray
    ids: np.ndarray
    at: np.ndarray
    weights: np.ndarray
    form: dict[str, Any]
    chain: tuple[PathStep, ...]
    relays: np.ndarray
    through_origin: np.ndarray

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of what a target reads of one map at a time."""
        return self.weights.shape[1], self.weights.shape[2]

    def dense(self) -> np.ndarray:
        """(readers, targets, height, width) the old weights, zero where there is no synapse."""
        full = np.zeros((len(self.readers), len(self.targets), *self.window))
        full[self.at[:, 0], self.at[:, 1]] = self.weights
        return full


def find_pair(graph: "EditableGraph", between: Sequence[Any], place: str = "after") -> Pair:
    """What lies between two populations.

    Parameters
    ----------
    graph
        Any network.
    between
        (a, b): populations by name, or lists of neurons.
    place
        Where pools (or identities) lead from a to what b reads: "after" them or "before". It makes no difference
        where b reads a itself; then pools beside are bypasses, and stay.

    Raises
    ------
    MissingError
        b reads nothing of a.
    EditError
        What b reads of it has no weights, or weights of several sorts; b does not sum its inputs; maps of several
        shapes; the layer is to lie before pools that are more than that.
    """
    sources, targets = (graph.resolve(side) for side in between)
    rows, ways = _ways(graph, between, np.sort(sources), np.sort(targets))
    table = graph.table
    readers, targets = each_once(table.src[rows]).astype(np.int64), each_once(table.dst[rows]).astype(np.int64)
    form = _one_form(graph, between, rows)
    _check_sums(graph, targets)
    chain, relays, origins = _before(graph, between, readers, ways) if place == "before" else ((), [], readers)
    read = each_once(origins)
    shapes = list(dict.fromkeys(graph.neurons.each("shape", read).tolist()))
    if len(shapes) > 1:
        raise EditError(f"a new neuron cannot read maps of several shapes, and {between[0]!r} has {listed(shapes)}")
    weights = graph.read_weights(table.id[rows])
    at = [np.searchsorted(known, ends[rows]) for known, ends in ((readers, table.src), (targets, table.dst))]
    norm = graph.neurons.each("norm", targets) == "batch"
    return Pair(
        sources=read,
        shape=shapes[0],
        readers=readers,
        origin=np.searchsorted(read, origins),
        targets=targets,
        ids=table.id[rows].astype(np.int64),
        at=np.stack(at, 1),
        weights=weights.reshape(len(rows), *(weights.shape[1:] or (1, 1))),
        form=form,
        chain=chain,
        relays=np.array(relays, np.int64),
        through_origin=np.isnan(graph.read_values("bias", targets)) & ~norm,
    )


Way = list[tuple[int, PathStep]]  # relays from a neuron of a to one that b reads, with the keys of the relays


def _ways(graph: "EditableGraph", between: Sequence[Any], sources: np.ndarray, targets: np.ndarray):
    """Rows of the weighted synapses into b that carry a; and how each of their sources comes by it."""
    table = graph.table
    rows = np.concatenate([np.empty(0, np.int64), *(table.rows(key, table.inn) for key in targets.tolist())])
    bare = np.array([table.forms.bundles[form].get("op", WEIGHT) != WEIGHT for form in table.form[rows].tolist()], bool)
    own = np.isin(table.src[rows], sources)
    if (own & ~bare).any():
        return rows[own & ~bare], {}
    ways = {key: _way(graph, key, set(sources.tolist())) for key in each_once(table.src[rows[~bare]]).tolist()}
    found = rows[~bare][np.array([ways[key] is not None for key in table.src[rows[~bare]].tolist()], bool)]
    if len(found):
        return found, ways
    if own.any():
        op = table.forms.bundles[int(table.form[rows[own][0]])]["op"]
        raise EditError(
            f"{between[1]!r} reads {between[0]!r} by {op}, which has no weights to share out: name instead of it the "
            f"population that reads it, {listed(_readers(graph, targets)) or 'if there is one'}"
        )
    raise MissingError(
        f"there is nothing between {between[0]!r} and {between[1]!r}; {between[0]!r} is read by "
        f"{listed(_readers(graph, sources)) or 'nobody'}"
    )


def _way(graph: "EditableGraph", key: int, sources: set[int]) -> tuple[int, Way] | None:
    """The neuron of a that a relay hands on, and the relays on the way, first ones first; None where it is none."""
    table, way = graph.table, []
    while key not in sources:
        rows = table.rows(key, table.inn)
        form = table.forms.bundles[int(table.form[rows[0]])] if len(rows) == 1 else {}
        if form.get("op", WEIGHT) == WEIGHT:
            return None
        kind = graph.neurons.of(key)
        way.append((key, PathStep(tuple(sorted(form.items())), kind.shape, kind.population)))
        key = int(table.src[rows[0]])
    return key, way[::-1]


def _before(graph: "EditableGraph", between: Sequence[Any], readers: np.ndarray, ways: dict):
    """The steps from sources to readers, the relays on them, and (r,) the source of each reader."""
    if not ways:
        return (), [], readers
    chosen = [ways[key] for key in readers.tolist()]
    chains = list(dict.fromkeys(tuple(step for _, step in way) for _, way in chosen))
    if len(chains) > 1:
        raise EditError(
            f"{between[1]!r} reads {between[0]!r} through several pools ({listed(s.population for s, *_ in chains)}), "
            "and a layer before them would have to feed them all: place='after'"
        )
    relays = list(dict.fromkeys(way[depth][0] for depth in reversed(range(len(chains[0]))) for _, way in chosen))
    columns, keys = graph.neurons, np.array(relays, np.int64)
    plain = (columns.each("activation", keys) == "identity") & (columns.each("norm", keys) == "none")
    plain &= np.isnan(graph.read_values("bias", keys)) & (columns.each("dropout", keys) == 0)
    if not plain.all():
        raise EditError(
            f"{listed(graph.names_of(keys[~plain]))} do more than hand {between[0]!r} on (a bias, norm, activation or "
            "dropout), so the new layer cannot lie before them: place='after'"
        )
    return chains[0], relays, np.array([origin for origin, _ in chosen], np.int64)


def _one_form(graph: "EditableGraph", between: Sequence[Any], rows: np.ndarray) -> dict[str, Any]:
    table = graph.table
    without = table.pool[rows] == 0
    if without.any():
        ends = zip(graph.names_of(table.src[rows[without]]), graph.names_of(table.dst[rows[without]]), strict=True)
        raise EditError(f"synapses {listed(ends)} have no weight yet; give them one first")
    found_forms = dict.fromkeys(zip(table.form[rows].tolist(), table.pool[rows].tolist(), strict=True))
    forms = [dict(table.forms.bundles[form]) for form, _ in found_forms]
    if len(found_forms) > 1:
        shapes = [table.pools[kind - 1].data.shape[1:] for _, kind in found_forms]
        descriptions = [f"{shape} {form}" for shape, form in zip(shapes, forms, strict=True)]
        raise EditError(
            f"the synapses from {between[0]!r} to {between[1]!r} are of several sorts ({listed(descriptions, 3)}), and "
            "new weights can take the place of one: name the neurons of one sort instead of whole populations"
        )
    return forms[0]


def _check_sums(graph: "EditableGraph", targets: np.ndarray) -> None:
    odd = graph.neurons.each("aggregation", targets) != "sum"
    if odd.any():
        raise EditError(f"{listed(graph.names_of(targets[odd]))} do not sum their inputs, so no regression fits them")


def _readers(graph: "EditableGraph", keys: np.ndarray) -> list[str]:
    """Populations that read some neurons."""
    table = graph.table
    far = [table.far(key, table.out) for key in keys.tolist()]
    return list(dict.fromkeys(graph.neurons.each("population", np.concatenate([np.empty(0, np.int64), *far])).tolist()))
