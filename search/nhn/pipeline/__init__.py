"""Neuron hierarchical networks: a layer hierarchy found, pruned to neurons, and given add-on neurons by evolution."""

from .options import NeuronHierarchyOptions, SharedOptions, read_stage_options
from .presets import PRESETS
from .redraw import redraw_neuron_hierarchy
from .run import NeuronHierarchy, neuron_hierarchy, resume_neuron_hierarchy
from .stages import STAGES

__all__ = [
    "PRESETS",
    "STAGES",
    "NeuronHierarchy",
    "NeuronHierarchyOptions",
    "SharedOptions",
    "neuron_hierarchy",
    "read_stage_options",
    "redraw_neuron_hierarchy",
    "resume_neuron_hierarchy",
]
