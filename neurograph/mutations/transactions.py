"""The state of a neuron graph, the network that owns its values, and all-or-nothing mutations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

import networkx as nx

from neurograph.changes import ChangeLog
from neurograph.columns import NeuronColumns
from neurograph.effects.base import Effect
from neurograph.effects.unjournaled import AttributesWritten
from neurograph.mutations.savepoint import Savepoint
from neurograph.mutations.unfinished import owe
from neurograph.mutations.whole import whole
from neurograph.neurons import Neurons
from neurograph.order import Ranks
from neurograph.schema.synapse import FORM_FIELDS
from neurograph.storage import ArrayDiGraph
from neurograph.storage.table import EdgeTable

_CACHED = ("adj", "succ", "pred", "nodes", "edges", "out_edges", "in_edges", "degree", "in_degree", "out_degree")


class Transactions(ArrayDiGraph):
    """The state of a neuron graph, its owner, and mutations that happen whole or not at all."""

    node_dict_factory: Any = Neurons
    interned = FORM_FIELDS

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        self.version = 0
        self.changes = ChangeLog()
        self._columns, self._ranks = NeuronColumns(), Ranks()
        self._populations: dict[str, None] = {}
        self._effects: list[Effect] = []  # of the edit, or of the run of raw mutations, that is going on
        self._savepoint: Savepoint | None = None  # of the innermost transaction that is going on
        self._next_name = 0  # no free whole number is below it
        self._owner = None
        self.replacements: dict[int, int] = {}  # key of an input or output -> of the one it replaced
        self.compiled_columns: dict[tuple[str, str], tuple[int, ...]] = {}  # of the network compiled last, by port
        super().__init__(incoming_graph_data, **attr)

    def _adopt(self, table: EdgeTable) -> None:
        super()._adopt(table)
        table.guard = ref(self)
        self._node = Neurons(table, self._columns)

    def __getstate__(self):
        left_out = {*_CACHED, "_owner", "_savepoint"}
        return {k: v for k, v in self.__dict__.items() if k not in left_out}

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        self._owner = self._savepoint = None
        if self._has_table():
            self._adopt(self.table)

    def own(self, network: Any) -> None:
        """Let a compiled network own the values: it is asked to write them back before anything depends on them.

        Parameters
        ----------
        network
            Anything with a method `synchronise()`; held weakly. The owner before it is synchronised and released.
        """
        self._synchronise()
        self._owner = ref(network)

    @property
    def owner(self) -> Any:
        """The network that owns the values, or None."""
        return self._owner() if self._owner is not None else None

    def _synchronise(self) -> None:
        owner = self._owner
        if owner is not None:
            network = owner()
            if network is not None:
                network.synchronise()

    @contextmanager
    def atomic(self) -> Iterator[list[Effect]]:
        """All or nothing: where an exception leaves the block, the graph is as it was before it.

        That holds for a `KeyboardInterrupt` too, and for one that comes while the graph is put back: the rest is put
        back by the next access.
        """
        savepoint = Savepoint(self)
        try:
            try:
                self._savepoint = savepoint
                yield self._effects
                self._commit(savepoint)
            except BaseException:
                self._abandon(savepoint)
                raise
        except BaseException:  # an interrupt on the lines above
            self._abandon(savepoint)
            raise

    def _commit(self, savepoint: Savepoint) -> None:
        """End a transaction well; what is kept for rolling back alone goes with the outermost one."""
        if savepoint.outer is not None:
            self._savepoint = savepoint.outer
            return
        effects, mark = savepoint.effects, savepoint.mark
        if savepoint.entry:  # which holds them
            effects[:], self._savepoint = [], None
        else:  # a run of raw mutations keeps no value writes
            effects[mark:], self._savepoint = [effect for effect in effects[mark:] if effect.structural], None

    def _abandon(self, savepoint: Savepoint) -> None:
        """End a transaction badly: the graph is as it was before it, now or, if this is interrupted, when next used."""
        try:
            if savepoint.is_open(self):
                savepoint.restore(self)
        except BaseException:
            owe(self, savepoint)
            raise

    def _take_back(self, outer: Savepoint | None, mark: int, **before: Any) -> None:
        """Put the graph back from the middle of a mutation too small for a savepoint; `before` is what it moved."""
        if self._savepoint is outer and len(self._effects) == mark and not self.table.torn:
            return  # nothing was done, or it has been put back
        savepoint = Savepoint(self, outer=outer, mark=mark, **before)
        self._savepoint = savepoint
        self._abandon(savepoint)

    def _record(self, effect: Effect) -> None:
        self._effects.append(effect)
        self.version += 1

    def _note_extra(self, extra: dict, what: str, number: int, at: int, ends: tuple[int, int] = (0, 0)) -> None:
        """Remember the user's own attributes of a neuron or a synapse as they are."""
        self._effects.append(AttributesWritten(what, number, dict(extra.get(at, {})), ends))

    # ------------------------------------------------------------------------------------- networkx's mutators
    add_nodes_from = whole(ArrayDiGraph.add_nodes_from)
    add_edges_from = whole(ArrayDiGraph.add_edges_from)
    add_edges_from_arrays = whole(ArrayDiGraph.add_edges_from_arrays)
    remove_node = whole(ArrayDiGraph.remove_node)
    remove_nodes_from = whole(ArrayDiGraph.remove_nodes_from)
    remove_edges_from = whole(ArrayDiGraph.remove_edges_from)
    clear = whole(ArrayDiGraph.clear)
    clear_edges = whole(ArrayDiGraph.clear_edges)
    update = whole(nx.DiGraph.update)
