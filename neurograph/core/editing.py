"""What edits are, and what they did."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

from neurograph.core.entries import Entry
from neurograph.core.outcome import Outcome


class Edit(Protocol):
    """Anything `graph.apply` takes."""

    def apply(self, graph: Any) -> Outcome:
        """Change the graph, an `EditableGraph`; an exception undoes all of it."""
        ...


@dataclass(frozen=True)
class EditResult:
    """What an edit did.

    Parameters
    ----------
    entry
        Its entry in the journal.
    born, died
        Names of the neurons.
    """

    entry: Entry
    born: list[Hashable]
    died: list[Hashable]

    @property
    def details(self) -> dict[str, Any]:
        """What else the edit reports."""
        return self.entry.details
