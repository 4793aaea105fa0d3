"""Effects as files and journal lines have them: lists of a tag and what follows it."""

from typing import Any

from neurograph.effects.attributes import AttributesSet
from neurograph.effects.base import Effect
from neurograph.effects.neurons import (
    KindsChanged,
    NeuronBorn,
    NeuronsBorn,
    NeuronsDied,
    NeuronsRenamed,
    PopulationAdded,
    PopulationRemoved,
)
from neurograph.effects.synapses import FormsChanged, SynapseBorn, SynapseDied, SynapsesBorn, SynapsesDied
from neurograph.effects.values import ValuesWritten, WeightReplaced, WeightsWritten
from neurograph.errors import JournalError

EFFECTS: dict[str, type[Effect]] = {
    effect.tag: effect
    for effect in (
        SynapseBorn, SynapsesBorn, SynapseDied, SynapsesDied, NeuronBorn, NeuronsBorn, NeuronsDied, KindsChanged,
        FormsChanged, WeightReplaced, ValuesWritten, WeightsWritten, NeuronsRenamed, PopulationAdded,
        PopulationRemoved, AttributesSet,
