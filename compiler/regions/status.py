"""What the number of a synapse, or of a neuron, is to training."""

import numpy as np

from neurograph.schema.synapse import SynapseForm

TRAINED, FROZEN, FIXED = 0, 1, 2  # a number in a Parameter, in a buffer, or no number at all (identity: 1; no bias: 0)


def status_of(form: SynapseForm) -> int:
    """What the numbers of synapses of a form are."""
    if form.op != "weight":
        return FIXED
    return TRAINED if form.trainable else FROZEN


def statuses(forms: tuple[SynapseForm, ...]) -> np.ndarray:
    """(forms,) uint8: what the numbers of synapses of each form are."""
    return np.array([status_of(form) for form in forms], np.uint8)
