"""What a neuron graph consists of: columns, table, ranks, populations, and the changes no entry holds yet."""

from collections.abc import Mapping
from operator import attrgetter
from threading import get_ident
from typing import Any
from weakref import ref

import networkx as nx
import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.changes import ChangeLog
from neurograph.core.columns import NeuronColumns
from neurograph.core.copied import Copied
from neurograph.core.live import GraphAttributes
from neurograph.core.node_views import NodeMapping
from neurograph.core.ranks import Ranks
from neurograph.errors import NeuroGraphError, SynapseError
from neurograph.schema.synapse import FORM_FIELDS
from neurograph.storage import ArrayDiGraph
from neurograph.storage.table import EdgeTable

_CACHED = ("adj", "succ", "pred", "nodes", "edges", "out_edges", "in_edges", "degree", "in_degree", "out_degree")
_TURN = (
    "another thread is changing this graph, and graphs are not thread-safe: change it from one thread at a time, or "
    "give each thread a graph.copy()"
)


class GraphState(ArrayDiGraph):
    """The state of a neuron graph: what effects change, and what mutations, journal and files are written against.

    Parameters
    ----------
    incoming_graph_data
        Anything networkx takes.
    attr
        Attributes of the graph.

    Attributes
    ----------
    table
        The synapses, an `EdgeTable`, by row; it numbers the neurons too.
    neurons
        What the neurons carry, by key.
    ranks
        Their places in a topological order, by key.
    population_names
        Every population that there has been, in the order they were added.
    effects
        What the edit, or the run of raw mutations, that is going on has done so far.
    changes
        The values that were written, and how often the structure was.
    copied_from
        Of a copy, the graph that it was made from.
    """

    node_dict_factory: Any = NodeMapping
    graph_attr_dict_factory: Any = GraphAttributes
    interned = FORM_FIELDS

    effects: list[Any]  # each a `core.effects.base.Effect`: of the edit or the run of raw mutations that is going on
    _journal: Any  # the `Journal`
    _savepoint: Any  # of the innermost transaction that is going on, or None
    copied_from: Copied | None = None
    turn: dict[int, int]  # under 0, the thread that changes the graph; a new one, empty, once it has

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        self.changes = ChangeLog()
        self.neurons, self.ranks = NeuronColumns(), Ranks()
        self.population_names: dict[str, None] = {}
        self.effects, self._savepoint, self.turn = [], None, {}
        self.next_name = 0  # no free whole number is below it
        self._numbered: GraphArrays | None = None
        self.replacements: dict[int, int] = {}  # key of an input or output -> of the one it replaced
        self.compiled_columns: dict[tuple[str, str], tuple[int, ...]] = {}  # of the network compiled last, by port
        super().__init__(incoming_graph_data, **attr)

    def _edit(self, version: int) -> None:
        self.changes.clock.edit(version)

    version: Any = property(attrgetter("changes.clock.version"), _edit, doc="How often the structure was changed.")

    @property
    def graph(self) -> GraphAttributes:
        """The attributes of the graph as a whole, such as its name; no live view among them."""
        return self.__dict__["graph"]

    @graph.setter
    def graph(self, attributes: Mapping[Any, Any]) -> None:
        kept = type(attributes) is GraphAttributes  # views of the graph share its own
        self.__dict__["graph"] = attributes if kept else GraphAttributes(attributes)

    def adopt(self, table: EdgeTable) -> None:
        super().adopt(table)
        table.guard = ref(self)
        self._node = NodeMapping(table, self.neurons)

    def __getstate__(self):
        left_out = {*_CACHED, "_savepoint", "turn", "copied_from"}
        return {k: v for k, v in self.__dict__.items() if k not in left_out}

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        self._savepoint, self.turn = None, {}
        if self.has_table():
            self.adopt(self.table)

    def _set_names(self, keys: np.ndarray, names: list) -> None:
        nx._clear_cache(self)
        self.table.rename(keys.tolist(), names)
        self._numbered = None

    # ------------------------------------------------------------------------------------- whose turn it is
    def _is_my_turn(self) -> bool:
        return self.turn.get(0) == get_ident()

    def _take_turn(self) -> None:
        """Begin a mutation; refused while another thread is in the middle of one. Graphs are not thread-safe.

        One call looks and takes, so that of two threads one is refused. What ends the mutation gives the turn up.
        """
        if self.turn.setdefault(0, get_ident()) != get_ident():
            raise NeuroGraphError(_TURN)
        if self._savepoint is not None and self._savepoint.given_up:  # there was no stack left to take it back on
            self._abandon(self._savepoint)

    def _check_turn(self) -> None:
        """As `_take_turn`, for what begins a mutation later on."""
        if self.turn.get(0, get_ident()) != get_ident():
            raise NeuroGraphError(_TURN)
        if self._savepoint is not None and self._savepoint.given_up:
            self._abandon(self._savepoint)

    def _abandon(self, savepoint: Any) -> None:
        """Take back what was done since a savepoint; see `core.mutations.transactions`."""
        raise NotImplementedError

    def _leave_turn(self) -> None:
        """Give up the turn, if this thread has it and is not in the middle of a transaction."""
        if self._savepoint is None and self._is_my_turn():
            self.turn = {}

    # ------------------------------------------------------------------------------------- weights as they are stored
    def _stored_weights(self, ids: np.ndarray) -> np.ndarray:
        """What the graph itself has, whatever its owner has learned since."""
        rows, pool = self._weight_rows(ids)
        return self.table.pools[pool].data[self.table.row[rows]]

    def _weight_rows(self, ids: np.ndarray) -> tuple[np.ndarray, int]:
        return self._one_pool(ids, self.table.rows_of(ids))

    def _one_pool(self, ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, int]:
        """The rows of synapses, checked, and the number of the pool that has all their weights."""
        table = self.table
        if (rows < 0).any():
            raise SynapseError(f"synapse number {ids[rows < 0][0]} is not in the graph")
        pool = table.pool[rows]
        if len(pool) and (pool[0] == 0 or (pool != pool[0]).any()):
            raise SynapseError("these synapses do not all have weights of one shape")
        return rows, int(pool[0]) - 1 if len(pool) else 0
