"""Neurons come, change and go."""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.effects import is_structural
from neurograph.errors import NeuroGraphError, NeuronError, listed
from neurograph.mutations.transactions import Transactions
from neurograph.rows import take_neurons, take_synapses
from neurograph.schema import neuron
from neurograph.schema.neuron import KIND_FIELDS, NeuronKind
from neurograph.schema.spelling import warn_of_misspelled
from neurograph.schema.synapse import check_fit, form_of

_PLAIN = NeuronKind()


class NeuronMutations(Transactions):
    """Neurons come, change and go: checked as a whole, then stored and recorded."""

    def _parse_neuron(self, attr: Mapping, base: NeuronKind | None = None) -> tuple[NeuronKind, dict, dict]:
        """Attributes sorted into kind, values and the user's own, and checked."""
        changes = {k: v for k, v in attr.items() if k in KIND_FIELDS}
        if base is None:
            changes.setdefault("population", changes.get("role", "hidden"))
        kind = neuron.change_kind(base or NeuronKind(), changes)
        values = {}
        for name in neuron.VALUES:
            if name in attr:
                given = attr[name]
                values[name] = np.nan if given is None and name == "bias" else neuron.value(name, given)
                if given is not None and not neuron.may_have(kind, name):
                    raise NeuronError(
                        f"a neuron with role {kind.role!r}, activation {kind.activation!r} and norm "
                        f"{kind.norm!r} has no {name}"
                    )
        extra = {k: v for k, v in attr.items() if k not in neuron.SCHEMA}
        warn_of_misspelled(extra, neuron.SCHEMA, "neuron")
        return kind, values, extra

    def _new_node(self, name: Hashable, attr: Mapping) -> None:
        self._synchronise()
        try:
            kind, values, extra = self._parse_neuron(attr)
        except NeuroGraphError as err:
            raise type(err)(f"neuron {name!r}: {err}") from None
        columns = self._columns
        if kind.population not in self._populations:
            self._populations[kind.population] = None
            self._record(("population+", kind.population))
        key = self._adj.table.new_key(name)
        columns.reserve(key + 1)
        columns.item[key] = columns.number(kind)
        for value_name, value in (neuron.default_values(kind) | values).items():
            columns.value_items[value_name][key] = value
        if extra:
            columns.extra[key] = dict(extra)
        self._ranks.add(key)
        self._record(("n+", key))

    def add_node(self, node_for_adding, **attr) -> None:
        if attr or "hidden" not in self._populations or node_for_adding is None or node_for_adding in self._node:
            super().add_node(node_for_adding, **attr)
            return
        if self._owner is not None:  # from here on the fast path: a plain hidden neuron
            self._synchronise()
        key = self._adj.table.new_key(node_for_adding)
        columns = self._columns
        if key >= len(columns.item):
            columns.reserve(key + 1)
        columns.item[key] = columns.number(_PLAIN)
        self._ranks.add(key)
        self._effects.append(("n+", key))
        self.version += 1

    def _add_neurons(
        self, names: list[Hashable], kind: NeuronKind, values: Mapping[str, Any], extra: Mapping
    ) -> np.ndarray:
        """Add new neurons of one kind; values are numbers or one per neuron. Returns their keys."""
        self._synchronise()
        table, columns = self._open(), self._columns
        keys = np.array([table.new_key(name) for name in names], np.int64)
        columns.reserve(len(table.names))
        columns.kind[keys] = columns.number(kind)
        for name, value in (neuron.default_values(kind) | dict(values)).items():
            columns.values[name][keys] = value
        for key in keys.tolist() if extra else ():
            columns.extra[key] = dict(extra)
        self._ranks.add_many(keys)
        if kind.population not in self._populations:
            self._populations[kind.population] = None
            self._record(("population+", kind.population))
        self._record(("N+", keys))
        nx._clear_cache(self)
        return keys

    def _set_node(self, name: Hashable, attr: Mapping) -> None:
        self._neuron_update(self.table.index[name], attr)

    def _set_nodes(self, attributes: Mapping[Hashable, Mapping]) -> None:
        """Write attributes of many neurons, all or none.

        Where they are of all the neurons of a graph without a synapse, the graph is being made of another one: its
        populations are then in the order of their first neurons, wherever neurons were put for the moment.
        """
        index = self.table.index
        with self.atomic():
            for name, attr in attributes.items():
                self._neuron_update(index[name], attr)
            if len(attributes) == len(index) and not len(self.table):
                self._order_populations()

    def _order_populations(self) -> None:
        columns, keys = self._columns, self.table.keys()
        first = list(dict.fromkeys(columns.kinds[code].population for code in columns.kind[keys].tolist()))
        if list(self._populations) == first:
            return
        for population in list(self._populations):
            self._record(("population-", population))
        for population in first:
            self._record(("population+", population))
        self._populations.clear()
        self._populations.update(dict.fromkeys(first))

    def _neuron_update(self, key: int, attr: Mapping) -> None:
        """Write attributes of one neuron: checked as a whole, then stored and recorded."""
        self._open()
        columns, name = self._columns, self.table.names[key]
        try:
            kind, values, extra = self._parse_neuron(attr, columns.of(key))
            if kind != columns.of(key):
                self._check_new_kind(key, kind)
        except NeuroGraphError as err:
            raise type(err)(f"neuron {name!r}: {err}") from None
        self._synchronise()
        with self.atomic():
            if kind != columns.of(key):
                self._change_kind(np.array([key]), kind)
            for value_name, value in values.items():
                self._change_values(value_name, np.array([key]), np.array([value]))
        if extra:
            self._note_extra(columns.extra, "neuron", key, key)
            columns.extra.setdefault(key, {}).update(extra)
        nx._clear_cache(self)

    def _check_new_kind(self, key: int, kind: NeuronKind) -> None:
        """Whether a neuron's synapses allow it to become of this kind."""
        table, columns = self.table, self._columns
        if kind.role == "input" and table.degree(key, table.inn):
            raise NeuronError("it has incoming synapses, and an input neuron cannot; remove them first")
        if kind.shape != columns.of(key).shape:
            for side in (table.inn, table.out):
                for row in table.rows(key, side).tolist():
                    far = columns.of(int(getattr(table, side.far)[row])).shape
                    ends = (far, kind.shape) if side is table.inn else (kind.shape, far)
                    check_fit(form_of(table.forms.bundles[table.form[row]]), _weight_shape(table, row), *ends)

    def _change_kind(self, keys: np.ndarray, kind: NeuronKind) -> None:
        """Give neurons a new kind and the values it brings along."""
        columns = self._columns
        if kind.population not in self._populations:
            self._populations[kind.population] = None
            self._record(("population+", kind.population))
        before = columns.kind[keys].copy()
        columns.kind[keys] = columns.number(kind)
        self._record(("kind", keys, before, columns.kind[keys].copy(), columns.kinds))
        defaults = neuron.default_values(kind)
        for name, column in columns.values.items():
            if name == "bias":
                continue
            now = column[keys]
            default = defaults.get(name, np.nan)
            self._change_values(name, keys, np.where(np.isnan(now), default, now) if name in defaults else now * np.nan)
        if kind.role == "input":
            self._change_values("bias", keys, np.full(len(keys), np.nan))

    def _change_values(self, name: str, keys: np.ndarray, values: np.ndarray) -> None:
        """Store values of neurons; the effect is kept where it is structure, or inside a transaction."""
        column = self._columns.values[name]
        before = column[keys]
        moved = (before != values) & ~(np.isnan(before) & np.isnan(values))
        if not moved.any():
            return
        keys, before, values = keys[moved], before[moved], np.asarray(values, np.float64)[moved]
        column[keys] = values
        effect = ("value", name, keys, before, values)
        if is_structural(effect):
            self._record(effect)
        elif self._depth:
            self._effects.append(effect)
        self.changes.neurons_written(name, keys)

    def rename(self, names: Mapping[Hashable, Hashable]) -> None:
        """Give neurons other names; their keys, and with them their places among inputs and outputs, stay.

        `networkx.relabel_nodes(graph, names, copy=False)` removes neurons and adds new ones behind all others instead.

        Parameters
        ----------
        names
            Old name -> new name; all at once, so that names can be exchanged.

        Raises
        ------
        MissingError
            A neuron that is not in the graph.
        NeuronError
            A name that is taken, given twice, or cannot be one.
        """
        self._open()
        before = [old for old, new in names.items() if old not in self._node or old != new]
        keys, after = self.keys_of(before), [names[old] for old in before]
        self._check_new_names(set(before), after)
        if before:
            self._effects.append(("rename", keys, before, after))  # no structure: a compiled network goes on running
            self._set_names(keys, after)

    def _check_new_names(self, free: set, names: list[Hashable]) -> None:
        odd = [name for name in names if name is None or not isinstance(name, Hashable)]
        if odd:
            raise NeuronError(f"a name is anything that can be a networkx node; these cannot: {listed(odd)}")
        taken = [name for name in names if name in self._node and name not in free]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if taken or twice:
            raise NeuronError(f"names must be free and different; these are not: {listed(taken or twice)}")

    def _set_names(self, keys: np.ndarray, names: list[Hashable]) -> None:
        self.table.rename(keys.tolist(), names)
        nx._clear_cache(self)

    def _drop_nodes(self, names: list[Hashable]) -> None:
        table = self.table
        if len(names) == 1:
            self._note_replacement(table.index[names[0]])
        self._drop_keys(np.sort(np.fromiter((table.index[name] for name in names), np.int64, len(names))))

    def _note_replacement(self, key: int) -> None:
        """An input or output that dies right after one of its kind was born: networkx relabels in place like that."""
        last, kinds = self._effects[-1] if self._effects else None, self._columns.kind
        if last is not None and last[0] == "n+" and last[1] != key and kinds[last[1]] == kinds[key]:
            kind = self._columns.of(key)
            if kind.role == "input" or kind.is_output:
                self.replacements[int(last[1])] = key

    def _drop_keys(self, keys: np.ndarray) -> None:
        """Remove neurons and all their synapses."""
        self._synchronise()
        table = self.table
        if len(keys) * 8 > len(table.index):
            gone = np.zeros(len(table.names), bool)
            gone[keys] = True
            rows = table.live()
            rows = rows[gone[table.src[rows]] | gone[table.dst[rows]]]
        else:
            rows = [table.rows(key, side) for key in keys.tolist() for side in (table.out, table.inn)]
            rows = np.sort(np.concatenate(rows)) if rows else np.empty(0, np.int64)
            rows = rows[np.diff(rows, prepend=-1) > 0]
        if len(rows):
            self._record(("S-", take_synapses(table, rows)))
            table.kill(rows)
        self._record(("N-", take_neurons(table, self._columns, self._ranks, keys)))
        table.forget_names(keys.tolist())
        for key in keys.tolist():
            self._columns.forget(key)
        table.settle()


def _weight_shape(table, row: int) -> tuple[int, ...] | None:
    weight = table.values.weight(row)
    return None if weight is None else np.shape(weight)
