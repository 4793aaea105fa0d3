"""Several graphs as the arrays of one: what a population of networks is compiled from.

Neurons and synapses keep their own numbers in the lower half of longer ones, whose upper half is the place of their
graph among the graphs: so numbers never meet, and those of one graph lie side by side in every sorted array.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.levels import levels
from neurograph.core.state import GraphState
from neurograph.schema.neuron import VALUES, NeuronKind
from neurograph.schema.synapse import SynapseForm, form_of
from neurograph.storage.table import EdgeTable

SHIFT = 32  # bits that a graph's own numbers have for themselves
OWN = (1 << SHIFT) - 1


@dataclass(frozen=True, eq=False)
class MergedGraphs:
    """The neurons and synapses of several graphs, side by side and not yet in topological order.

    Neurons are sorted by (graph, key), synapses by graph; values are the graphs' own as they are stored.

    Parameters
    ----------
    graph, keys, kind
        (N,) which graph, the key there, and the number of the kind among `kinds`.
    rank
        (N,) the place of its population among those of its graph, in the order they were added.
    values
        name -> (N,) float64, NaN where there is none.
    source, target
        (E,) int64 places of the ends among the neurons.
    ids
        (E,) int64 the graph's place and the synapse's own number, as one.
    form, pool, row
        (E,) as in `GraphArrays`.
    graphs
        Themselves.
    kinds, forms, pools, populations
        Of all graphs, equal ones once.
    """

    graph: np.ndarray
    keys: np.ndarray
    kind: np.ndarray
    rank: np.ndarray
    values: dict[str, np.ndarray]
    source: np.ndarray
    target: np.ndarray
    ids: np.ndarray
    form: np.ndarray
    pool: np.ndarray
    row: np.ndarray
    graphs: Sequence[GraphState]
    kinds: tuple[NeuronKind, ...]
    forms: tuple[SynapseForm, ...]
    pools: tuple[np.ndarray, ...]
    populations: tuple[str, ...]

    def numbered(self, stands_for: np.ndarray | None = None) -> tuple[GraphArrays, np.ndarray]:
        """The arrays of one graph, and (N,) where each of these neurons, or what stands for it, is among its neurons.

        Parameters
        ----------
        stands_for
            (N,) the place of the neuron that is read in the place of each; those that another stands for are left
            out. None: every neuron stands for itself.
        """
        everyone = np.arange(len(self.keys))
        stands_for = everyone if stands_for is None else stands_for
        source, kept = stands_for[self.source], np.flatnonzero(stands_for == everyone)
        late = np.array([form.delay > 0 for form in self.forms], bool)
        now = ~late[self.form] if late.any() else slice(None)
        level = levels(len(everyone), source[now], self.target[now])
        order = kept[np.argsort(level[kept], kind="stable")]  # neurons are by (graph, key) already
        position = np.zeros(len(everyone), np.int32)
        position[order] = np.arange(len(order), dtype=np.int32)
        position = position[stands_for]
        source, target = position[source], position[self.target]
        by = np.argsort((target.astype(np.int64) << 32) | source, kind="stable")
        arrays = GraphArrays(
            version=0,
            keys=joined(self.graph[order], self.keys[order]),
            names=Names(self.graphs, self.graph[order], self.keys[order]),  # pyright: ignore[reportArgumentType]
            level=level[order],
            kind=self.kind[order],
            kinds=self.kinds,
            values={name: column[order] for name, column in self.values.items()},
            ids=self.ids[by],
            source=source[by],
            target=target[by],
            form=self.form[by],
            forms=self.forms,
            pool=self.pool[by],
            row=self.row[by],
            pools=self.pools,
            populations=self.populations,
        )
        return arrays, position


class Names:
    """The names of the neurons of several graphs, looked up when somebody asks for one."""

    def __init__(self, graphs: Sequence[GraphState], graph: np.ndarray, keys: np.ndarray) -> None:
        self._graphs, self._graph, self._keys = graphs, graph, keys

    def __getitem__(self, at: int) -> Hashable:
        return self._graphs[int(self._graph[at])].table.names[int(self._keys[at])]

    def __len__(self) -> int:
        return len(self._keys)


def joined(graph: Any, numbers: np.ndarray) -> np.ndarray:
    """(n,) int64 a graph's place and numbers of its own, as one."""
    return (np.asarray(graph, np.int64) << SHIFT) | numbers


def merge(graphs: Sequence[GraphState]) -> MergedGraphs:
    """Put the neurons and synapses of some graphs side by side; values are those that the graphs have stored."""
    tables = [graph.table for graph in graphs]
    neurons, synapses = list(map(_neurons, graphs, tables)), list(map(_synapses, tables))
    graph, many = _repeated(len(columns[0]) for columns in neurons), _repeated(len(s[0]) for s in synapses)
    keys, kind, *values = map(np.concatenate, zip(*neurons, strict=True))
    source, target, ids, form, shape, row = map(np.concatenate, zip(*synapses, strict=True))
    kinds, of_kind = _interned(graph.neurons.kinds for graph in graphs)
    forms, of_form = _interned(table.forms.numbers for table in tables)
    pools, of_pool, start = _pools(tables)
    kind, pool = of_kind[graph, kind], of_pool[many, shape]
    place = _places(graph, keys)
    return MergedGraphs(
        graph,
        keys,
        kind,
        _ranks(graphs, graph, kinds, kind),
        dict(zip(VALUES, values, strict=True)),
        place(many, source),
        place(many, target),
        joined(many, ids),
        of_form[many, form],
        pool.astype(np.int8),
        (row + start[many, shape]).astype(np.int32),
        graphs,
        tuple(kinds),
        tuple(form_of({name: value for name, _, value in bundle}) for bundle in forms),
        pools,
        tuple(dict.fromkeys(name for graph in graphs for name in graph.population_names)),
    )


def _neurons(graph: GraphState, table: EdgeTable) -> tuple[np.ndarray, ...]:
    """Keys, kinds and values of a graph's neurons."""
    keys, columns = table.keys(), graph.neurons
    values = columns.values
    whole = len(keys) == len(table.names) and isinstance(columns.kind, np.ndarray)
    chosen: Any = slice(len(keys)) if whole else keys
    return keys, columns.kind[chosen], *[values[name][chosen] for name in VALUES]


def _synapses(table: EdgeTable) -> tuple[np.ndarray, ...]:
    """Columns of a graph's synapses."""
    live: Any = table.live() if table.dead else slice(table.size)
    return tuple([column[live] for column in (table.src, table.dst, table.id, table.form, table.pool, table.row)])


def _repeated(counts: Iterable[int]) -> np.ndarray:
    """0 as often as the first count says, 1 as often as the second, ..."""
    counts = np.fromiter(counts, np.int64)
    return np.repeat(np.arange(len(counts)), counts)


def _interned(columns: Iterable[Iterable[Hashable]]) -> tuple[list[Any], np.ndarray]:
    """Every distinct item once, and (graphs, items) the number of each graph's first, second, ... item among them."""
    numbers: dict[Any, int] = {}
    known: dict[int, int] = {}  # of the very items: copies of a graph share them, and their hashes take long

    def number(item: Hashable) -> int:
        found = known.get(id(item))
        if found is None:
            found = known[id(item)] = numbers.setdefault(item, len(numbers))
        return found

    held = [list(items) for items in columns]
    rows = [list(map(number, items)) for items in held]
    table = np.zeros((len(rows), max(map(len, rows), default=0)), np.int32)
    for row, found in zip(table, rows, strict=True):
        row[: len(found)] = found
    return list(numbers), table


def _pools(tables: list[EdgeTable]) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Weights by shape, and (graphs, shapes) which pool a graph's weights of its shapes are in and from which row on.

    A table's shape number 0 is that of synapses without a weight, which are in pool -1.
    """
    numbers: dict[tuple[int, ...], int] = {(): 0}
    held: list[list[np.ndarray]] = [[]]
    sizes, most = [0], 1 + max(len(table.pools) for table in tables)
    of_pool, start = np.full((len(tables), most), -1), np.zeros((len(tables), most), np.int64)
    for at, table in enumerate(tables):
        for shape, pool in enumerate(table.pools, 1):
            number = numbers.setdefault(pool.data.shape[1:], len(numbers))
            if number == len(held):
                held.append([])
                sizes.append(0)
            of_pool[at, shape], start[at, shape] = number, sizes[number]
            held[number].append(pool.data[: pool.size])
            sizes[number] += pool.size
    return tuple(map(np.concatenate, held)), of_pool, start


def _places(graph: np.ndarray, keys: np.ndarray) -> Any:
    """A function of (graphs, keys there) that says which places neurons have among those of these columns."""
    room = int(keys.max(initial=-1)) + 1  # keys that a graph may have
    if room * (int(graph.max(initial=-1)) + 1) < 16 * len(keys) + 2**16:
        table = np.zeros((int(graph.max(initial=-1)) + 1, room), np.int64)
        table[graph, keys] = np.arange(len(keys))
        return lambda graphs, wanted: table[graphs, wanted]
    together = joined(graph, keys)
    return lambda graphs, wanted: np.searchsorted(together, joined(graphs, wanted))


def _ranks(graphs: Sequence[GraphState], graph: np.ndarray, kinds: list[NeuronKind], kind: np.ndarray) -> np.ndarray:
    """(N,) the place of each neuron's population in the order that its graph's were added in."""
    orders: dict[tuple[str, ...], int] = {}
    which = np.array([orders.setdefault(tuple(g.population_names), len(orders)) for g in graphs], np.int64)
    table = np.zeros((len(orders), len(kinds)), np.int64)
    for order, row in orders.items():
        place = {name: at for at, name in enumerate(order)}
        table[row] = [place.get(kind.population, -1) for kind in kinds]
    return table[which[graph], kind]
