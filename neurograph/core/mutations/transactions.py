"""All-or-nothing mutations."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neurograph.core.effects.base import Effect
from neurograph.core.effects.unjournaled import AttributesWritten
from neurograph.core.mutations.owning import synchronise
from neurograph.core.mutations.savepoint import Savepoint
from neurograph.core.mutations.unfinished import owe
from neurograph.core.state import GraphState
from neurograph.memory import give_back


@contextmanager
def atomic(graph: GraphState) -> Iterator[list[Effect]]:
    """All or nothing: where an exception leaves the block, the graph is as it was before it.

    That holds for a `KeyboardInterrupt` too, and for one that comes while the graph is put back: the rest is put
    back by the next access. What a network has learned is written back as the block begins, and not within it.

    Raises
    ------
    NeuroGraphError
        Where another thread is changing the graph.
    """
    if graph._savepoint is None:
        synchronise(graph)
    savepoint = None
    try:
        try:
            savepoint = Savepoint(graph)
            graph._savepoint = savepoint
            yield graph.effects
            commit(graph, savepoint)
        except BaseException:
            if savepoint is not None:
                savepoint.given_up = True
            abandon(graph, savepoint)
            raise
    except BaseException:  # an interrupt on the lines above
        if savepoint is not None:
            savepoint.given_up = True
        abandon(graph, savepoint)
        raise


def commit(graph: GraphState, savepoint: Savepoint) -> None:
    """End a transaction well; what is kept for rolling back alone goes with the outermost one."""
    if savepoint.outer is not None:
        graph._savepoint = savepoint.outer
        return
    if savepoint.moves != graph.table.moves:  # every column was made anew
        give_back(graph.table.size)
    effects, mark = savepoint.effects, savepoint.mark
    if savepoint.entry:  # which holds them
        effects[:], graph._savepoint, graph.turn = [], None, {}
    else:  # a run of raw mutations keeps no value writes
        structural = [effect for effect in effects[mark:] if effect.structural]
        effects[mark:], graph._savepoint, graph.turn = structural, None, {}


def abandon(graph: GraphState, savepoint: Savepoint | None) -> None:
    """End a transaction badly: the graph is as it was before it, now or, if this is interrupted, when next used."""
    if savepoint is None or not savepoint.is_open(graph):
        graph._leave_turn()
        return
    try:
        savepoint.restore(graph)
    except BaseException:
        owe(graph, lambda: abandon(graph, savepoint))
        raise
    if savepoint.outer is not None and savepoint.outer.given_up:  # while this one could not be taken back
        abandon(graph, savepoint.outer)


def take_back(graph: GraphState, outer: Savepoint | None, mark: int, **before: Any) -> None:
    """Put the graph back from the middle of a mutation too small for a savepoint; `before` is what it moved."""
    if graph._savepoint is outer and len(graph.effects) == mark and not graph.table.torn:
        graph._leave_turn()  # nothing was done, or it has been put back
        return
    savepoint = Savepoint(graph, outer=outer, mark=mark, **before)
    savepoint.given_up = True
    graph._savepoint = savepoint
    abandon(graph, savepoint)


def record(graph: GraphState, effect: Effect) -> None:
    """Note what is about to be done to the structure."""
    graph.effects.append(effect)
    graph.version += 1


def note_extra(graph: GraphState, extra: dict, what: str, number: int, at: int, ends: tuple[int, int] = (0, 0)) -> None:
    """Remember the user's own attributes of a neuron or a synapse as they are."""
    graph.effects.append(AttributesWritten(what, number, dict(extra.get(at, {})), ends))
