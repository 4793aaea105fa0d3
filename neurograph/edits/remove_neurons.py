"""RemoveNeurons: neurons and all their synapses."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurograph.edits.base import Outcome
from neurograph.edits.support import stranded
from neurograph.options import as_plain, one_of, population_or_neurons

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class RemoveNeurons:
    """Remove neurons with every synapse from and to them.

    Hidden neurons that are nothing but the removed, seen otherwise, go with them: those that read them alone, through
    identity or pooling synapses, and channels of a depthwise layer. So a channel takes its place in the pooling layer
    behind it along, and the weights by which that is read. Those that multiply by a removed neuron go as well: without
    that factor they would be larger, a gate left open. `details["cleaned_up"]` names these too.

    Parameters
    ----------
    names
        Neurons, or a population by name.
    stranded
        What becomes of hidden neurons that are left without inputs or outputs: "leave" (they stay, a constant or
        unread), "remove" (they go too, and those that this strands in turn), or "refuse". Outputs always stay.

    Raises
    ------
    OptionError
        No neuron is named, or no such strategy.
    MissingError, EditError
        From `apply`: a neuron that is not there; a stranded one with "refuse"; an output would lose a factor.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([2, 1, 3, 1])
    >>> g.apply(RemoveNeurons([2])).details["stranded"]
    [3, 4, 5]
    >>> _ = g.undo()
    >>> g.apply(RemoveNeurons([2], stranded="remove")).died
    [2, 3, 4, 5]
    """

    names: str | Sequence[Hashable]
    stranded: str = "leave"

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", population_or_neurons("names", self.names))
        one_of("stranded", self.stranded, stranded.STRATEGIES)

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Remove the neurons."""
        details = stranded.remove_neurons(graph, graph.resolve(self.names), self.stranded)
        return Outcome(as_plain(self), details=details)
