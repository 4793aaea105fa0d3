"""Mutations of a neuron graph: checked, acyclic, recorded, and announced to the network that owns the values.

One layer a file, each a class on top of the one before: transactions, neurons, synapses, values. They override the
primitives of `ArrayDiGraph`, so networkx's own mutators and the bulk verbs all pass through here; `NeuronGraph` adds
the verbs people use.
"""

from neurograph.core.mutations.values import NeuronCore

__all__ = ["NeuronCore"]
