"""Neurons come, change and go."""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.effects.neurons import (
    KindsChanged,
    NeuronBorn,
    NeuronsBorn,
    NeuronsDied,
    NeuronsRenamed,
    PopulationAdded,
    PopulationRemoved,
)
from neurograph.core.effects.synapses import SynapsesDied
from neurograph.core.effects.values import ValuesWritten
from neurograph.core.live import without_views
from neurograph.core.mutations.transactions import Transactions
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.core.records import take_neurons, take_synapses
from neurograph.errors import NeuroGraphError, NeuronError, listed
from neurograph.schema import neuron
from neurograph.schema.neuron import KIND_FIELDS, NeuronKind
from neurograph.schema.spelling import warn_of_misspelled
from neurograph.schema.synapse import check_fit, form_of
from neurograph.storage.sparse import by_key

_PLAIN = NeuronKind()
_new = tuple.__new__  # of a named tuple: twice as fast as calling its class


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
        return kind, values, without_views(extra)

    @whole
    def _new_node(self, name: Hashable, attr: Mapping) -> None:
        try:
            kind, values, extra = self._parse_neuron(attr)
        except NeuroGraphError as err:
            raise type(err)(f"neuron {name!r}: {err}") from None
        self._register(kind.population)
        columns, key = self.neurons, len(self.table.names)
        self._record(NeuronBorn(key))
        self.table.new_key(name)
        columns.reserve(key + 1)
        columns.item[key] = columns.number(kind)
        for value_name, value in (neuron.default_values(kind) | values).items():
            columns.value_items[value_name][key] = value
        if extra:
            columns.extra[key] = dict(extra)
        self.ranks.add(key)

    def _register(self, population: str) -> None:
        """Let there be a population of that name."""
        if population not in self.population_names:
            self._record(PopulationAdded(population))
            self.population_names = {**self.population_names, population: None}

    @in_turn
    def add_node(self, node_for_adding, **attr) -> None:
        columns = self.neurons
        code = None if attr or "hidden" not in self.population_names else columns.numbers.get(_PLAIN)
        if code is None or node_for_adding is None or node_for_adding in self._node:
            if not attr and node_for_adding in self._node:
                nx._clear_cache(self)
                return self._leave_turn()
            return super().add_node(node_for_adding, **attr)  # and nothing after: the commit is the last line
        # from here on the fast path: a plain hidden neuron
        table, effects, ranks = self._adj.table, self.effects, self.ranks
        outer, key, mark, version, top = self._savepoint, len(table.names), len(effects), self.version, ranks.top
        try:
            try:
                effects.append(_new(NeuronBorn, (key,)))
                table.new_key(node_for_adding)
                if key >= len(columns.item):
                    columns.reserve(key + 1)
                columns.item[key] = code
                ranks.add(key)
                self.version, self.turn = version + 1, {} if outer is None else self.turn
            except BaseException:
                self._take_back(outer=outer, mark=mark, version=version, names=key, top=top)
                raise
        except BaseException:
            self._take_back(outer=outer, mark=mark, version=version, names=key, top=top)
            raise

    @whole
    def _add_neurons(
        self, names: list[Hashable], kind: NeuronKind, values: Mapping[str, Any], extra: Mapping
    ) -> np.ndarray:
        """Add new neurons of one kind; values are numbers or one per neuron. Returns their keys."""
        nx._clear_cache(self)
        table, columns = self.writable_table(), self.neurons
        keys = np.arange(len(table.names), len(table.names) + len(names))
        self._register(kind.population)
        self._record(NeuronsBorn(keys))
        for name in names:
            table.new_key(name)
        columns.reserve(len(table.names))
        columns.kind[keys] = columns.number(kind)
        for name, value in (neuron.default_values(kind) | dict(values)).items():
            columns.values[name][keys] = value
        for key in keys.tolist() if extra else ():
            columns.extra[key] = dict(extra)
        self.ranks.add_many(keys)
        return keys

    def _set_node(self, name: Hashable, attr: Mapping) -> None:
        self._neuron_update(self.table.index[name], attr)

    @whole
    def _set_nodes(self, attributes: Mapping[Hashable, Mapping]) -> None:
        """Write attributes of many neurons, all or none.

        Where they are of all the neurons of a graph without a synapse, the graph is being made of another one: its
        populations are then in the order of their first neurons, wherever neurons were put for the moment.
        """
        index = self.table.index
        for name, attr in attributes.items():
            self._neuron_update(index[name], attr)
        if len(attributes) == len(index) and not len(self.table):
            self._order_populations()

    def _order_populations(self) -> None:
        columns, keys = self.neurons, self.table.keys()
        first = list(dict.fromkeys(columns.kinds[code].population for code in columns.kind[keys].tolist()))
        if list(self.population_names) == first:
            return
        for population in list(self.population_names):
            self._record(PopulationRemoved(population))
        for population in first:
            self._record(PopulationAdded(population))
        self.population_names = dict.fromkeys(first)

    @whole
    def _neuron_update(self, key: int, attr: Mapping) -> None:
        """Write attributes of one neuron: checked as a whole, then stored and recorded."""
        self.writable_table()
        columns, name = self.neurons, self.table.names[key]
        try:
            kind, values, extra = self._parse_neuron(attr, columns.of(key))
            if kind != columns.of(key):
                self._check_new_kind(key, kind)
        except NeuroGraphError as err:
            raise type(err)(f"neuron {name!r}: {err}") from None
        nx._clear_cache(self)
        if kind != columns.of(key):
            self._change_kind(np.array([key]), kind)
        for value_name, value in values.items():
            self._change_values(value_name, np.array([key]), np.array([value]))
            self.changes.neurons_written(value_name, np.array([key]))  # also where it is what was there
        if extra:
            self._note_extra(columns.extra, "neuron", key, key)
            columns.extra[key] = columns.extra.get(key, {}) | extra

    @whole
    def _neuron_delete(self, key: int, name: str) -> None:
        """Delete an attribute of the user's own."""
        extra = self.neurons.extra
        self._note_extra(extra, "neuron", key, key)
        extra[key] = {own: value for own, value in extra[key].items() if own != name}

    def _check_new_kind(self, key: int, kind: NeuronKind) -> None:
        """Whether a neuron's synapses allow it to become of this kind."""
        table, columns = self.table, self.neurons
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
        columns = self.neurons
        self._bring_neurons(keys)
        self._register(kind.population)
        before, after = columns.kind[keys], np.full(len(keys), columns.number(kind), np.int32)
        self._record(KindsChanged(keys, before, after, columns.kinds))
        columns.kind[keys] = after
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
        """Store values of neurons, inside a transaction; a run of raw mutations keeps the effect if it is structure."""
        column = self.neurons.values[name]
        if np.isnan(values).any():  # numbers go, and undoing brings them back
            self._bring_neurons(keys)
        before = column[keys]
        moved = (before != values) & ~(np.isnan(before) & np.isnan(values))
        if not moved.any():
            return
        keys, before, values = keys[moved], before[moved], np.asarray(values, np.float64)[moved]
        effect = ValuesWritten(name, keys, before, values)
        self.effects.append(effect)
        self.version += effect.structural
        self.changes.neurons_written(name, keys)
        column[keys] = values

    @whole
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
        self.writable_table()
        before = [old for old, new in names.items() if old not in self._node or old != new]
        keys, after = self.keys_of(before), [names[old] for old in before]
        self._check_new_names(set(before), after)
        if before:
            self.effects.append(NeuronsRenamed(keys, before, after))  # no structure: a compiled network goes on running
            self._set_names(keys, after)

    def _check_new_names(self, free: set, names: list[Hashable]) -> None:
        odd = [name for name in names if name is None or not isinstance(name, Hashable)]
        if odd:
            raise NeuronError(f"a name is anything that can be a networkx node; these cannot: {listed(odd)}")
        taken = [name for name in names if name in self._node and name not in free]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if taken or twice:
            raise NeuronError(f"names must be free and different; these are not: {listed(taken or twice)}")

    def _drop_nodes(self, names: list[Hashable]) -> None:
        table = self.table
        if len(names) == 1:
            self._note_replacement(table.index[names[0]])
        self._drop_keys(np.sort(np.fromiter((table.index[name] for name in names), np.int64, len(names))))

    def _note_replacement(self, key: int) -> None:
        """An input or output that dies right after one of its kind was born: networkx relabels in place like that."""
        last, kinds = self.effects[-1] if self.effects else None, self.neurons.kind
        if isinstance(last, NeuronBorn) and last.key != key and kinds[last.key] == kinds[key]:
            kind = self.neurons.of(key)
            if kind.role == "input" or kind.is_output:
                self.replacements = {**self.replacements, last.key: key}

    @whole
    def _drop_keys(self, keys: np.ndarray) -> None:
        """Remove neurons and all their synapses."""
        table = self.table
        if len(keys) * 8 > len(table.index):
            gone = by_key(keys, True, len(table.names))
            rows = table.live()
            rows = rows[gone[table.src[rows]] | gone[table.dst[rows]]]
        else:
            rows = [table.rows(key, side) for key in keys.tolist() for side in (table.out, table.inn)]
            rows = np.sort(np.concatenate(rows)) if rows else np.empty(0, np.int64)
            rows = rows[np.diff(rows, prepend=-1) > 0]
        self._bring_neurons(keys)
        if len(rows):
            self._bring_synapses(rows)
            self._record(SynapsesDied(take_synapses(table, rows)))
            table.kill(rows)
        self._record(NeuronsDied(take_neurons(table, self.neurons, self.ranks, keys)))
        table.forget_names(keys.tolist())
        for key in keys.tolist():
            self.neurons.forget(key)
        table.settle()


def _weight_shape(table, row: int) -> tuple[int, ...] | None:
    weight = table.values.weight(row)
    return None if weight is None else np.shape(weight)
