"""The synapses of a file, checked as the graph's own verbs would: piece by piece, so that what is read stays near."""

from math import prod

import numpy as np

from neurograph.core.columns import NeuronColumns
from neurograph.core.ranks import Ranks, immediate
from neurograph.core.soundness import MOST_IDS
from neurograph.files.parts import need, within
from neurograph.schema.synapse import check_fit, form_of
from neurograph.storage.sets import each_once
from neurograph.storage.sparse import by_key
from neurograph.storage.table import EdgeTable

_PIECE = 2**16  # synapses: what is looked up for so many stays in the processor's cache


def check_synapses(table: EdgeTable, columns: NeuronColumns, ranks: Ranks) -> None:
    """Refuse a cycle, ends that are not there, two synapses on a pair, and what does not fit between its neurons.

    Parameters
    ----------
    table
        As it was read: columns of one length, whose pools have been looked at.
    columns, ranks
        Of the neurons.

    Raises
    ------
    FileError, SynapseError
        Saying what is wrong.
    """
    living, kinds = by_key(table.keys(), True, len(table.names)), len(columns.kinds)
    counts = kinds, kinds, len(table.forms.bundles), len(table.pools) + 1
    need(prod(counts) < MOST_IDS, "it has more kinds of neurons and synapses than can be told apart")
    seen: set[int] = set()
    before = -1
    for start in range(0, table.size, _PIECE):
        rows = np.arange(start, min(start + _PIECE, table.size))
        piece = slice(start, start + len(rows))
        u, v, form, pool = table.src[piece], table.dst[piece], table.form[piece], table.pool[piece]
        for ends in (u, v):
            need(within(ends, len(table.names)) and living[ends].all(), "a synapse joins a neuron that is not there")
        pair = (u.astype(np.int64) << 32) | v
        need(pair[0] > before and (pair[1:] > pair[:-1]).all(), "its synapses are not in order")
        before = int(pair[-1])
        need(within(form, counts[2]), "a synapse is of a form that is not there")
        now = immediate(table, rows) - start
        need((ranks.rank[u[now]] < ranks.rank[v[now]]).all(), "its synapses may close a cycle")
        code = columns.kind[u].astype(np.int64) * kinds + columns.kind[v]
        seen.update(each_once((code * counts[2] + form) * counts[3] + pool).tolist())
    for code in sorted(seen):
        _check_fit(table, columns, tuple(int(part) for part in np.unravel_index(code, counts)))


def _check_fit(table: EdgeTable, columns: NeuronColumns, code: tuple[int, ...]) -> None:
    source, target, form, weight = code
    shape = table.pools[weight - 1].data.shape[1:] if weight else None
    ends = columns.kinds[source].shape, columns.kinds[target].shape
    need(columns.kinds[target].role != "input", "an input neuron has an incoming synapse")
    check_fit(form_of(table.forms.bundles[form]), shape, *ends)
