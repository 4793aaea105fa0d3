"""Neurons and synapses of a page as arrays of numbers."""

import numpy as np

from neurograph.analysis.history import NEVER, NeuronHistory, SynapseHistory
from neurograph.analysis.observations import Observations
from neurograph.schema.neuron import VALUES
from neurograph.view.bundles import Connection
from neurograph.view.layout import PageLayout


def neuron_arrays(
    neurons: NeuronHistory,
    synapses: SynapseHistory,
    layout: PageLayout,
    order: np.ndarray,
    observations: Observations | None,
) -> dict[str, np.ndarray]:
    """Of neurons, in an order given as their positions."""
    living = synapses.died == NEVER
    arrays = {
        "x": layout.x[order],
        "y": layout.y[order],
        "kind": neurons.kind[order],
        "fan_in": np.bincount(synapses.target[living], minlength=len(order))[order],
        "fan_out": np.bincount(synapses.source[living], minlength=len(order))[order],
    }
    heir, place = neurons.heir[order], np.argsort(order)
    arrays |= _unless_zero("heir", np.where(heir >= 0, place[heir] + 1, 0))
    arrays |= _unless_zero("born", neurons.born[order]) | _unless_zero("died", neurons.died[order])
    for name in VALUES:
        if not np.isnan(neurons.values[name]).all():
            arrays[name] = neurons.values[name][order]
    if observations is not None and len(observations.keys):
        for name in ("activation_mean", "activation_variance"):
            arrays[name] = _aligned(neurons.keys[order], observations.keys, getattr(observations, name))
    return arrays


def synapse_arrays(
    synapses: SynapseHistory, bundles: list[Connection], place: np.ndarray, observations: Observations | None
) -> dict[str, np.ndarray]:
    """Of the synapses of all bundles, one after the other; `place` says where in the page each neuron stands."""
    chosen = np.concatenate([np.zeros(0, np.int64), *(bundle.synapses for bundle in bundles)])
    arrays = {
        "source": place[synapses.source[chosen]],
        "target": place[synapses.target[chosen]],
        "weight": synapses.weight[chosen],
    }
    arrays |= _unless_zero("form", synapses.form[chosen])
    arrays |= _unless_zero("synapse_born", synapses.born[chosen])
    arrays |= _unless_zero("synapse_died", synapses.died[chosen])
    if observations is not None and len(observations.ids):
        arrays["gradient"] = _aligned(synapses.ids[chosen], observations.ids, observations.gradient_mean_absolute)
    return arrays


def _unless_zero(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values} if values.any() else {}


def _aligned(wanted: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values of some numbers, NaN for those that have none."""
    near = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[near] == wanted, values[near], np.nan)
