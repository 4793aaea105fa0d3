"""Everything that a graph is, to be compared bit for bit, and its indices against a search through all rows."""

from copy import deepcopy

import networkx as nx
import numpy as np

from neurograph import NeuronGraph
from tests.neurograph.networks import dump


def state(g: NeuronGraph) -> dict:
    """All of a graph, numbers that a user never sees included; its run of raw mutations stays open."""
    table, columns, ranks = g.table, g.neurons, g.ranks
    assert g._savepoint is None and not g.turn
    assert not table.torn
    going_on, g.effects = g.effects, []  # reading the journal would close the run
    try:
        found = dump(g)
    finally:
        g.effects = going_on
    keys = table.keys()
    return deepcopy(found) | {
        "run": len(going_on),
        "ranks": ranks.rank[keys].tobytes(),
        "counters": (ranks.top, table.next_id, len(table.names), g.next_name, g.changes.end),
        "kinds": list(columns.kinds),
        "shapes": (len(table.forms.bundles), len(table.pools)),
        "attributes": dict(g.graph),
        "entries": [list(map(id, entries)) for entries in (g._journal.entries, g._journal.undone)],
    }


def check_indices(g: NeuronGraph) -> None:
    """Assert that every index says what a search through the columns finds."""
    table, columns = g.table, g.neurons
    alive = np.flatnonzero(table.alive[: table.size])
    ends = list(zip(table.src[alive].tolist(), table.dst[alive].tolist(), strict=True))
    assert len(table) == len(alive) == len(set(ends))
    assert {(u, v): table.find(u, v) for u, v in ends} == dict(zip(ends, alive.tolist(), strict=True))
    assert (table.rows_of(table.id[alive]) == alive).all()
    assert table.index == {name: key for key, name in enumerate(table.names) if name is not None}
    for key in table.keys().tolist():
        for side, near, far in ((table.out, 0, 1), (table.inn, 1, 0)):
            mine = sorted(pair[far] for pair in ends if pair[near] == key)
            assert table.far(key, side).tolist() == mine
            assert table.degree(key, side) == len(mine)
    rank = g.ranks.rank
    assert all(rank[u] < rank[v] for u, v in ends)
    assert columns.numbers == {kind: number for number, kind in enumerate(columns.kinds)}
    assert len(columns.scalar) == len(columns.reads_data) == len(columns.kinds)
    assert table.forms.first(len(table.forms.bundles)).numbers == table.forms.numbers
    assert nx.is_directed_acyclic_graph(g)
