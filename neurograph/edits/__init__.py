"""The verbs that change a network: frozen dataclasses that `NeuronGraph.apply` carries out, whole or not at all.

A new edit is a file here, an import and a line in `EDITS`. `base.Outcome` says what its `apply(graph)` returns.
"""

from neurograph.edits.add_neuron import AddNeuron
from neurograph.edits.add_on_neurons import AddOnNeurons, Directions
from neurograph.edits.autophagy import Autophagy
from neurograph.edits.base import Edit, Outcome
from neurograph.edits.connect import Connect
from neurograph.edits.expand import Expand
from neurograph.edits.insert_layer import InsertLayer
from neurograph.edits.proliferate import Proliferate
from neurograph.edits.prune import Prune
from neurograph.edits.prune_kernels import PruneKernels
from neurograph.edits.reinitialize import Reinitialize
from neurograph.edits.remove_neurons import RemoveNeurons
from neurograph.edits.remove_synapses import RemoveSynapses
from neurograph.edits.rename import Rename
from neurograph.edits.renew import Renew
from neurograph.edits.rewire import Rewire
from neurograph.edits.selectors import LowRepresentationalPower
from neurograph.edits.set_values import SetValues
from neurograph.edits.sparsify import Sparsify
from neurograph.edits.split_edge import SplitEdge
from neurograph.edits.support.counts import CountPolicy, DynamicCount
from neurograph.registry import Registry

EDITS: Registry[type] = Registry(
    "neurograph.edits",
    {
        edit.__name__: edit
        for edit in (
            AddNeuron,
            AddOnNeurons,
            Autophagy,
            Connect,
            Expand,
            InsertLayer,
            Proliferate,
            Prune,
            PruneKernels,
            Reinitialize,
            RemoveNeurons,
            RemoveSynapses,
            Rename,
            Renew,
            Rewire,
            SetValues,
            Sparsify,
            SplitEdge,
        )
    },
    fits=lambda edit: isinstance(edit, type) and callable(getattr(edit, "apply", None)),
)

__all__ = [
    "EDITS",
    "AddNeuron",
    "AddOnNeurons",
    "Autophagy",
    "Connect",
    "CountPolicy",
    "Directions",
    "DynamicCount",
    "Edit",
    "Expand",
    "InsertLayer",
    "LowRepresentationalPower",
    "Outcome",
    "Proliferate",
    "Prune",
    "PruneKernels",
    "Reinitialize",
    "RemoveNeurons",
    "RemoveSynapses",
    "Rename",
    "Renew",
    "Rewire",
    "SetValues",
    "Sparsify",
    "SplitEdge",
]
