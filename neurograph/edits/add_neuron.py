"""AddNeuron: one neuron, with its synapses if it is to have any."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neurograph.edits.base import Outcome
from neurograph.errors import OptionError, listed
from neurograph.options import as_plain

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class AddNeuron:
    """Add one neuron.

    Parameters
    ----------
    name
        Its networkx node, new; a free whole number unless given.
    population
        The one it joins, or founds.
    activation
        A name from `neurograph.schema.activations`.
    bias
        A number, or None for a neuron that has none.
    incoming, outgoing
        Neuron -> the synapse from or to it: a weight (a number or a kernel), None, or attributes such as
        {"weight": 0.5, "trainable": False}. A list of neurons stands for synapses without a weight.
    attributes
        Others of `NeuronKind`'s fields and of a neuron's values (shape, norm, slope, ...), and the user's own.

    Raises
    ------
    OptionError
        Options that contradict each other.
    NeuronError, MissingError, CycleError, SynapseError
        From `apply`: a name that is taken or an attribute that no neuron has; a neuron that is not there; a cycle; a
        weight that does not fit.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> g = NeuronGraph()
    >>> (x,), (y,) = g.add_population("x", 1, role="input"), g.add_population("y", 1, is_output=True)
    >>> (n,) = g.apply(AddNeuron(activation="tanh", bias=0.0, incoming={x: 0.5}, outgoing={y: 1.0})).born
    >>> list(g.edges(data="weight")) == [(x, n, 0.5), (n, y, 1.0)]
    True
    """

    name: Hashable | None = None
    population: str = "hidden"
    activation: str = "identity"
    bias: float | None = None
    incoming: Mapping[Hashable, Any] | Iterable[Hashable] = ()
    outgoing: Mapping[Hashable, Any] | Iterable[Hashable] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for side in ("incoming", "outgoing"):
            given = getattr(self, side)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise OptionError(f"{side} must be neurons, or neuron -> weight, not {given!r}")
            object.__setattr__(self, side, _by_neuron(given))
        twice = {"population", "activation", "bias"} & set(self.attributes)
        if twice:
            raise OptionError(f"attributes must not hold {listed(sorted(twice))}, which are options of their own")

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Add the neuron and its synapses."""
        graph.keys_of([*self.incoming, *self.outgoing])  # add_edge would make those that are not there
        name = graph.add_neuron(
            self.name, population=self.population, activation=self.activation, bias=self.bias, **self.attributes
        )
        for source, synapse in _by_neuron(self.incoming).items():
            graph.add_edge(source, name, **_attributes(synapse))
        for target, synapse in _by_neuron(self.outgoing).items():
            graph.add_edge(name, target, **_attributes(synapse))
        return Outcome(as_plain(self))


def _by_neuron(given: Mapping[Hashable, Any] | Iterable[Hashable]) -> dict[Hashable, Any]:
    return dict(given) if isinstance(given, Mapping) else dict.fromkeys(given)


def _attributes(synapse: Any) -> dict[str, Any]:
    if isinstance(synapse, Mapping):
        return dict(synapse)
    return {} if synapse is None else {"weight": synapse}
