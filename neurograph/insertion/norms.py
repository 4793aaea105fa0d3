"""A batch norm in a layer that is about to be inserted, such that it changes nothing on the recorded data."""

from dataclasses import replace

import numpy as np

from neurograph.insertion.layer import NewLayer
from neurograph.insertion.sums import Sums
from neurograph.schema.neuron import NeuronKind


def normed(layer: NewLayer, taken: Sums) -> NewLayer:
    """The layer with a norm that takes mean and deviation off what the neurons take in, and puts both on again.

    So the function stays where the norm uses its running statistics; in training it uses those of each batch, which are
    near them.

    Parameters
    ----------
    layer
        That stays.
    taken
        Moments of what its neurons take in, bias included.
    """
    variance = np.maximum(np.diag(taken.covariance), 0.0)
    spread = np.sqrt(variance + NeuronKind().eps)
    return replace(
        layer, norm={"gamma": spread, "beta": taken.mean, "running_mean": taken.mean, "running_var": variance}
    )
