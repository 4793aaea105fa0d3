"""The state of a neuron graph, the network that owns its values, and all-or-nothing mutations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from neurograph.changes import ChangeLog
from neurograph.columns import NeuronColumns
from neurograph.effects import Effect, is_structural, roll_back
from neurograph.neurons import Neurons
from neurograph.order import Ranks
from neurograph.schema.synapse import FORM_FIELDS
from neurograph.storage import ArrayDiGraph
from neurograph.storage.table import EdgeTable

if TYPE_CHECKING:
    from neurograph.mutations.values import NeuronCore

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
        self._depth = 0  # of nested transactions
        self._owner = None
        self.replacements: dict[int, int] = {}  # key of an input or output -> of the one it replaced
        self.compiled_columns: dict[tuple[str, str], tuple[int, ...]] = {}  # of the network compiled last, by port
        super().__init__(incoming_graph_data, **attr)

    def _adopt(self, table: EdgeTable) -> None:
        super()._adopt(table)
        table.guard = ref(self)
        self._node = Neurons(table, self._columns)

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k not in _CACHED and k != "_owner"}

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        self._owner = None
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
        """All or nothing: where an exception leaves the block, the graph is as it was before it."""
        effects, mark, version, log = self._effects, len(self._effects), self.version, self.changes.end
        self._depth += 1
        try:
            yield effects
        except BaseException:
            roll_back(cast("NeuronCore", self), effects, mark)
            self.version = version
            self.changes.cut(log)
            raise
        finally:
            self._depth -= 1
        if not self._depth:  # a run of raw mutations keeps no value writes
            effects[mark:] = [effect for effect in effects[mark:] if is_structural(effect)]

    def _record(self, effect: Effect) -> None:
        self._effects.append(effect)
        self.version += 1

    def _note_extra(self, extra: dict, what: str, number: int, at: int) -> None:
        """Inside a transaction, remember the user's own attributes as they are."""
        if self._depth:
            self._effects.append(("extra", what, number, dict(extra.get(at, {}))))

    def add_nodes_from(self, nodes_for_adding, **attr) -> None:
        with self.atomic():
            super().add_nodes_from(nodes_for_adding, **attr)

    def add_edges_from(self, ebunch_to_add, **attr) -> None:
        with self.atomic():
            super().add_edges_from(ebunch_to_add, **attr)
