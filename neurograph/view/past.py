"""The weights of the past that go into a page: a row of bits a moment, each XOR the one before."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurograph.analysis.history import NeuronHistory, SynapseHistory
from neurograph.analysis.past import PastWeights, thinned
from neurograph.view.kernels import KernelPlaces
from neurograph.view.packing import rounded

MOST = 3_000_000  # numbers of the past that go into a page; about 2 bytes each


def past_arrays(
    past: Iterable[PastWeights],
    neurons: NeuronHistory,
    synapses: SynapseHistory,
    chosen: np.ndarray,
    order: np.ndarray,
    timeline: dict[str, Any],
    kernels: dict[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]], int]:
    """Weights and biases of the moments that were kept.

    Parameters
    ----------
    past
        The moments, oldest first; they are read once.
    neurons, synapses
        All that are or were.
    chosen
        Positions of the synapses that go into the page, in the page's order.
    order
        Positions of the neurons, likewise.
    timeline
        The page's; says where on the axis an epoch's last entry stands.
    kernels
        Today's; see `neurograph.view.kernels.kernel_arrays`.

    Returns
    -------
    arrays : dict
        "past_weight", moments x synapses, and "past_bias", moments x neurons, as bits; see `_delta`. "past_kernels",
        moments x numbers of kernels, each as today's are, where there is room.
    moments : list of dict
        "epoch" and "at", the place on the axis, of each.
    of : int
        How many moments there were.
    """
    ids, keys = synapses.ids[chosen], neurons.keys[order]
    most = max(1, MOST // max(1, len(ids) + len(keys)))
    of_kernels = KernelPlaces(ids, kernels)
    epochs, rows, biases, pictures, known = [], [], [], [], 0
    for some in past:
        known += 1
        epochs.append(some.epoch)
        rows.append(rounded(_aligned(ids, some.ids, some.signed_sizes())))
        biases.append(rounded(_aligned(keys, some.keys, some.values.get("bias"))))
        pictures.append(of_kernels.at(some))
        if len(epochs) > 2 * most:  # never more than twice as many at hand
            epochs, rows, biases, pictures = _fewer(epochs, (rows, biases, pictures), timeline, most)
    epochs, rows, biases, pictures = _fewer(epochs, (rows, biases, pictures), timeline, most)
    if not rows:
        return {}, [], known
    ends = _ends(timeline)
    moments = [{"epoch": epoch, "at": max(float(epoch), ends.get(epoch, 0.0))} for epoch in epochs]
    arrays = {"past_weight": _delta(rows)}
    if not all(np.isnan(row).all() for row in biases):
        arrays["past_bias"] = _delta(biases)
    if 0 < of_kernels.count * len(pictures) <= MOST:
        arrays["past_kernels"] = np.concatenate(pictures)
    return arrays, moments, known


def _fewer(epochs: list, lists: tuple[list, ...], timeline: dict[str, Any], most: int) -> list[list]:
    kept = set(thinned(epochs, _ends(timeline), most))
    places = [at for at, epoch in enumerate(epochs) if epoch in kept]
    return [[each[at] for at in places] for each in (epochs, *lists)]


def _ends(timeline: dict[str, Any]) -> dict[int, float]:
    """Epoch -> where its last entry stands on the axis."""
    return {entry["epoch"]: entry["at"] for entry in timeline["entries"] if entry["epoch"] is not None}


def _aligned(wanted: np.ndarray, known: np.ndarray, values: np.ndarray | None) -> np.ndarray:
    """The values of some numbers, NaN for those that have none."""
    if values is None or not len(known):
        return np.full(len(wanted), np.nan)
    near = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[near] == wanted, values[near].astype(np.float64), np.nan)


def _delta(rows: list[np.ndarray]) -> np.ndarray:
    """Rows of floats as bits, each row XOR the one before it, one after the other."""
    bits = np.stack(rows).view("<u4")
    return np.concatenate([bits[:1], bits[1:] ^ bits[:-1]]).reshape(-1)
