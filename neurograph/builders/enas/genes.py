"""The genes of a macro network: for each layer an operation and the earlier layers it also reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurograph.errors import OptionError

OPERATIONS = ("conv3", "separable3", "conv5", "separable5", "average", "maximum")


@dataclass(frozen=True)
class Gene:
    """One layer.

    Parameters
    ----------
    operation
        One of `OPERATIONS`.
    skips
        Numbers of the earlier layers that it reads beside its operation, rising.
    """

    operation: str
    skips: tuple[int, ...] = ()


def gene_rows(genes: Sequence) -> list[list[int]]:
    """Genes as plain numbers, one row a layer: what ENAS prints, `read_genes` reads and JSON holds.

    Examples
    --------
    >>> gene_rows([Gene("conv3"), Gene("maximum", (0,))])
    [[0], [5, 1]]
    """
    read = read_genes(genes)
    return [
        [OPERATIONS.index(gene.operation), *(int(earlier in gene.skips) for earlier in range(layer))]
        for layer, gene in enumerate(read)
    ]


def read_genes(genes: Sequence) -> tuple[Gene, ...]:
    """Genes in the form that ENAS prints and the builder takes.

    Parameters
    ----------
    genes
        One row a layer: an operation (its number or name in `OPERATIONS`), then one bit for each earlier layer, from
        layer 0 on, whether it is read. Or the rows one after another as one flat sequence of numbers. Or `Gene`s.

    Raises
    ------
    OptionError
        No such operation, a bit that is none, a row of the wrong length.

    Examples
    --------
    >>> read_genes([["conv3"], ["maximum", 1]])
    (Gene(operation='conv3', skips=()), Gene(operation='maximum', skips=(0,)))
    >>> read_genes([0, 5, 1]) == read_genes([["conv3"], ["maximum", 1]])
    True
    """
    rows = list(genes)
    if not rows:
        raise OptionError("genes are empty: give one row a layer, an operation and a bit for each earlier layer")
    if all(isinstance(item, int | np.integer) for item in rows):
        rows = _rows(rows)
    return tuple(_gene(layer, row) for layer, row in enumerate(rows))


def _rows(flat: list[int]) -> list[list[int]]:
    rows, at = [], 0
    while at < len(flat):
        rows.append(flat[at : at + 1 + len(rows)])
        at += len(rows)
    return rows


def _gene(layer: int, row: Sequence | Gene) -> Gene:
    if isinstance(row, Gene):
        rising = list(row.skips) == sorted(set(row.skips))
        if row.operation not in OPERATIONS or not rising or not all(0 <= skip < layer for skip in row.skips):
            raise OptionError(f"layer {layer}: {row} is not an operation and rising numbers of earlier layers")
        return row
    if isinstance(row, str) or len(row) != layer + 1:
        raise OptionError(f"layer {layer} needs an operation and {layer} bits, one for each earlier layer, not {row!r}")
    operation, *bits = row
    if isinstance(operation, int | np.integer) and 0 <= operation < len(OPERATIONS):
        operation = OPERATIONS[int(operation)]
    if operation not in OPERATIONS:
        known = ", ".join(f"{number} {name}" for number, name in enumerate(OPERATIONS))
        raise OptionError(f"layer {layer}: no operation {operation!r}; there are {known}")
    if any(bit not in (0, 1) for bit in bits):
        raise OptionError(f"layer {layer}: what follows the operation must be 0 or 1, not {bits!r}")
    return Gene(str(operation), tuple(earlier for earlier, bit in enumerate(bits) if bit))
