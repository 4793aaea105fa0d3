"""A fingerprint of the wiring, so that parameters saved for another network are not loaded into this one."""

from dataclasses import astuple, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from neurograph.schema.neuron import VALUES
from neurograph.storage.sorting import stable_order
from neurograph.storage.sparse import places

if TYPE_CHECKING:
    from neurograph.core.state import GraphState


def wiring_digest(graph: "GraphState") -> str:
    """blake2b, 16 bytes in hexadecimal, over neurons in key order and synapses in id order.

    Covered: kinds (but for the population), which values a neuron has, and of each synapse the positions of its ends,
    its form and the shape of its weight. Two graphs with the same digest line up, parameter by parameter.
    """
    table, columns = graph.table, graph.neurons
    keys = table.keys()
    place = places(keys, len(table.names))
    kinds = [repr(astuple(replace(kind, population="-"))) for kind in columns.kinds]
    rows = table.live()
    rows = rows[stable_order(table.id[rows], table.next_id)]
    forms = [repr(sorted(bundle.items())) for bundle in table.forms.bundles]
    shapes = ["-", *(repr(pool.data.shape[1:]) for pool in table.pools)]
    digest = blake2b(digest_size=16)
    _add(digest, *_canonical(columns.kind[keys], kinds))
    for name in VALUES:
        digest.update(np.packbits(~np.isnan(columns.values[name][keys])).tobytes())
    for ends in (table.src, table.dst):
        digest.update(place[ends[rows]].tobytes())
    _add(digest, *_canonical(table.form[rows], forms))
    _add(digest, *_canonical(table.pool[rows].astype(np.int32), shapes))
    return digest.hexdigest()


def _canonical(codes: np.ndarray, texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """Codes renumbered by the order of their texts, so that the order in which they were interned does not matter."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(texts))) if len(codes) else np.empty(0, np.int64)
    names = sorted({texts[code] for code in used.tolist()})
    number = np.zeros(len(texts), np.int32)
    for code in used.tolist():
        number[code] = names.index(texts[code])
    return number[codes], names


def _add(digest, codes: np.ndarray, texts: list[str]) -> None:
    digest.update(repr(texts).encode())
    digest.update(codes.tobytes())
