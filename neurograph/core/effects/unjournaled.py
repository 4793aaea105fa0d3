"""What a transaction remembers for rolling back and no entry keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from neurograph.core.effects.base import Effect

if TYPE_CHECKING:
    from neurograph.core.state import GraphState


@dataclass(frozen=True, eq=False, slots=True)
class RanksMoved(Effect):
    """Neurons got other places in the topological order.

    Parameters
    ----------
    keys
        One, (n,) or a slice of them.
    before
        Their ranks.
    """

    journaled: ClassVar[bool] = False
    keys: Any
    before: Any

    def roll_back(self, graph: "GraphState") -> None:
        graph.ranks.rank[self.keys] = self.before


def note_ranks(effects: list[Effect]) -> Callable[[Any, Any], None]:
    """What `Ranks` calls before it moves neurons, to have that in a list of effects."""
    return lambda keys, before: effects.append(RanksMoved(keys, before))


@dataclass(frozen=True, eq=False, slots=True)
class AttributesWritten(Effect):
    """The user's own attributes of a neuron or a synapse changed.

    Parameters
    ----------
    what, number
        "neuron" and its key, or "synapse" and its id.
    before
        All of them.
    ends
        Keys of the synapse's ends.
    """

    journaled: ClassVar[bool] = False
    what: str
    number: int
    before: dict[str, Any]
    ends: tuple[int, int] = (0, 0)

    def roll_back(self, graph: "GraphState") -> None:
        extra, at = graph.neurons.extra, self.number
        if self.what == "synapse":
            extra, at = graph.table.extra, graph.table.find(*self.ends)
        if self.before:
            extra[at] = self.before
        else:
            extra.pop(at, None)


@dataclass(frozen=True, eq=False, slots=True)
class JournalWritten(Effect):
    """Entries were added to a journal, undone or done again.

    Parameters
    ----------
    entries, undone
        (the list, from where, what stood there) of its two lists.
    """

    journaled: ClassVar[bool] = False
    entries: tuple[list, int, list]
    undone: tuple[list, int, list]

    def roll_back(self, graph: "GraphState") -> None:
        for held, start, stood in (self.entries, self.undone):
            held[start:] = stood
