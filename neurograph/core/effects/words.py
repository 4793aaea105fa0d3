"""What effects changed, in words: "activation of 1 neuron"."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from neurograph.core.effects.attributes import AttributesSet
from neurograph.core.effects.base import Effect
from neurograph.core.effects.neurons import KindsChanged, NeuronsRenamed
from neurograph.core.effects.synapses import FormsChanged
from neurograph.core.effects.values import ValuesWritten, WeightReplaced, WeightsWritten
from neurograph.schema.neuron import KIND_FIELDS


def changes(effects: Iterable[Effect]) -> list[str]:
    """What neurons and synapses there are got of others' attributes and values; births and deaths are left out.

    Examples
    --------
    >>> from neurograph.core.effects.values import ValuesWritten
    >>> changes([ValuesWritten("bias", np.array([3, 4]), np.zeros(2), np.ones(2))])
    ['bias of 2 neurons set']
    """
    found: dict[tuple[str, str], set[int]] = {}
    for effect in effects:
        for name, noun, numbers in _changed(effect):
            found.setdefault((str(name), noun), set()).update(numbers)
    return [f"{name} of {len(some)} {noun}{'s' * (len(some) != 1)} set" for (name, noun), some in found.items() if some]


def _changed(effect: Effect) -> Iterator[tuple[Any, str, list[int]]]:
    if isinstance(effect, KindsChanged):
        for key, old, new in zip(effect.keys.tolist(), effect.before, effect.after, strict=True):
            one, other = effect.kinds[old], effect.kinds[new]
            yield from ((name, "neuron", [key]) for name in KIND_FIELDS if getattr(one, name) != getattr(other, name))
    elif isinstance(effect, FormsChanged):
        for number, old, new in zip(effect.ids.tolist(), effect.before, effect.after, strict=True):
            one, other = effect.bundles[old], effect.bundles[new]
            yield from ((name, "synapse", [number]) for name in {**one, **other} if one.get(name) != other.get(name))
    elif isinstance(effect, NeuronsRenamed):
        yield "name", "neuron", np.asarray(effect.keys).tolist()
    elif isinstance(effect, ValuesWritten):
        yield effect.name, "neuron", np.asarray(effect.keys).tolist()
    elif isinstance(effect, WeightsWritten):
        yield "weight", "synapse", np.asarray(effect.ids).tolist()
    elif isinstance(effect, WeightReplaced):
        yield "weight", "synapse", [int(effect.number)]
    elif isinstance(effect, AttributesSet):
        yield from ((name, effect.what, [effect.number]) for name in {**effect.before, **effect.after})
