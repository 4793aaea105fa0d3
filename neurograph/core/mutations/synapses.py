"""Synapses come, change and go."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.columns import NeuronColumns
from neurograph.core.effects.synapses import FormsChanged, SynapseBorn, SynapseDied, SynapsesBorn, SynapsesDied
from neurograph.core.effects.unjournaled import note_ranks
from neurograph.core.effects.values import WeightReplaced, WeightsWritten
from neurograph.core.live import without_views
from neurograph.core.mutations.neurons import NeuronMutations
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.core.records import take_synapses
from neurograph.errors import NeuroGraphError, SynapseError
from neurograph.schema import synapse
from neurograph.schema.spelling import warn_of_misspelled
from neurograph.schema.synapse import (
    DELAY,
    FORM_FIELDS,
    WEIGHT,
    canonical_form,
    check_fit,
    form_of,
    weight_array,
    weight_value,
)
from neurograph.storage import ArrayDiGraph
from neurograph.storage.edge_data import EdgeData

_INPUT = "the target is an input neuron, which reads data and no synapse"
_new = tuple.__new__  # of a named tuple: twice as fast as calling its class


class SynapseMutations(NeuronMutations):
    """Synapses come, change and go: checked as a whole, then stored and recorded."""

    def _fault(self, u: int, v: int, error: Exception) -> SynapseError:
        names = self.table.names
        return SynapseError(f"synapse {names[u]!r} -> {names[v]!r}: {error}")

    def _parse_edge(self, u: int, v: int, attr: Mapping, have: Mapping) -> tuple[dict, Any, dict]:
        """Attributes sorted into form, weight and the user's own; what they make with what is there is checked."""
        columns = self.neurons
        try:
            form = canonical_form({k: x for k, x in attr.items() if k in FORM_FIELDS})
            if have and DELAY in attr:
                _refuse_other_delay(have.get(DELAY, 0), form.get(DELAY, 0))
            weight = weight_value(attr[WEIGHT]) if WEIGHT in attr else None
            whole = form_of({k: x for k, x in have.items() if k in FORM_FIELDS} | form)
            shape = _shape(weight if weight is not None else have.get(WEIGHT))
            check_fit(whole, shape, columns.of(u).shape, columns.of(v).shape)
        except NeuroGraphError as err:
            raise self._fault(u, v, err) from None
        extra = {k: x for k, x in attr.items() if k not in synapse.SCHEMA}
        warn_of_misspelled(extra, synapse.SCHEMA, "synapse")
        return form, weight, without_views(extra)

    add_edge = in_turn(ArrayDiGraph.add_edge)

    def _put_edge(self, u: int, v: int, attr: dict) -> None:
        row = self._adj.table.find(u, v)
        if row < 0:
            self._new_edge(u, v, attr)
        elif attr:
            self._set_edge(row, u, v, attr)
        else:  # nothing is done; the others give the turn up as they commit
            self._leave_turn()

    def _new_edge(self, u: int, v: int, attr: Mapping) -> None:
        table, columns = self._adj.table, self.neurons
        code = columns.item[v]
        if columns.reads_data[code]:
            raise self._fault(u, v, SynapseError(_INPUT))
        weight = attr.get(WEIGHT)
        if len(attr) != (type(weight) is float) or not (columns.scalar[code] and columns.scalar[columns.item[u]]):
            return self._new_edge_of_any_form(u, v, attr)  # and nothing after: the commit is the last line
        if weight is not None and weight - weight != 0.0:
            raise self._fault(u, v, SynapseError(f"a weight must be finite, not {weight}"))
        effects, ranks = self.effects, self.ranks
        outer, mark, version, edge_id, top = self._savepoint, len(effects), self.version, table.next_id, ranks.top
        try:
            try:
                if ranks.item[u] >= ranks.item[v]:
                    ranks.admit(table, u, v, note_ranks(effects))
                effects.append(_new(SynapseBorn, (edge_id, u, v)))
                row = table.append(u, v)
                if weight is not None:
                    values = table.values
                    values.row[row] = table.pools[0].append(weight)
                    values.pool[row] = 1
                table.settle()
                if outer is not None:
                    self.version = version + 1
                else:  # moved ranks are for rolling back alone
                    self.version, effects[mark:], self.turn = version + 1, effects[-1:], {}
            except BaseException:
                self._take_back(outer=outer, mark=mark, version=version, next_id=edge_id, top=top)
                raise
        except BaseException:
            self._take_back(outer=outer, mark=mark, version=version, next_id=edge_id, top=top)
            raise

    @whole
    def _new_edge_of_any_form(self, u: int, v: int, attr: Mapping) -> None:
        table = self._adj.table
        changes, weight, extra = self._parse_edge(u, v, attr, {})
        if DELAY not in changes:
            self.ranks.admit(table, u, v, note_ranks(self.effects))
        self._record(SynapseBorn(table.next_id, u, v))
        row = table.append(u, v, table.forms.number(changes))
        if weight is not None:
            table.values.set_weight(row, weight)
        if extra:
            table.extra[row] = extra
        table.settle()

    @whole
    def _add_edge_and_ends(self, u_of_edge, v_of_edge, attr: dict) -> None:
        if u_of_edge is None or v_of_edge is None:
            raise ValueError("None cannot be a node")
        super()._add_edge_and_ends(u_of_edge, v_of_edge, attr)

    def _set_edge(self, row: int, u: int, v: int, attr: Mapping) -> None:
        self.update_edge(EdgeData(self.table, u, v, row, self.table.values), attr)

    @whole
    def update_edge(self, edge: EdgeData, attr: Mapping) -> None:
        """Write attributes of one synapse: checked as a whole, then stored and recorded."""
        self.writable_table()
        form, weight, extra = self._parse_edge(edge.u, edge.v, attr, edge)
        if form:
            have = {k: x for k, x in edge.items() if k in FORM_FIELDS}
            self._change_form(edge, have | form)
        if weight is not None:
            before = edge.get(WEIGHT)
            self._note_weight(edge, before if before is None or np.ndim(before) == 0 else np.array(before), weight)
            edge.write({WEIGHT: weight})
        if extra:
            table = self.table
            self._note_extra(table.extra, "synapse", edge.id, edge.row, (edge.u, edge.v))
            edge.write(extra)

    def _change_form(self, edge: EdgeData, bundle: dict) -> None:
        table = self.table
        before, after = table.values.form[edge.row], table.forms.number(bundle)
        if after != before:
            codes = np.array([before]), np.array([after])
            self._record(FormsChanged(np.array([edge.id]), *codes, table.forms.bundles, _ends(edge)))
            table.values.form[edge.row] = after

    def _note_weight(self, edge: EdgeData, before: Any, after: Any) -> None:
        if _shape(before) != _shape(after):
            self._record(WeightReplaced(edge.id, before, after, (edge.u, edge.v)))
        else:
            numbers = np.array([edge.id]), np.array([before]), np.array([after])
            self.effects.append(WeightsWritten(*numbers, _ends(edge)))
        self.changes.synapses_written(np.array([edge.id]))

    @whole
    def delete_edge_item(self, edge: EdgeData, key: str) -> None:
        """Delete an attribute of a synapse: its weight, an option (back to the default), or the user's own."""
        table = self.writable_table()
        if key == WEIGHT:
            before = edge[WEIGHT]
            before = before if np.ndim(before) == 0 else np.array(before)
            self._record(WeightReplaced(edge.id, before, None, (edge.u, edge.v)))
            edge.erase(WEIGHT)
        elif key in FORM_FIELDS:
            _refuse_other_delay(edge.get(DELAY, 0), 0 if key == DELAY else edge.get(DELAY, 0))
            bundle = {k: x for k, x in edge.items() if k in FORM_FIELDS and k != key}
            ends = self.neurons.of(edge.u).shape, self.neurons.of(edge.v).shape
            try:
                check_fit(form_of(bundle), _shape(edge.get(WEIGHT)), *ends)
            except NeuroGraphError as err:
                raise self._fault(edge.u, edge.v, err) from None
            self._change_form(edge, bundle)
        else:
            self._note_extra(table.extra, "synapse", edge.id, edge.row, (edge.u, edge.v))
            edge.erase(key)

    @in_turn
    def remove_edge(self, u, v) -> None:
        table = self.writable_table()
        i, j = table.index.get(u), table.index.get(v)
        row = -1 if i is None or j is None else table.find(i, j)
        if row < 0 or i is None or j is None:
            raise nx.NetworkXError(f"The edge {u}-{v} not in graph.")
        if table.holder is not None:
            self._bring_synapses(np.array([row]))
        values, extra, effects = table.values, table.extra.get(row) if table.extra else None, self.effects
        weight = values.weight(row)
        if weight is not None and type(weight) is not float:
            weight = np.array(weight)
        died = _new(SynapseDied, (values.id[row], i, j, values.form[row], weight, extra and dict(extra)))
        outer, mark, version = self._savepoint, len(effects), self.version
        try:
            try:
                effects.append(died)
                table.kill_one(row, i, j)
                table.settle()
                self.version, self.turn = version + 1, {} if outer is None else self.turn
            except BaseException:
                self._take_back(outer=outer, mark=mark, version=version)
                raise
        except BaseException:
            self._take_back(outer=outer, mark=mark, version=version)
            raise

    @whole
    def drop_rows(self, rows: np.ndarray) -> None:
        """Remove synapses by their rows in the table, (n,) distinct and alive; with what a network has learned."""
        if len(rows):
            self._bring_synapses(rows)
            self._record(SynapsesDied(take_synapses(self.table, rows)))
            self.table.kill(rows)
            self.table.settle()

    @whole
    def _add_rows(self, u: np.ndarray, v: np.ndarray, weight: np.ndarray | None, form: dict) -> np.ndarray:
        table, columns = self.table, self.neurons
        form = canonical_form(form)
        if weight is not None:
            weight = weight_array(weight)
            if not np.isfinite(weight).all():
                at = int(np.flatnonzero(~np.isfinite(weight.reshape(len(weight), -1)).all(axis=1))[0])
                raise self._fault(int(u[at]), int(v[at]), SynapseError("a weight must be finite"))
        self._check_ends(u, v, columns, form_of(form), None if weight is None else weight.shape[1:])
        if DELAY not in form:
            self.ranks.admit_many(table, u, v, note_ranks(self.effects))
        ids = np.arange(table.next_id, table.next_id + len(u))
        if len(ids):
            self._record(SynapsesBorn(ids, (u, v)))
        return table.extend(u, v, weight, table.forms.number(form), ids)

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


def _refuse_other_delay(now: int, wanted: int) -> None:
    if now != wanted:
        raise SynapseError(
            f"it has delay={now}, and a synapse keeps the delay that it was born with. Remove it first, or, where the "
            'pair is to have both, let one of them go by a relay: a neuron of the activation "identity" in between'
        )


def _shape(weight: Any) -> tuple[int, ...] | None:
    return None if weight is None else np.shape(weight)


def _ends(edge: EdgeData) -> tuple[np.ndarray, np.ndarray]:
    return np.array([edge.u]), np.array([edge.v])
