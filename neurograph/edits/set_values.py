"""SetValues: weights, biases, other values and attributes of one's own are set, as an entry that can be undone."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neurograph.core.effects.attributes import AttributesSet
from neurograph.core.live import without_views
from neurograph.edits.base import Outcome
from neurograph.errors import EditError, MissingError, OptionError, listed
from neurograph.options import as_plain
from neurograph.schema import neuron, synapse

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

Pair = tuple[Hashable, Hashable]


@dataclass(frozen=True, eq=False)
class SetValues:
    """Set values of neurons and synapses, and attributes of your own, as one entry of the journal.

    What is written past an edit (`g[u][v]["weight"] = w`, `graph.write_weights`, networkx's `set_edge_attributes`,
    training) is not in the journal; what this edit writes is undone, done again and replayed.

    Parameters
    ----------
    neurons
        Neuron -> its new values: "bias" (None for none), "slope", "gamma", "beta", "running_mean", "running_var", and
        any attribute of your own.
    synapses
        (source, target) -> its new values: "weight", a number or a kernel of the shape that is there, and any attribute
        of your own.

    Raises
    ------
    OptionError
        Nothing to set, or something that is no mapping.
    MissingError, EditError, NeuronError, SynapseError
        From `apply`: a neuron or synapse that is not there; an attribute that is structure (activation, op, ...) and
        is set through the graph, which journals it by itself; a value that cannot be.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([2, 3, 1], seed=0)
    >>> result = g.apply(SetValues({2: {"bias": 0.5, "note": "mine"}}, {(0, 2): {"weight": 1.5}}))
    >>> g.nodes[2]["bias"], g.nodes[2]["note"], g[0][2]["weight"]
    (0.5, 'mine', 1.5)
    >>> _ = g.undo()
    >>> "note" in g.nodes[2], g[0][2]["weight"] == 1.5
    (False, False)
    """

    neurons: Mapping[Hashable, Mapping[str, Any]] = field(default_factory=dict)
    synapses: Mapping[Pair, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("neurons", "synapses"):
            given = getattr(self, name)
            if not isinstance(given, Mapping) or not all(isinstance(own, Mapping) for own in given.values()):
                raise OptionError(f"{name} must be a dictionary of dictionaries, not {given!r}")
        if not any((*self.neurons.values(), *self.synapses.values())):
            raise OptionError("there is nothing to set; give neurons={...} or synapses={...}")
        if any(not isinstance(pair, tuple) or len(pair) != 2 for pair in self.synapses):
            raise OptionError(f"synapses are known by (source, target), not {listed(self.synapses)}")

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Set the values."""
        keys = graph.keys_of(list(self.neurons)).tolist()
        missing = [pair for pair in self.synapses if not graph.has_edge(*pair)]
        if missing:
            raise MissingError(f"no synapse {listed(missing)}")
        for key, (name, given) in zip(keys, self.neurons.items(), strict=True):
            own = _own(given, neuron.SCHEMA, neuron.KIND_FIELDS, f"neuron {name!r}")
            graph.nodes[name].update({k: x for k, x in given.items() if k not in own})
            _set_own(graph, "neuron", key, graph.neurons.extra.get(key, {}), own)
        for (u, v), given in self.synapses.items():
            own = _own(given, synapse.SCHEMA, synapse.FORM_FIELDS, f"synapse {u!r} -> {v!r}")
            edge = graph[u][v]
            graph.add_edge(u, v, **{k: x for k, x in given.items() if k not in own})
            row = graph.table.find(*graph.keys_of([u, v]).tolist())
            _set_own(graph, "synapse", int(graph.table.id[row]), {k: edge[k] for k in own if k in edge}, own)
        return Outcome(as_plain(self), details={"neurons": len(self.neurons), "synapses": len(self.synapses)})


def _own(given: Mapping[str, Any], known: frozenset[str], structure: tuple[str, ...], whose: str) -> dict[str, Any]:
    """The attributes of the user's own among some; refuses those that are structure."""
    odd = [name for name in given if name in structure]
    if odd:
        raise EditError(f"{whose}: {listed(odd)} is structure, no value; set it on the graph, which journals it")
    return without_views({name: value for name, value in given.items() if name not in known})


def _set_own(graph: "EditableGraph", what: str, number: int, before: Mapping[str, Any], own: dict[str, Any]) -> None:
    if own:
        AttributesSet(what, number, {name: before[name] for name in own if name in before}, own).write(graph)
