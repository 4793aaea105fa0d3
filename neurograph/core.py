"""Mutations of a neuron graph: checked, acyclic, recorded, and announced to the network that owns the values.

`NeuronCore` overrides the primitives of `ArrayDiGraph`, so networkx's own mutators and the bulk verbs all pass through
here. What `NeuronGraph` adds on top are the verbs people use.
"""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import ref

import networkx as nx
import numpy as np

from neurograph.changes import ChangeLog
from neurograph.columns import NeuronColumns
from neurograph.effects import Effect, is_structural, roll_back
from neurograph.errors import EditError, NeuronError, NeuroGraphError, SynapseError
from neurograph.neurons import Neurons
from neurograph.order import Ranks
from neurograph.rows import take_neurons, take_synapses
from neurograph.schema import neuron, synapse
from neurograph.schema.neuron import KIND_FIELDS, NeuronKind
from neurograph.schema.synapse import FORM_FIELDS, WEIGHT, check_fit, form_of, form_value, weight_value
from neurograph.storage import ArrayDiGraph
from neurograph.storage.table import EdgeTable
from neurograph.storage.views import EdgeData

_CACHED = ("adj", "succ", "pred", "nodes", "edges", "out_edges", "in_edges", "degree", "in_degree", "out_degree")


class NeuronCore(ArrayDiGraph):
    """The guarded mutations under `NeuronGraph`."""

    node_dict_factory = Neurons
    interned = FORM_FIELDS

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        self.version = 0
        self.changes = ChangeLog()
        self._columns, self._ranks = NeuronColumns(), Ranks()
        self._populations: dict[str, None] = {}
        self._effects: list[Effect] = []  # of the edit, or of the run of raw mutations, that is going on
        self._depth = 0  # of nested transactions
        self._owner = None
        super().__init__(incoming_graph_data, **attr)

    def _adopt(self, table: EdgeTable) -> None:
        super()._adopt(table)
        table.guard = ref(self)
        self._node = Neurons(table, self._columns)

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k not in _CACHED and k != "_owner"}

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        self._owner = None
        if self._has_table():
            self._adopt(self.table)

    # ------------------------------------------------------------------------------------- the owner of the values
    def own(self, network: Any) -> None:
        """Let a compiled network own the values: it is asked to write them back before anything depends on them.

        Parameters
        ----------
        network
            Anything with a method `synchronise()`; held weakly. The owner before it is synchronised and released.
        """
        self._synchronise()
        self._owner = ref(network)

    @property
    def owner(self) -> Any:
        """The network that owns the values, or None."""
        return self._owner() if self._owner is not None else None

    def _synchronise(self) -> None:
        owner = self._owner
        if owner is not None:
            network = owner()
            if network is not None:
                network.synchronise()

    # ------------------------------------------------------------------------------------- transactions
    @contextmanager
    def atomic(self) -> Iterator[list[Effect]]:
        """All or nothing: where an exception leaves the block, the graph is as it was before it."""
        effects, mark, version, log = self._effects, len(self._effects), self.version, self.changes.end
        self._depth += 1
        try:
            yield effects
        except BaseException:
            roll_back(self, effects, mark)
            self.version = version
            self.changes.cut(log)
            raise
        finally:
            self._depth -= 1
        if not self._depth:  # a run of raw mutations keeps no value writes
            effects[mark:] = [effect for effect in effects[mark:] if is_structural(effect)]

    def _record(self, effect: Effect) -> None:
        self._effects.append(effect)
        self.version += 1

    # ------------------------------------------------------------------------------------- neurons
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
                    raise NeuronError(f"a neuron with role {kind.role!r}, activation {kind.activation!r} and norm "
                                      f"{kind.norm!r} has no {name}")
        return kind, values, {k: v for k, v in attr.items() if k not in neuron.SCHEMA}

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
            return super().add_node(node_for_adding, **attr)
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

    def _add_neurons(self, names: list[Hashable], kind: NeuronKind, values: Mapping[str, Any], extra: Mapping) -> np.ndarray:
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

    def _neuron_update(self, key: int, attr: Mapping) -> None:
        """Write attributes of one neuron: checked as a whole, then stored and recorded."""
        self._open()
        columns, table, name = self._columns, self.table, self.table.names[key]
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
                    check_fit(form_of(table.forms.bundles[table.form[row]]), _shape(table.values.weight(row)), *ends)

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

    def _drop_nodes(self, names: list[Hashable]) -> None:
        table = self.table
        self._drop_keys(np.sort(np.fromiter((table.index[name] for name in names), np.int64, len(names))))

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

    # ------------------------------------------------------------------------------------- synapses
    def _fault(self, u: int, v: int, error: Exception) -> SynapseError:
        names = self.table.names
        return SynapseError(f"synapse {names[u]!r} -> {names[v]!r}: {error}")

    def _check_target(self, v: int) -> None:
        if self._columns.reads_data[self._columns.item[v]]:
            raise SynapseError("the target is an input neuron, which reads data and no synapse")

    def _parse_edge(self, u: int, v: int, attr: Mapping, have: Mapping) -> tuple[dict, Any, dict]:
        """Attributes sorted into form, weight and the user's own; what they make with what is there is checked."""
        columns = self._columns
        try:
            form = {k: form_value(k, x) for k, x in attr.items() if k in FORM_FIELDS}
            weight = weight_value(attr[WEIGHT]) if WEIGHT in attr else None
            whole = form_of({k: x for k, x in have.items() if k in FORM_FIELDS} | form)
            shape = _shape(weight if weight is not None else have.get(WEIGHT))
            check_fit(whole, shape, columns.of(u).shape, columns.of(v).shape)
        except NeuroGraphError as err:
            raise self._fault(u, v, err) from None
        return form, weight, {k: x for k, x in attr.items() if k not in synapse.SCHEMA}

    def _new_edge(self, u: int, v: int, attr: Mapping) -> None:
        if self._owner is not None:
            self._synchronise()
        table, columns = self._adj.table, self._columns
        code = columns.item[v]
        if columns.reads_data[code]:
            raise self._fault(u, v, SynapseError("the target is an input neuron, which reads data and no synapse"))
        weight, form, extra = attr.get(WEIGHT), 0, None
        if len(attr) != (type(weight) is float) or not (columns.scalar[code] and columns.scalar[columns.item[u]]):
            changes, weight, extra = self._parse_edge(u, v, attr, {})
            form = table.forms.number(changes)
        elif weight is not None and weight - weight != 0.0:
            raise self._fault(u, v, SynapseError(f"a weight must be finite, not {weight}"))
        ranks = self._ranks
        if ranks.item[u] >= ranks.item[v]:
            ranks.admit(table, u, v)
        edge_id = table.next_id
        row = table.append(u, v, form)
        if weight is not None:
            if type(weight) is float:
                table._m[4][row] = table.pools[0].append(weight)
                table._m[3][row] = 1
            else:
                table.values.set_weight(row, weight)
        if extra:
            table.extra[row] = extra
        self._effects.append(("s+", edge_id, u, v))
        self.version += 1
        table.settle()

    def _add_edge_and_ends(self, u_of_edge, v_of_edge, attr: dict) -> None:
        if u_of_edge is None or v_of_edge is None:
            raise ValueError("None cannot be a node")
        with self.atomic():
            super()._add_edge_and_ends(u_of_edge, v_of_edge, attr)

    def _set_edge(self, row: int, u: int, v: int, attr: Mapping) -> None:
        self._edge_update(EdgeData(self.table, u, v, row, self.table.values), attr)

    def _edge_update(self, edge: EdgeData, attr: Mapping) -> None:
        """Write attributes of one synapse: checked as a whole, then stored and recorded."""
        self._open()
        table = self.table
        form, weight, extra = self._parse_edge(edge.u, edge.v, attr, edge)
        self._synchronise()
        before = edge.get(WEIGHT)
        before_form = table._m[5][edge.row]
        if form:
            edge.write(form)
            after_form = table._m[5][edge.row]
            if after_form != before_form:
                forms = np.array([before_form]), np.array([after_form])
                self._record(("form", np.array([edge.id]), *forms, table.forms.bundles))
        if weight is not None:
            kept = before if before is None or np.ndim(before) == 0 else np.array(before)
            edge.write({WEIGHT: weight})
            self._note_weight(edge.id, kept, weight)
        if extra:
            edge.write(extra)

    def _note_weight(self, edge_id: int, before: Any, after: Any) -> None:
        if _shape(before) != _shape(after):
            self._record(("reweigh", edge_id, before, after))
        elif self._depth:
            self._effects.append(("weight", np.array([edge_id]), np.array([before]), np.array([after])))
        self.changes.synapses_written(np.array([edge_id]))

    def _edge_delete(self, edge: EdgeData, key: str) -> None:
        """Delete an attribute of a synapse: its weight, an option (back to the default), or the user's own."""
        self._open()
        if key == WEIGHT:
            self._synchronise()
            before = edge[WEIGHT]
            edge.erase(WEIGHT)
            self._record(("reweigh", edge.id, before if np.ndim(before) == 0 else np.array(before), None))
        elif key in FORM_FIELDS:
            default = getattr(synapse.SynapseForm(), key)
            bundle = {k: x for k, x in edge.items() if k in FORM_FIELDS} | {key: default}
            ends = self._columns.of(edge.u).shape, self._columns.of(edge.v).shape
            try:
                check_fit(form_of(bundle), _shape(edge.get(WEIGHT)), *ends)
            except NeuroGraphError as err:
                raise self._fault(edge.u, edge.v, err) from None
            self._synchronise()
            before = np.array([self.table._m[5][edge.row]])
            edge.erase(key)
            after = np.array([self.table._m[5][edge.row]])
            self._record(("form", np.array([edge.id]), before, after, self.table.forms.bundles))
        else:
            edge.erase(key)

    def remove_edge(self, u, v) -> None:
        table = self._open()
        i, j = table.index.get(u), table.index.get(v)
        row = -1 if i is None or j is None else table.find(i, j)
        if row < 0:
            raise nx.NetworkXError(f"The edge {u}-{v} not in graph.")
        if self._owner is not None:
            self._synchronise()
            row = table.find(i, j)
        values, extra = table.values, table.extra.get(row) if table.extra else None
        weight = values.weight(row)
        if weight is not None and type(weight) is not float:
            weight = np.array(weight)
        self._effects.append(("s-", table._m[6][row], i, j, table._m[5][row], weight, extra and dict(extra)))
        self.version += 1
        table.kill_one(row, i, j)
        table.settle()

    def _drop_edges(self, rows: np.ndarray) -> None:
        if len(rows):
            self._synchronise()
            self._record(("S-", take_synapses(self.table, rows)))
            self.table.kill(rows)
            self.table.settle()

    def _add_rows(self, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
        table, columns = self.table, self._columns
        form = {k: form_value(k, x) for k, x in form.items()}
        if weight is not None:
            weight = np.asarray(weight, np.float64)
            if not np.isfinite(weight).all():
                at = int(np.flatnonzero(~np.isfinite(weight.reshape(len(weight), -1)).all(axis=1))[0])
                raise self._fault(int(u[at]), int(v[at]), SynapseError("a weight must be finite"))
        self._check_ends(u, v, columns, form_of(form), None if weight is None else weight.shape[1:])
        self._synchronise()
        self._ranks.admit_many(table, u, v)
        ids = table.extend(u, v, weight, table.forms.number(form))
        if len(ids):
            self._record(("S+", ids))
        return ids

    def _check_ends(self, u, v, columns: NeuronColumns, form: synapse.SynapseForm, shape: tuple | None) -> None:
        """One check for each pair of kinds that occurs."""
        pairs = columns.kind[u].astype(np.int64) * len(columns.kinds) + columns.kind[v]
        seen = np.flatnonzero(np.bincount(pairs)) if len(columns.kinds) < 1000 else np.unique(pairs)
        for pair in seen.tolist() if len(u) else ():
            a, b = divmod(pair, len(columns.kinds))
            try:
                if columns.reads_data[b]:
                    raise SynapseError("the target is an input neuron, which reads data and no synapse")
                check_fit(form, shape, columns.kinds[a].shape, columns.kinds[b].shape)
            except NeuroGraphError as err:
                at = int(np.flatnonzero(pairs == pair)[0])
                raise self._fault(int(u[at]), int(v[at]), err) from None

    # ------------------------------------------------------------------------------------- networkx's bulk mutators
    def add_nodes_from(self, nodes_for_adding, **attr) -> None:
        with self.atomic():
            super().add_nodes_from(nodes_for_adding, **attr)

    def add_edges_from(self, ebunch_to_add, **attr) -> None:
        with self.atomic():
            super().add_edges_from(ebunch_to_add, **attr)

    # ------------------------------------------------------------------------------------- values in bulk
    def read_weights(self, ids: np.ndarray) -> np.ndarray:
        """Weights by synapse id, all of one shape.

        Parameters
        ----------
        ids
            (n,) int64.

        Returns
        -------
        weights : numpy.ndarray
            (n,) or (n, height, width) float64.

        Raises
        ------
        SynapseError
            A synapse that is gone, has no weight, or one of another shape.
        """
        rows, pool = self._weight_rows(np.asarray(ids, np.int64))
        return self.table.pools[pool].data[self.table.row[rows]]

    def write_weights(self, ids: np.ndarray, values: np.ndarray, author: Any = None) -> None:
        """Write weights by synapse id, all of the shape that is there.

        Parameters
        ----------
        ids
            (n,) int64.
        values
            (n,) or (n, height, width), finite.
        author
            The owning network, when it writes back what it has learned; anybody else's write synchronises first and is
            loaded by the next refresh.

        Raises
        ------
        SynapseError
            As `read_weights`; or values that are not finite or of another shape.
        """
        ids, values = np.asarray(ids, np.int64), np.asarray(values, np.float64)
        if author is None:
            self._open()
            self._synchronise()
            if not np.isfinite(values).all():
                raise SynapseError("weights must be finite, and some of these are NaN or infinite")
        before = self.read_weights(ids)
        if before.shape != values.shape:
            raise SynapseError(f"weights of shape {before.shape} cannot take values of shape {values.shape}")
        self._store_weights(ids, values)
        if author is None:
            if self._depth:
                self._effects.append(("weight", ids, before, values.copy()))
            self.changes.synapses_written(ids)

    def _weight_rows(self, ids: np.ndarray) -> tuple[np.ndarray, int]:
        table = self.table
        rows = table.rows_of(ids)
        if (rows < 0).any():
            raise SynapseError(f"synapse number {ids[rows < 0][0]} is not in the graph")
        kind = table.kind[rows]
        if len(kind) and (kind[0] == 0 or (kind != kind[0]).any()):
            raise SynapseError("these synapses do not all have weights of one shape")
        return rows, int(kind[0]) - 1 if len(kind) else 0

    def _store_weights(self, ids: np.ndarray, values: np.ndarray) -> None:
        if len(ids):
            rows, pool = self._weight_rows(ids)
            self.table.pools[pool].data[self.table.row[rows]] = values

    def read_values(self, name: str, keys: np.ndarray) -> np.ndarray:
        """(n,) float64 values of neurons by key ("bias", "slope", "gamma", ...); NaN where there is none."""
        return self._columns.values[name][np.asarray(keys, np.int64)]

    def write_values(self, name: str, keys: np.ndarray, values: np.ndarray, author: Any = None) -> None:
        """Write values of neurons by key; see `write_weights` for the author."""
        keys, values = np.asarray(keys, np.int64), np.asarray(values, np.float64)
        column = self._columns.values[name]
        if author is not None:
            column[keys] = values
            return
        self._open()
        self._synchronise()
        if not np.isfinite(values).all() or np.isnan(column[keys]).any():
            raise NeuronError(f"{name}: values must be finite, and every neuron must have one already")
        with self.atomic():
            self._change_values(name, keys, values)

    def require(self, condition: bool, message: str) -> None:
        """Refuse an edit that makes no sense on this graph."""
        if not condition:
            raise EditError(message)


_PLAIN = NeuronKind()


def _shape(weight: Any) -> tuple[int, ...] | None:
    return None if weight is None else np.shape(weight)
