"""Populations that are wired among themselves as adjacency matrices, coarse enough to be seen."""

import numpy as np

from neurograph.analysis.history import NEVER, NeuronHistory, SynapseHistory, levels_of
from neurograph.view.layout import PageLayout

SIDE = 96  # cells of a matrix, each way
FEWEST = 2_000  # synapses within a population, from which on it has one


def matrix_arrays(
    neurons: NeuronHistory, synapses: SynapseHistory, layout: PageLayout
) -> tuple[dict[str, np.ndarray], dict[int, int]]:
    """The adjacency matrices of a page.

    Cell (row, column) of a matrix counts the living synapses from the neurons of one part of a population to those of
    another; parts are equal, in the order of depth.

    Returns
    -------
    arrays : dict
        "matrix", counts one matrix after the other, SIDE x SIDE each; "matrix_sign", from -100 to 100, how far the
        weights of a cell are of one sign.
    places : dict
        Number of the block -> which of the matrices is its.
    """
    living = np.flatnonzero(synapses.died == NEVER)
    source, target = synapses.source[living], synapses.target[living]
    inside = layout.block[source] == layout.block[target]
    counts = np.bincount(layout.block[source[inside]], minlength=len(layout.blocks))
    wanted = np.flatnonzero(counts >= FEWEST).tolist()
    if not wanted:
        return {}, {}
    level, part = levels_of(neurons, synapses), np.zeros(len(neurons.keys), np.int64)
    for block in (layout.blocks[at] for at in wanted):
        alive = block.members[neurons.died[block.members] == NEVER]
        ordered = alive[np.argsort(level[alive], kind="stable")]
        part[ordered] = np.arange(len(ordered)) * SIDE // max(1, len(ordered))
    matrices, signs = [], []
    for at in wanted:
        mine = inside & (layout.block[source] == at)
        cell = part[source[mine]] * SIDE + part[target[mine]]
        weight = np.nan_to_num(synapses.weight[living[mine]])
        matrices.append(np.bincount(cell, minlength=SIDE**2))
        total, size = (np.bincount(cell, each, SIDE**2) for each in (weight, np.abs(weight)))
        signs.append(np.rint(100 * total / np.maximum(size, 1e-300)).astype(np.int8))
    return {"matrix": np.concatenate(matrices), "matrix_sign": np.concatenate(signs)}, {
        at: place for place, at in enumerate(wanted)
    }
