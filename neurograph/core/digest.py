"""A fingerprint of the wiring, so that parameters saved for another network are not loaded into this one."""

from dataclasses import astuple, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.schema.neuron import VALUES
from neurograph.storage.sparse import places

if TYPE_CHECKING:
    from neurograph.core.state import GraphState
    from neurograph.storage.table import EdgeTable

_PIECE = 2**16  # synapses: what is looked up for so many stays in the processor's cache


def wiring_digest(graph: "GraphState") -> str:
    """blake2b, 16 bytes in hexadecimal, over neurons in key order and synapses in id order.

    Covered: kinds (but for the population), which values a neuron has, and of each synapse the positions of its ends,
    its form and the shape of its weight. Two graphs with the same digest line up, parameter by parameter.
    """
    table, columns = graph.table, graph.neurons
    keys = table.keys()
    place, kinds = (
        places(keys, len(table.names)),
        [repr(astuple(replace(kind, population="-"))) for kind in columns.kinds],
    )
    by_id = _ById(table)
    forms = [repr(sorted(bundle.items())) for bundle in table.forms.bundles]
    shapes = ["-", *(repr(pool.data.shape[1:]) for pool in table.pools)]
    digest = blake2b(digest_size=16)
    _add(digest, *_canonical(columns.kind[keys], kinds))
    for name in VALUES:
        digest.update(np.packbits(~np.isnan(columns.values[name][keys])).tobytes())
    for ends in (table.src, table.dst):
        digest.update(by_id.sorted(ends, place).data)
    for column, texts in ((table.form, forms), (table.pool, shapes)):
        codes = column[by_id.rows]
        number, names = _numbers(codes, texts)
        digest.update(repr(names).encode())
        ordered = np.zeros(len(codes), np.int32) if len(names) < 2 else by_id.sorted(column, number)
        digest.update(ordered.data)
    return digest.hexdigest()


class _ById:
    """The rows of a table by id: columns are put in that order number by number, where ids leave few gaps."""

    def __init__(self, table: "EdgeTable") -> None:
        self.rows: Any = table.live() if table.dead else slice(table.size)
        self.ids = table.id[self.rows]
        self.order = self.there = None
        if table.next_id > 4 * len(self.ids):
            self.order = np.argsort(self.ids, kind="stable")
        elif table.next_id > len(self.ids):
            self.there = np.zeros(table.next_id, bool)
            self.there[self.ids] = True

    def sorted(self, column: np.ndarray, number: Any) -> np.ndarray:
        """(n,) int32: number[what a column has] of each live row, by id."""
        held = column[self.rows]
        if self.order is not None:
            return number[held[self.order]]
        found = np.empty(len(held) if self.there is None else len(self.there), np.int32)
        for start in range(0, len(held), _PIECE):
            piece = slice(start, start + _PIECE)
            found[self.ids[piece]] = number[held[piece]]
        return found if self.there is None else found[self.there]


def _canonical(codes: np.ndarray, texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """Codes renumbered by the order of their texts, so that the order in which they were interned does not matter."""
    number, names = _numbers(codes, texts)
    return number[codes], names


def _numbers(codes: np.ndarray, texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """The new number of each code, int32, and the texts of these."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(texts))) if len(codes) else np.empty(0, np.int64)
    names = sorted({texts[code] for code in used.tolist()})
    number = np.zeros(len(texts), np.int32)
    for code in used.tolist():
        number[code] = names.index(texts[code])
    return number, names


def _add(digest, codes: np.ndarray, texts: list[str]) -> None:
    digest.update(repr(texts).encode())
    digest.update(codes.tobytes())
