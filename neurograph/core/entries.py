"""An entry of the journal: one edit, or one run of raw mutations."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurograph.core.effects.base import Effect
from neurograph.core.effects.words import changes

RAW = "raw"  # the verb of a run of mutations made without an edit


@dataclass
class Entry:
    """One edit, or one run of raw mutations.

    Parameters
    ----------
    verb, options
        The edit's name and fields; "raw" and none for mutations through networkx or the bulk verbs.
    effects
        What it did, to be toggled newest first; for an undone entry, what toggles it forth again.
    neuron_heirs, synapse_heirs
        (n, 2) int64 pairs (new, old): whose place a newborn takes in the optimizer.
    details
        What else is worth recording: counts, how far the function moved.
    """

    verb: str
    options: dict[str, Any]
    effects: list[Effect]
    neuron_heirs: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    synapse_heirs: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def neurons_born(self) -> np.ndarray:
        """(n,) int64 keys."""
        return _joined(effect.neurons_born for effect in self.effects)

    @property
    def neurons_died(self) -> np.ndarray:
        """(n,) int64 keys."""
        return _joined(effect.neurons_died for effect in self.effects)

    @property
    def synapses_born(self) -> np.ndarray:
        """(n,) int64 ids."""
        return _joined(effect.synapses_born for effect in self.effects)

    @property
    def synapses_died(self) -> np.ndarray:
        """(n,) int64 ids."""
        return _joined(effect.synapses_died for effect in self.effects)

    def counts(self) -> dict[str, int]:
        """How many were born and died, by what they are: "neurons born" and so on."""
        fates = {
            "neurons born": self.neurons_born,
            "neurons died": self.neurons_died,
            "synapses born": self.synapses_born,
            "synapses died": self.synapses_died,
        }
        return {name: len(numbers) for name, numbers in fates.items()}

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        counts = [
            f"{len(numbers)} {what}{'s' * (len(numbers) != 1)} {fate}"
            for what, fate, numbers in (
                ("neuron", "born", self.neurons_born),
                ("neuron", "died", self.neurons_died),
                ("synapse", "born", self.synapses_born),
                ("synapse", "died", self.synapses_died),
            )
            if len(numbers)
        ]
        phrases = counts + changes(self.effects)
        return f"{self.verb}({options}): {', '.join(phrases) or 'nothing born, died or set'}"


def _joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.int64), *parts]).astype(np.int64)
