"""Neuron hierarchical networks: a layer hierarchy found, pruned to neurons, and given add-on neurons by evolution."""

from search.neuron_hierarchy.options import NeuronHierarchyOptions, SharedOptions, read_stage_options
from search.neuron_hierarchy.pipeline import (
    NeuronHierarchy,
    neuron_hierarchy,
    resume_neuron_hierarchy,
)
from search.neuron_hierarchy.presets import PRESETS
from search.neuron_hierarchy.stages import STAGES

__all__ = [
    "PRESETS",
    "STAGES",
    "NeuronHierarchy",
    "NeuronHierarchyOptions",
    "SharedOptions",
    "neuron_hierarchy",
    "read_stage_options",
    "resume_neuron_hierarchy",
]
