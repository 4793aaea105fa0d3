"""RemoveSynapses: some synapses; their neurons stay."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurograph.edits.base import Outcome
from neurograph.edits.support.stranded import STRATEGIES, Neighbours, settle
from neurograph.options import as_plain, one_of, pairs_of_neurons

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class RemoveSynapses:
    """Remove the synapses between pairs of neurons.

    A hidden neuron that multiplies goes with any of its synapses: without that factor it would be larger, a gate left
    open. `details["cleaned_up"]` names it.

    Parameters
    ----------
    pairs
        (source, target) pairs.
    stranded
        What becomes of hidden neurons that are left without inputs or outputs: "leave", "remove" or "refuse"; see
        `RemoveNeurons`.

    Raises
    ------
    OptionError
        No pair is given, or something that is not one, or no such strategy.
    MissingError, EditError
        From `apply`: a synapse or neuron that is not there; a stranded neuron with "refuse"; an
        output would lose a factor.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([2, 3, 1])
    >>> result = g.apply(RemoveSynapses([(0, 2), (1, 2)]))
    >>> result.entry.synapses_died.size, result.details["stranded"]
    (2, [2])
    """

    pairs: Iterable[tuple[Hashable, Hashable]]
    stranded: str = "leave"

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", pairs_of_neurons("pairs", self.pairs))
        one_of("stranded", self.stranded, STRATEGIES)

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Remove the synapses."""
        pairs = list(self.pairs)
        neighbours = Neighbours(graph, graph.keys_of([u for u, _ in pairs]), graph.keys_of([v for _, v in pairs]))
        graph.remove_synapses(pairs)
        return Outcome(as_plain(self), details=settle(graph, neighbours, self.stranded))
