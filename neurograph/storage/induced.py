"""A table of some nodes and the edges among them: their rows are chosen before anything is copied."""

import numpy as np

from neurograph.storage.sides import Side
from neurograph.storage.sparse import SparseNames, by_key
from neurograph.storage.table import EdgeTable


def induced(table: EdgeTable, keys: np.ndarray) -> EdgeTable:
    """An independent copy of some nodes and the edges among them, whose keys and ids stay.

    Parameters
    ----------
    table
        Is left as it is; user attributes are copied one level deep, as networkx does.
    keys
        (n,) int64 keys of nodes, in the order of the table's nodes.
    """
    names, there, rows = table.names, by_key(keys, True, len(table.names)), table.live()
    named = {key: names[key] for key in keys.tolist()}
    new = object.__new__(EdgeTable)
    new.__setstate__(
        table.__getstate__()  # columns are shared until those of the rows are made
        | {"index": {name: key for key, name in named.items()}, "names": SparseNames(named, len(names))}
        | {"forms": table.forms.copy(), "out": Side("dst"), "inn": Side("src", perm=np.zeros(0, np.int32))}
    )
    new.keep(rows[there[table.src[rows]] & there[table.dst[rows]]])
    for row, attributes in new.extra.items():
        new.extra[row] = attributes.copy()
    return new
