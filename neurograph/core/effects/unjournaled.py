"""What a transaction remembers for rolling back and no entry keeps."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from neurograph.core.effects.base import Effect

if TYPE_CHECKING:
    from neurograph.core.journal import Journal
    from neurograph.core.mutations import NeuronCore


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

    def roll_back(self, graph: "NeuronCore") -> None:
        graph._ranks.rank[self.keys] = self.before


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

    def roll_back(self, graph: "NeuronCore") -> None:
        extra, at = graph._columns.extra, self.number
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
    journal
        The journal.
    entries, undone
        (from where, what stood there) of its two lists.
    """

    journaled: ClassVar[bool] = False
    journal: "Journal"
    entries: tuple[int, list]
    undone: tuple[int, list]

    def roll_back(self, graph: "NeuronCore") -> None:
        for held, (start, stood) in ((self.journal.entries, self.entries), (self.journal.undone, self.undone)):
            held[start:] = stood
