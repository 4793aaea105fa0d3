"""Effects as files and journal lines have them: lists of a tag and what follows it."""

from typing import Any

from neurograph.core.effects.attributes import AttributesSet
from neurograph.core.effects.base import Effect
from neurograph.core.effects.neurons import (
    KindsChanged,
    NeuronBorn,
    NeuronsBorn,
    NeuronsDied,
    NeuronsRenamed,
    PopulationAdded,
    PopulationRemoved,
)
from neurograph.core.effects.renewed import NeuronsRenewed
from neurograph.core.effects.synapses import FormsChanged, SynapseBorn, SynapseDied, SynapsesBorn, SynapsesDied
from neurograph.core.effects.values import ValuesWritten, WeightReplaced, WeightsWritten
from neurograph.errors import JournalError

EFFECTS: dict[str, type[Effect]] = {
    effect.tag: effect
    for effect in (
        SynapseBorn, SynapsesBorn, SynapseDied, SynapsesDied, NeuronBorn, NeuronsBorn, NeuronsDied, KindsChanged,
        FormsChanged, WeightReplaced, ValuesWritten, WeightsWritten, NeuronsRenamed, PopulationAdded,
        PopulationRemoved, AttributesSet, NeuronsRenewed,
    )
}  # fmt: skip


def from_plain(parts: list[Any]) -> Effect:
    """The effect that `Effect.plain` described; raises `JournalError` naming a tag that there is not."""
    tag, *held = parts
    effect = EFFECTS.get(tag) if isinstance(tag, str) else None
    if effect is None:
        raise JournalError(f"no such effect: {tag!r}")
    if len(held) != len(effect.fields):
        raise JournalError(f"an effect {tag!r} holds {', '.join(effect.fields)}, not {len(held)} things")
    return effect(*held)
