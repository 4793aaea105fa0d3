"""Newborns by gradient while a network trains: what their edit looks at, and a line search over how far it goes."""

from typing import Any

import numpy as np

from neurograph import compiler
from neurograph.analysis.observations import Observations
from neurograph.core.entries import Entry
from neurograph.edits import SetValues

from ..training import Trainer, evaluate
from .events import Event

FACTORS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # what is tried; none of them makes newborns silent, as "zero" does


def observed_deltas(trainer: Trainer, examples: int) -> Observations:
    """Values and deltas over some training examples, of the network as the event's edits so far have left it.

    The trainer's own network follows only when the event is over, and knows no neurons born since it began.
    """
    x, y = (some.split(trainer.options.evaluation_batch) for some in trainer.sample(examples))
    return _as_edited(trainer).observe(
        zip(x, y, strict=True), loss=trainer.objective.loss, activations=True, deltas=True
    )


def search_amplitude(event: Event, entry: Entry, examples: int) -> float:
    """Multiply the outgoing weights that an edit's newborns were born with so that the training loss is least.

    "Growing tiny networks" (Verbockhaven et al. 2024) finds the amplitude of an update by a line search on the loss;
    here on a copy of the network, over `FACTORS`, and what is best becomes an edit of its own. 0 is among them: where
    every step makes it worse newborns are silent at first.

    Parameters
    ----------
    event
        In which the edit was applied.
    entry
        The edit's, of newborns whose outgoing weights follow a direction.
    examples
        Training examples that the loss is taken over.

    Returns
    -------
    factor : float
        What the weights were multiplied by.
    """
    trainer = event.trainer
    graph = trainer.net.graph
    ids = _outgoing(graph, entry)
    if not len(ids):
        return 1.0
    born, (x, y) = graph.read_weights(ids), trainer.sample(examples)
    net, losses = _as_edited(trainer), []
    for factor in FACTORS:
        net.graph.write_weights(ids, factor * born)
        net.refresh()
        losses.append(evaluate(net, x, y, trainer.options.evaluation_batch, trainer.objective)[0])
    factor = FACTORS[int(np.argmin(losses))]
    if factor != 1.0:
        pairs = _ends(graph, ids)
        weights = (factor * born).tolist()
        event.apply(SetValues({}, {pair: {"weight": w} for pair, w in zip(pairs, weights, strict=True)}))
    return factor


def _as_edited(trainer: Trainer) -> compiler.CompiledNetwork:
    """A copy of the network, compiled as it stands in the middle of an event."""
    options = trainer.options
    return compiler.compile(trainer.net.graph.copy(), batch_size=options.batch_size, device=options.device)


def _outgoing(graph: Any, entry: Entry) -> np.ndarray:
    """(n,) ids of the weighted synapses that lead out of the neurons that an edit has born."""
    table = graph.table
    rows = table.rows_of(np.asarray(entry.synapses_born))
    mine = np.isin(table.src[rows], entry.neurons_born) & (table.pool[rows] > 0)
    return table.id[rows[mine]].astype(np.int64)


def _ends(graph: Any, ids: np.ndarray) -> list[tuple[Any, Any]]:
    rows = graph.table.rows_of(ids)
    ends = (graph.names_of(side[rows].astype(np.int64)) for side in (graph.table.src, graph.table.dst))
    return list(zip(*ends, strict=True))
