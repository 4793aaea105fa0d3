"""Which populations may grow and shrink, and what wiring donors have to give."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.errors import EditError, listed
from neurograph.schema.neuron import KIND_FIELDS, VALUES
from neurograph.storage.pools import ranges

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


def inner_population(graph: "EditableGraph", name: str, verb: str) -> np.ndarray:
    """(n,) keys of a population that neither reads data nor is read; `EditError` naming one that does or is.

    Inputs and outputs are as many as the data has columns and the task has answers.
    """
    graph.population(name)  # raises where there is none
    keys = graph.population_keys(name)
    fixed = _fixed(graph, keys)
    if fixed.any():
        inner = [p for p in graph.populations if not _fixed(graph, graph.population_keys(p)).any()]
        raise EditError(
            f"population {name!r} cannot {verb}: its neurons {listed(graph.names_of(keys[fixed]), 3)} are inputs or "
            f"outputs, and the data says how many there are; populations that can: {listed(inner) or 'none'}"
        )
    return keys


def _fixed(graph: "EditableGraph", keys: np.ndarray) -> np.ndarray:
    columns = graph.neurons
    return (columns.each("role", keys) == "input") | columns.each("is_output", keys).astype(bool)


@dataclass(frozen=True, eq=False)
class Wiring:
    """Synapses that donors have on one side, alike in form and weight shape, and the copies that newborns get.

    Parameters
    ----------
    ids, far
        (s,) ids of the donors' synapses, each once, and keys of the neurons at their other ends.
    form
        Attributes that all of them share.
    weights
        (s,) or (s, height, width) float64, or None where they have none.
    at
        (m,) which of them each copy is of.
    newborn
        (m,) for which newborn, counted from 0.
    """

    ids: np.ndarray
    far: np.ndarray
    form: dict[str, Any]
    weights: np.ndarray | None
    at: np.ndarray
    newborn: np.ndarray

    def take(self, keep: np.ndarray) -> "Wiring":
        """Some of the donors' synapses, by an (s,) mask, and the copies of them."""
        mine, place = keep[self.at], np.cumsum(keep) - 1
        weights = None if self.weights is None else self.weights[keep]
        return Wiring(self.ids[keep], self.far[keep], self.form, weights, place[self.at[mine]], self.newborn[mine])


def wiring(graph: "EditableGraph", donors: np.ndarray, incoming: bool) -> Iterator[Wiring]:
    """What newborns get of their (n,) donors, which may repeat; one `Wiring` for each form and weight shape."""
    if not len(donors):
        return
    table = graph.table
    side = table.inn if incoming else table.out
    alike, which = np.unique(donors, return_inverse=True)
    found = [table.rows(key, side) for key in alike.tolist()]
    counts = np.array([len(rows) for rows in found], np.int64)
    rows = np.concatenate([np.empty(0, np.int64), *found])
    at = ranges((np.cumsum(counts) - counts)[which], counts[which])
    newborn = np.repeat(np.arange(len(donors)), counts[which])
    code = table.form[rows].astype(np.int64) * (len(table.pools) + 1) + table.pool[rows]
    for one in np.flatnonzero(np.bincount(code)).tolist() if len(rows) else ():
        keep = code == one
        form, pool = divmod(one, len(table.pools) + 1)
        mine, copies, place = rows[keep], keep[at], np.cumsum(keep) - 1
        yield Wiring(
            table.id[mine],
            getattr(table, side.far)[mine].astype(np.int64),
            dict(table.forms.bundles[form]),
            table.pools[pool - 1].data[table.row[mine]] if pool else None,
            place[at[copies]],
            newborn[copies],
        )


def give_birth(graph: "EditableGraph", donors: np.ndarray) -> np.ndarray:
    """Add a neuron for each of (n,) donors, of its kind and with its values, no synapses yet; returns their keys.

    They rank with their donors, so that what these read and feed can be wired to them without ranking anew.
    """
    columns, born = graph.neurons, np.empty(len(donors), np.int64)
    code = columns.kind[donors] * 2 + np.isnan(graph.read_values("bias", donors))
    for one in np.flatnonzero(np.bincount(code)).tolist():
        mine = np.flatnonzero(code == one)
        kind = columns.of(int(donors[mine[0]]))
        values = {name: graph.read_values(name, donors[mine]) for name in VALUES}
        attributes = {name: getattr(kind, name) for name in KIND_FIELDS}
        attributes |= {name: column for name, column in values.items() if not np.isnan(column).any()}
        born[mine] = graph.keys_of(graph.grow(len(mine), attributes, None))
    graph.ranks.rank[born] = graph.ranks.rank[donors]
    return born
