"""Neurons and synapses taken out of a graph whole, so that they can be put back as they were."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurograph.core.columns import NeuronColumns
from neurograph.core.ranks import Ranks
from neurograph.schema.neuron import NeuronKind
from neurograph.storage.table import EdgeTable


@dataclass(frozen=True, eq=False)
class SynapseRecords:
    """Some synapses with everything they carry.

    Parameters
    ----------
    ids, source, target
        (n,) int64 ids, and keys of the ends.
    form, forms
        (n,) int32 numbers into a list of attribute bundles.
    pool, row, pools
        The weight of synapse e is `pools[pool[e] - 1][row[e]]`; pool 0 where it has none.
    extra
        position -> the user's own attributes.
    """

    ids: np.ndarray
    source: np.ndarray
    target: np.ndarray
    form: np.ndarray
    forms: list[dict[str, Any]]
    pool: np.ndarray
    row: np.ndarray
    pools: list[np.ndarray]
    extra: dict[int, dict] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def put_back(self, table: EdgeTable, missing: np.ndarray | None = None) -> None:
        """Add them to a table that lacks them, or lacks those of a mask, under their own ids."""
        codes = np.array([table.forms.number(bundle) for bundle in self.forms], np.int32)
        wanted = np.ones(len(self), bool) if missing is None else missing
        for pool in np.flatnonzero(np.bincount(self.pool[wanted], minlength=1)).tolist():
            mine = wanted & (self.pool == pool)
            weight = self.pools[pool - 1][self.row[mine]] if pool else None
            table.extend(self.source[mine], self.target[mine], weight, codes[self.form[mine]], self.ids[mine])
        for position, attributes in self.extra.items():
            row = table.find(int(self.source[position]), int(self.target[position]))
            table.extra[row] = dict(attributes)

    def one(self, at: int) -> "SynapseRecords":
        """One of them."""
        one = slice(at, at + 1)
        pool = int(self.pool[at])
        pools = [self.pools[pool - 1][self.row[one]]] if pool else []
        extra = {0: self.extra[at]} if at in self.extra else {}
        return SynapseRecords(
            self.ids[one], self.source[one], self.target[one], np.zeros(1, np.int32), [self.forms[self.form[at]]],
            np.array([len(pools)], np.int8), np.zeros(1, np.int32), pools, extra,
        )  # fmt: skip


def take_synapses(table: EdgeTable, rows: np.ndarray) -> SynapseRecords:
    """Copy some rows of a table."""
    of, place = table.pool[rows].copy(), np.zeros(len(rows), np.int32)
    pools = []
    for number, pool in enumerate(table.pools, 1):
        mine = np.flatnonzero(of == number)
        place[mine] = np.arange(len(mine))
        pools.append(pool.data[table.row[rows[mine]]])
    extra = {}
    if table.extra:
        extra = {i: dict(table.extra[row]) for i, row in enumerate(rows.tolist()) if row in table.extra}
    ends = table.src[rows].astype(np.int64), table.dst[rows].astype(np.int64)
    return SynapseRecords(
        table.id[rows].copy(), *ends, table.form[rows].copy(), list(table.forms.bundles), of, place, pools, extra
    )


@dataclass(frozen=True, eq=False)
class NeuronRecords:
    """Some neurons with everything they carry, but no synapses.

    Parameters
    ----------
    keys, names, ranks
        Their numbers, networkx nodes and places in the topological order.
    kinds
        Their kinds, one each.
    values
        name -> (n,) float64, NaN where a neuron has none.
    extra
        position -> the user's own attributes.
    """

    keys: np.ndarray
    names: list
    ranks: np.ndarray
    kinds: list[NeuronKind]
    values: dict[str, np.ndarray]
    extra: dict[int, dict] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def put_back(self, table: EdgeTable, columns: NeuronColumns, ranks: Ranks) -> None:
        """Add them to a graph that lacks them, under their own keys."""
        table.restore_names(self.keys.tolist(), self.names)
        top = int(self.keys.max(initial=-1)) + 1
        columns.reserve(top, len(self.keys))
        ranks.reserve(top, len(self.keys))
        ranks.rank[self.keys] = self.ranks
        ranks.top = max(ranks.top, float(self.ranks.max(initial=0.0)))
        columns.kind[self.keys] = [columns.number(kind) for kind in self.kinds]
        for name, values in self.values.items():
            columns.values[name][self.keys] = values
        for position, attributes in self.extra.items():
            columns.extra[int(self.keys[position])] = dict(attributes)

    def one(self, at: int) -> "NeuronRecords":
        """One of them."""
        one = slice(at, at + 1)
        values = {name: column[one] for name, column in self.values.items()}
        extra = {0: self.extra[at]} if at in self.extra else {}
        return NeuronRecords(self.keys[one], self.names[one], self.ranks[one], self.kinds[one], values, extra)


def take_neurons(table: EdgeTable, columns: NeuronColumns, ranks: Ranks, keys: np.ndarray) -> NeuronRecords:
    """Copy some neurons of a graph."""
    numbers = keys.tolist()
    return NeuronRecords(
        keys.copy(),
        [table.names[key] for key in numbers],
        ranks.rank[keys],
        [columns.of(key) for key in numbers],
        {name: column[keys] for name, column in columns.values.items()},
        {i: dict(columns.extra[key]) for i, key in enumerate(numbers) if key in columns.extra},
    )
