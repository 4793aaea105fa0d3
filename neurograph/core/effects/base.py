"""What all effects have in common."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from neurograph.core.effects.past import Past
    from neurograph.core.records import NeuronRecords, SynapseRecords
    from neurograph.core.state import GraphState

NONE = np.empty(0, np.int64)


class Effect:
    """One change of a graph.

    `tag` names it in files and on journal lines, `fields` what follows the tag there, in order.
    """

    __slots__ = ()
    tag: ClassVar[str] = ""
    fields: ClassVar[tuple[str, ...]] = ()
    journaled: ClassVar[bool] = True  # whether entries keep it; what they do not serves rolling back alone

    @property
    def structural(self) -> bool:
        """Whether it is more than a number that was written over another."""
        return self.journaled

    def toggle(self, graph: "GraphState") -> "Effect":
        """Change the graph back; records and returns the effect that changes it forth again."""
        raise NotImplementedError

    def today(self, graph: "GraphState") -> "Effect":
        """The effect as if it had led to what the graph has today: toggled, it sets back whatever was written since."""
        return self

    def roll_back(self, graph: "GraphState") -> None:
        """Put things as they were before it: right whether it happened wholly, in part or not at all."""
        raise NotImplementedError

    def check(self, graph: "GraphState") -> None:
        """Refuse to be toggled on a graph that it is not about; `JournalError` naming what is missing or there."""
        raise NotImplementedError

    def forward(self, past: "Past") -> "list[Effect]":
        """The effects that a graph as it was before would toggle, in order, to become as it is; see `Past`."""
        raise NotImplementedError

    def plain(self) -> list[Any]:
        """The tag and what it holds, as files have it."""
        return [self.tag, *(getattr(self, name) for name in self.fields)]

    @property
    def neurons_born(self) -> np.ndarray:
        """(n,) int64 keys."""
        return NONE

    @property
    def neurons_died(self) -> np.ndarray:
        """(n,) int64 keys."""
        rows = self.dead_neurons()
        return NONE if rows is None else rows.keys

    @property
    def synapses_born(self) -> np.ndarray:
        """(n,) int64 ids."""
        return NONE

    @property
    def synapses_died(self) -> np.ndarray:
        """(n,) int64 ids."""
        return NONE

    def dead_neurons(self) -> "NeuronRecords | None":
        """The neurons that went by it, whole; None where nobody did, or others took their places."""
        return None

    def dead_synapses(self, bundles: list[dict[str, Any]]) -> "SynapseRecords | None":
        """The synapses that went by it, likewise; bundles are those of the graph's table."""
        return None
