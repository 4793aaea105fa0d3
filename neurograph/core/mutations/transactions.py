"""All-or-nothing mutations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import networkx as nx

from neurograph.core.effects.base import Effect
from neurograph.core.effects.unjournaled import AttributesWritten
from neurograph.core.mutations.owning import Owning
from neurograph.core.mutations.parallel import refuse_several_weights
from neurograph.core.mutations.savepoint import Savepoint
from neurograph.core.mutations.unfinished import owe
from neurograph.core.mutations.whole import whole
from neurograph.storage import ArrayDiGraph


class Transactions(Owning):
    """Mutations that happen whole or not at all."""

    effects: list[Effect]
    _savepoint: Savepoint | None

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        refuse_several_weights(incoming_graph_data)
        super().__init__(incoming_graph_data, **attr)

    @contextmanager
    def atomic(self) -> Iterator[list[Effect]]:
        """All or nothing: where an exception leaves the block, the graph is as it was before it.

        That holds for a `KeyboardInterrupt` too, and for one that comes while the graph is put back: the rest is put
        back by the next access. What a network has learned is written back as the block begins, and not within it.

        Raises
        ------
        NeuroGraphError
            Where another thread is changing the graph.
        """
        if self._savepoint is None:
            self.synchronise()
        savepoint = None
        try:
            try:
                savepoint = Savepoint(self)
                self._savepoint = savepoint
                yield self.effects
                self._commit(savepoint)
            except BaseException:
                if savepoint is not None:
                    savepoint.given_up = True
                self._abandon(savepoint)
                raise
        except BaseException:  # an interrupt on the lines above
            if savepoint is not None:
                savepoint.given_up = True
            self._abandon(savepoint)
            raise

    def _commit(self, savepoint: Savepoint) -> None:
        """End a transaction well; what is kept for rolling back alone goes with the outermost one."""
        if savepoint.outer is not None:
            self._savepoint = savepoint.outer
            return
        effects, mark = savepoint.effects, savepoint.mark
        if savepoint.entry:  # which holds them
            effects[:], self._savepoint, self.turn = [], None, {}
        else:  # a run of raw mutations keeps no value writes
            structural = [effect for effect in effects[mark:] if effect.structural]
            effects[mark:], self._savepoint, self.turn = structural, None, {}

    def _abandon(self, savepoint: Savepoint | None) -> None:
        """End a transaction badly: the graph is as it was before it, now or, if this is interrupted, when next used."""
        if savepoint is None or not savepoint.is_open(self):
            self._leave_turn()
            return
        try:
            savepoint.restore(self)
        except BaseException:
            owe(self, lambda: self._abandon(savepoint))
            raise
        if savepoint.outer is not None and savepoint.outer.given_up:  # while this one could not be taken back
            self._abandon(savepoint.outer)

    def _take_back(self, outer: Savepoint | None, mark: int, **before: Any) -> None:
        """Put the graph back from the middle of a mutation too small for a savepoint; `before` is what it moved."""
        if self._savepoint is outer and len(self.effects) == mark and not self.table.torn:
            self._leave_turn()  # nothing was done, or it has been put back
            return
        savepoint = Savepoint(self, outer=outer, mark=mark, **before)
        savepoint.given_up = True
        self._savepoint = savepoint
        self._abandon(savepoint)

    def _record(self, effect: Effect) -> None:
        self.effects.append(effect)
        self.version += 1

    def _note_extra(self, extra: dict, what: str, number: int, at: int, ends: tuple[int, int] = (0, 0)) -> None:
        """Remember the user's own attributes of a neuron or a synapse as they are."""
        self.effects.append(AttributesWritten(what, number, dict(extra.get(at, {})), ends))

    # ------------------------------------------------------------------------------------- networkx's mutators
    add_nodes_from = whole(ArrayDiGraph.add_nodes_from)
    add_edges_from = whole(ArrayDiGraph.add_edges_from)
    add_edges_from_arrays = whole(ArrayDiGraph.add_edges_from_arrays)
    remove_node = whole(ArrayDiGraph.remove_node)
    remove_nodes_from = whole(ArrayDiGraph.remove_nodes_from)
    remove_edges_from = whole(ArrayDiGraph.remove_edges_from)
    clear = whole(ArrayDiGraph.clear)
    clear_edges = whole(ArrayDiGraph.clear_edges)
    _update = whole(nx.DiGraph.update)

    def update(self, edges=None, nodes=None) -> None:
        """Add nodes and edges, or another graph, as `networkx.DiGraph.update`; multigraphs as the constructor does."""
        refuse_several_weights(edges)
        self._update(edges, nodes)
