"""The columns that a table of edges consists of, and the names of its nodes.

Any line may be the last one that runs: of a Ctrl-C, of memory that is used up. New columns are made aside and taken on
in one step; what writes in place is `torn` while it does.
"""

from collections.abc import Hashable, Iterable
from typing import Any, ClassVar

import numpy as np

from neurograph.storage.by_id import RowsById
from neurograph.storage.pools import Forms, Pool, grown, items, room
from neurograph.storage.sides import Side
from neurograph.storage.sparse import SparseNames, gappy
from neurograph.storage.values import Values

_LEFT_OUT = ("values", "guard", "holder", "indexed", "moves")  # of copies and pickles


class EdgeColumns:
    """The columns of a table of edges, and the two-way dictionary of its nodes: what is there, without any index.

    A node is known by its `key`, a whole number that rises and is never reused. Attributes named in `interned` are kept
    once per distinct combination (`forms`), the weight in pools by shape, all others in a sparse dictionary.
    """

    COLUMNS: ClassVar = {
        "src": np.int32,
        "dst": np.int32,
        "alive": np.bool_,
        "pool": np.int8,
        "row": np.int32,
        "form": np.int32,
        "id": np.int64,
    }

    src: np.ndarray
    dst: np.ndarray
    alive: np.ndarray
    pool: np.ndarray
    row: np.ndarray
    form: np.ndarray
    id: np.ndarray

    values: Values
    _m: tuple[Any, ...]  # the columns, for fast access to single items, in the order of COLUMNS
    _dst: Any
    _alive: Any
    indexed: int  # keys below it have a place in the pointers of the base
    _by_id: RowsById

    torn = False  # whether a write in place has begun and not ended
    moves = 0  # how often edges got other rows

    def __init__(self, interned: Iterable[str] = ()) -> None:
        self.interned = frozenset(interned)
        self.index: dict[Hashable, int] = {}
        self.names: list[Hashable] | SparseNames = []
        self.size = self.base = self.dead = self.next_id = 0
        for column, dtype in self.COLUMNS.items():
            setattr(self, column, np.zeros(0, dtype))
        self.pools = [Pool(np.zeros(0))]
        self.forms = Forms()
        self.extra: dict[int, dict] = {}  # row -> the attributes that are not columns
        self.out, self.inn = Side("dst"), Side("src", perm=np.zeros(0, np.int32))
        self.guard: Any = None  # weak reference to a graph that wants a say in attribute writes
        self.holder: Any = (
            None  # what has newer numbers than the columns; see `neurograph.core.mutations.owning.Holder`
        )
        self.install()

    def install(self, **changes: Any) -> None:
        """Take on new columns, or other attributes, and make anew what looks into them: all in one step."""
        now = self.__dict__ | changes
        view = {c: items(now[c]) for c in self.COLUMNS}
        values = Values()
        values.pool, values.row, values.form, values.id = view["pool"], view["row"], view["form"], view["id"]
        values.pools, values.extra, values.forms = now["pools"], now["extra"], now["forms"]
        self.__dict__.update(
            changes,
            _m=tuple(view[c] for c in self.COLUMNS),
            _dst=view["dst"],
            _alive=view["alive"],
            values=values,
            indexed=len(now["out"].ptr) - 1,
            _by_id=RowsById(),
        )

    def __getstate__(self):
        state = {k: v for k, v in self.__dict__.items() if not k.startswith("_") and k not in _LEFT_OUT}
        return state | {c: getattr(self, c)[: self.size] for c in self.COLUMNS}

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        self.guard = self.holder = None
        self.install()

    def _reserve(self, rows: int) -> None:
        if rows > len(self.src):
            rows = room(rows, len(self.src), rows - self.size < 16)
            self.install(**{column: grown(getattr(self, column), rows) for column in self.COLUMNS})

    # ------------------------------------------------------------------------------------------------ nodes
    def new_key(self, name: Hashable) -> int:
        """Give a new node its key."""
        self.torn = True
        key = len(self.names)
        self.names.append(name)
        self.index[name] = key
        self.torn = False
        return key

    def new_keys(self, names: list[Hashable]) -> np.ndarray:
        """Give new nodes their keys; returns these, (n,) int64."""
        self.torn = True
        first = len(self.names)
        self.names.extend(names)
        self.index.update(zip(names, range(first, first + len(names)), strict=True))
        self.torn = False
        return np.arange(first, first + len(names))

    def restore_names(self, keys: list[int], names: list[Hashable]) -> None:
        """Bring nodes back under the keys they had, at their old places in the node order."""
        self.torn = True
        last, sorted_ = next(reversed(self.index.values()), -1), True
        self.reach(max(keys, default=-1) + 1, len(keys))
        for key, name in zip(keys, names, strict=True):
            self.names[key] = name
            self.index[name] = key
            last, sorted_ = key, sorted_ and key > last
        if not sorted_:
            self.index = self._ordered()
        self.torn = False

    def reach(self, keys: int, named: int) -> None:
        """Let the next key be `keys` at least, when so many are going to be named."""
        missing = keys - len(self.names)
        if missing > 0 and gappy(len(self.names) + named, keys):
            self.names = self._sparse_names()
        if isinstance(self.names, SparseNames):
            self.names.reach(keys)
        elif missing > 0:
            self.names.extend([None] * missing)

    def _sparse_names(self) -> SparseNames:
        return SparseNames(dict(self._present()), len(self.names))

    def _present(self) -> Iterable[tuple[int, Hashable]]:
        """(key, name) of the nodes, by key."""
        if isinstance(self.names, SparseNames):
            return self.names.present()
        return ((key, name) for key, name in enumerate(self.names) if name is not None)

    def _fitting_names(self) -> list[Hashable] | SparseNames:
        """The names as they take the least memory, as a list or by key."""
        names, length = self.names, len(self.names)
        if gappy(len(self.index), length):
            return names if isinstance(names, SparseNames) else self._sparse_names()
        return [names[key] for key in range(length)] if isinstance(names, SparseNames) else names

    def _ordered(self) -> dict[Hashable, int]:
        return {name: key for key, name in self._present()}

    def rename(self, keys: Iterable[int], names: Iterable[Hashable]) -> None:
        """Give nodes other names, free ones or each other's; keys and places in the node order stay."""
        self.torn = True
        for key, name in zip(keys, names, strict=True):
            self.names[key] = name
        self.index = self._ordered()
        self.torn = False

    def forget_names(self, keys: Iterable[int]) -> None:
        """Drop nodes whose edges are gone already."""
        self.torn = True
        for key in keys:
            self.index.pop(self.names[key], None)
            self.names[key] = None
            self.out.tail.pop(key, None)
            self.inn.tail.pop(key, None)
        self.torn = False

    def take_back(self, names: int, next_id: int, forms: int, pools: int) -> None:
        """Forget what was numbered since there were so many: nodes, forms and pools that nothing uses any more."""
        if isinstance(self.names, SparseNames):
            self.names.cut(names)
        else:
            del self.names[names:]
        self.next_id = next_id
        if len(self.forms.bundles) != forms or len(self.pools) != pools:
            self.install(forms=self.forms.first(forms), pools=self.pools[:pools])

    def keys(self) -> np.ndarray:
        """The live nodes' keys, ascending."""
        return np.fromiter(self.index.values(), np.int64, len(self.index))
