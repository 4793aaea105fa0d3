"""What a graph is put back to when a mutation does not come to its end."""

from typing import Any

from neurograph.core.effects.base import Effect
from neurograph.core.state import GraphState


class Savepoint:
    """Where a graph stood when a mutation began.

    What is large is known from the effects that were recorded since, newest first; what is small is kept here:
    counters, and the names of the populations.

    Parameters
    ----------
    graph
        The graph.
    changes
        Of these attributes, for one that is made when the mutation has begun already.

    Attributes
    ----------
    given_up
        Whether the mutation has ended badly, and is to be taken back: set before anything else that could fail then.
    """

    __slots__ = (
        "attributes", "effects", "entry", "forms", "given_up", "kinds", "log", "mark", "moves", "names", "next_id",
        "next_name", "outer", "pools", "populations", "replacements", "top", "version",
    )  # fmt: skip

    outer: "Savepoint | None"
    effects: list[Effect]

    def __init__(self, graph: GraphState, entry: bool = False, **changes: Any) -> None:
        graph._take_turn()
        table, log = graph.table, graph.changes
        self.outer, self.entry, self.given_up = graph._savepoint, entry, False
        self.effects, self.mark = graph.effects, len(graph.effects)
        self.version, self.log, self.next_name = log.clock.version, log.mark(), graph.next_name
        self.names, self.next_id, self.moves = len(table.names), table.next_id, table.moves
        self.forms, self.pools = len(table.forms.bundles), len(table.pools)
        self.kinds, self.top = len(graph.neurons.kinds), graph.ranks.top
        self.populations, self.replacements = graph.population_names, graph.replacements
        self.attributes = graph.graph.copy()
        for name, value in changes.items():
            setattr(self, name, value)

    def is_open(self, graph: GraphState) -> bool:
        """Whether what it was made for is under way: it, or one inside it."""
        at = graph._savepoint
        while at is not None and at is not self:
            at = at.outer
        return at is self

    def restore(self, graph: Any) -> None:
        """Take everything back that was done since; does the rest where it was interrupted."""
        table = graph.table
        if table.torn:
            table.repair()
        effects = self.effects
        while len(effects) > self.mark:
            effects[-1].roll_back(graph)
            if graph.changes.was_read_since(self.log):
                _write_again(graph, effects[-1])
            del effects[-1]
        table.take_back(self.names, self.next_id, self.forms, self.pools)
        graph.neurons.take_back(self.kinds)
        graph.ranks.top, graph.population_names, graph.replacements = self.top, self.populations, self.replacements
        graph.graph.clear()
        graph.graph.update(self.attributes)
        graph.changes.cut(self.log)
        graph.version, graph.next_name, graph.effects = self.version, self.next_name, effects
        graph._savepoint, graph.turn = self.outer, {} if self.outer is None else graph.turn


def _write_again(graph: Any, effect: Any) -> None:
    """Tell whoever has read what is rolled back that its numbers were written once more: back to what they were."""
    if effect.tag == "weight":
        graph.changes.synapses_written(effect.ids)
    elif effect.tag == "value":
        graph.changes.neurons_written(effect.name, effect.keys)
    elif effect.tag == "renewed":
        values = {name: keys for name, (keys, _) in effect.values.items()}
        graph.changes.renewed(effect.keys, effect.synapses_born, values)
