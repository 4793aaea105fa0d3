"""The attributes of one edge as a mapping, over an `EdgeTable`."""

from collections.abc import Mapping, MutableMapping
from copy import deepcopy

from neurograph.storage.table import EdgeTable
from neurograph.storage.values import WEIGHT, Values


class DictView(Mapping):
    """A mapping that does what a dict does: prints, copies, merges and is pickled as one."""

    __slots__ = ()

    def __or__(self, other) -> dict:
        return dict(self) | dict(other) if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other) -> dict:
        return dict(other) | dict(self) if isinstance(other, Mapping) else NotImplemented

    def __reversed__(self):
        return reversed(list(self))

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def copy(self) -> dict:
        return dict(self)

    def __copy__(self) -> dict:
        return dict(self)

    def __deepcopy__(self, memo) -> dict:
        return deepcopy(dict(self), memo)

    def __reduce__(self):
        return dict, (dict(self),)


_WEIGHT_ALONE = (WEIGHT,)


class EdgeData(DictView, MutableMapping):
    """The attributes of one edge; survives a reindex because it remembers which edge it is."""

    __slots__ = ("row", "table", "u", "v", "values_")

    def __init__(self, table: EdgeTable, u: int, v: int, row: int, values: Values) -> None:
        self.table, self.u, self.v, self.row, self.values_ = table, u, v, row, values

    @property
    def id(self) -> int:
        """Which edge it is."""
        return self.values_.id[self.row]

    def _now(self) -> Values:
        """Where the attributes are: in the table, or for good in what the edge had when it was removed."""
        table = self.table
        if self.values_ is not table.values:
            row = table.find(self.u, self.v)
            if row >= 0 and table.values.id[row] == self.id:
                self.row, self.values_ = row, table.values
        return self.values_

    def alive(self) -> bool:
        """Whether the edge is still in the graph."""
        return self._now() is self.table.values and bool(self.table._alive[self.row])

    def __getitem__(self, key):
        values = self._now()
        if key == WEIGHT:
            pool = values.pool[self.row]
            if pool:
                found = values.pools[pool - 1].item[values.row[self.row]]
                table = self.table
                if table.holder is not None and values is table.values and table._alive[self.row]:
                    found = table.holder.value(WEIGHT, values.id[self.row], found)
                return found if pool == 1 else _readonly(found)
        else:
            form = values.forms.bundles[values.form[self.row]]
            if key in form:
                return form[key]
        extra = values.extra.get(self.row)
        if extra is None:
            raise KeyError(key)
        return extra[key]

    def __setitem__(self, key, value) -> None:
        """Write one attribute; a finite number over another, of which nobody waits to hear, is stored right here."""
        table, values, row = self.table, self.values_, self.row
        if key == WEIGHT and type(value) is float and values is table.values and values.pool[row] == 1:
            guard = table.guard and table.guard()
            quiet = guard is not None and not (guard.turn or guard.changes.awaited or guard.frozen)
            if quiet and value - value == 0.0 and table._alive[row]:
                values.pools[0].item[values.row[row]] = value
                return
        self._write_or_ask({key: value})

    def __ior__(self, other):
        self.update(other)
        return self

    def update(self, changes=(), /, **more) -> None:
        self._write_or_ask(dict(changes, **more))

    def _write_or_ask(self, changes: dict) -> None:
        guard = self.table.guard and self.table.guard()
        if guard is not None and self.alive():
            guard.update_edge(self, changes)
        else:
            self.write(changes)

    def write(self, changes: Mapping) -> None:
        """Store attributes without asking anybody."""
        values, row, interned = self._now(), self.row, self.table.interned
        for key, value in changes.items():
            if key == WEIGHT and values.set_weight(row, value):
                if row in values.extra:
                    values.extra[row].pop(WEIGHT, None)
            elif key in interned:
                bundle = values.forms.bundles[values.form[row]] | {key: value}
                values.form[row] = values.forms.number(bundle)
            else:
                values.extra.setdefault(row, {})[key] = value

    def __delitem__(self, key) -> None:
        self[key]  # raises the KeyError
        guard = self.table.guard and self.table.guard()
        if guard is not None and self.alive():
            guard.delete_edge_item(self, key)
        else:
            self.erase(key)

    def erase(self, key) -> None:
        """Forget an attribute without asking anybody."""
        values, row = self._now(), self.row
        if key == WEIGHT and values.pool[row]:
            values.pool[row] = 0
        elif key in values.forms.bundles[values.form[row]]:
            bundle = dict(values.forms.bundles[values.form[row]])
            del bundle[key]
            values.form[row] = values.forms.number(bundle)
        else:
            del values.extra[row][key]

    def copy(self) -> dict:
        values, row = self._now(), self.row
        if values.form[row] or row in values.extra:
            return dict(self)
        return {WEIGHT: self[WEIGHT]} if values.pool[row] else {}

    def __iter__(self):
        values = self._now()
        if not values.form[self.row] and self.row not in values.extra:
            return iter(_WEIGHT_ALONE if values.pool[self.row] else ())
        names = [WEIGHT] if values.pool[self.row] else []
        names += values.forms.bundles[values.form[self.row]]
        return iter(names + list(values.extra.get(self.row, ())))

    def __contains__(self, key) -> bool:
        values = self._now()
        if key == WEIGHT and values.pool[self.row]:
            return True
        return key in values.forms.bundles[values.form[self.row]] or key in values.extra.get(self.row, ())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _readonly(kernel):
    """A kernel as an array of its own, as a number is; read-only, since writing into it would change nothing."""
    kernel = kernel.copy()
    kernel.flags.writeable = False
    return kernel
