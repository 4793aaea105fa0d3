"""The verbs that change a network: frozen dataclasses that `NeuronGraph.apply` carries out, whole or not at all.

A new edit is a file here, an import and a line in `EDITS`. `base.Outcome` says what its `apply(graph)` returns.
"""

from neurograph.edits.add_neuron import AddNeuron
from neurograph.edits.autophagy import Autophagy
from neurograph.edits.base import Edit, Outcome
from neurograph.edits.connect import Connect
from neurograph.edits.counts import CountPolicy, DynamicCount
from neurograph.edits.expand import Expand
from neurograph.edits.proliferate import Proliferate
from neurograph.edits.remove_neurons import RemoveNeurons
from neurograph.edits.remove_synapses import RemoveSynapses
from neurograph.edits.selectors import LowRepresentationalPower
from neurograph.edits.split_edge import SplitEdge

EDITS: dict[str, type] = {
    edit.__name__: edit
    for edit in (
        AddNeuron,
        Autophagy,
        Connect,
        Expand,
        Proliferate,
        RemoveNeurons,
        RemoveSynapses,
        SplitEdge,
    )
}

__all__ = [
    "EDITS",
    "AddNeuron",
    "Autophagy",
    "Connect",
    "CountPolicy",
    "DynamicCount",
    "Edit",
    "Expand",
    "LowRepresentationalPower",
    "Outcome",
    "Proliferate",
    "RemoveNeurons",
    "RemoveSynapses",
    "SplitEdge",
]
