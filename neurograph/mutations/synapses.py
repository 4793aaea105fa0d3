"""Synapses come, change and go."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.columns import NeuronColumns
from neurograph.errors import NeuroGraphError, SynapseError
from neurograph.mutations.neurons import NeuronMutations
from neurograph.rows import take_synapses
from neurograph.schema import synapse
from neurograph.schema.spelling import warn_of_misspelled
from neurograph.schema.synapse import FORM_FIELDS, WEIGHT, check_fit, form_of, form_value, weight_array, weight_value
from neurograph.storage.views import EdgeData

_INPUT = "the target is an input neuron, which reads data and no synapse"


class SynapseMutations(NeuronMutations):
    """Synapses come, change and go: checked as a whole, then stored and recorded."""

    def _fault(self, u: int, v: int, error: Exception) -> SynapseError:
        names = self.table.names
        return SynapseError(f"synapse {names[u]!r} -> {names[v]!r}: {error}")

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
        extra = {k: x for k, x in attr.items() if k not in synapse.SCHEMA}
        warn_of_misspelled(extra, synapse.SCHEMA, "synapse")
        return form, weight, extra

    def _new_edge(self, u: int, v: int, attr: Mapping) -> None:
        if self._owner is not None:
            self._synchronise()
        table, columns = self._adj.table, self._columns
        code = columns.item[v]
        if columns.reads_data[code]:
            raise self._fault(u, v, SynapseError(_INPUT))
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
            self._note_extra(table.extra, "synapse", edge.id, edge.row)
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
        if row < 0 or i is None or j is None:
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
            weight = weight_array(weight)
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
                    raise SynapseError(_INPUT)
                check_fit(form, shape, columns.kinds[a].shape, columns.kinds[b].shape)
            except NeuroGraphError as err:
                at = int(np.flatnonzero(pairs == pair)[0])
                raise self._fault(int(u[at]), int(v[at]), err) from None


def _shape(weight: Any) -> tuple[int, ...] | None:
    return None if weight is None else np.shape(weight)
