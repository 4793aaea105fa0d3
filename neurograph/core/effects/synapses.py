"""Synapses were born, died, or got another form."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from neurograph.core.effects.base import Effect
from neurograph.core.effects.checks import neurons_are_there, refuse, synapses_are_there
from neurograph.core.effects.unjournaled import note_ranks
from neurograph.core.records import SynapseRecords, take_synapses
from neurograph.errors import JournalError
from neurograph.schema.synapse import DELAY
from neurograph.storage.sets import distinct
from neurograph.storage.table import EdgeTable

if TYPE_CHECKING:
    from neurograph.core.effects.past import Past
    from neurograph.core.state import GraphState

Ends = tuple[np.ndarray, np.ndarray] | None
FEW = 32  # synapses of the table for each, up to which some are looked for one by one: see `EdgeTable.find_many`


def rows_at(table: EdgeTable, ids: np.ndarray, ends: Ends) -> np.ndarray:
    """(n,) rows of synapses known by id, -1 where there is none; where the ends are known the table is not searched."""
    if ends is None:
        return table.rows_of(ids)
    rows = table.find_many(*ends)
    return np.where((rows >= 0) & (table.id[rows] == ids), rows, -1) if table.size else np.full(len(ids), -1)


def ends_to_keep(table: EdgeTable, sources: np.ndarray, targets: np.ndarray) -> Ends:
    """The ends of newborn synapses where these are few; None where a pass over all ids finds them as soon."""
    return (sources, targets) if len(sources) * FEW < len(table) else None


@dataclass(frozen=True, eq=False, slots=True)
class SynapsesBorn(Effect):
    """Synapses came; toggling it removes them.

    Parameters
    ----------
    ids
        (n,) int64.
    ends
        (n,) keys of their sources and of their targets; None where they are many, or it was read from a file.
    """

    tag: ClassVar[str] = "S+"
    fields: ClassVar[tuple[str, ...]] = ("ids",)
    ids: np.ndarray
    ends: Ends = None

    def toggle(self, graph: "GraphState") -> Effect:
        table = graph.table
        rows = rows_at(table, np.asarray(self.ids), self.ends)
        died = SynapsesDied(take_synapses(table, rows))
        graph.effects.append(died)
        table.kill(rows)
        table.settle()
        return died

    def roll_back(self, graph: "GraphState") -> None:
        rows = rows_at(graph.table, np.asarray(self.ids), self.ends)
        graph.table.kill(rows[rows >= 0])

    def check(self, graph: "GraphState") -> None:
        synapses_are_there(graph, self.ids)

    def forward(self, past: "Past") -> list[Effect]:
        return [SynapsesDied(rows) for rows in past.synapses(np.atleast_1d(np.asarray(self.ids, np.int64)))]

    @property
    def synapses_born(self) -> np.ndarray:
        return self.ids


class _SynapseBorn(NamedTuple):
    number: int
    source: int
    target: int


class SynapseBorn(_SynapseBorn, Effect):
    """One synapse came, as `add_edge` notes it; entries keep runs of them as `SynapsesBorn`."""

    __slots__ = ()
    tag: ClassVar[str] = "s+"
    fields: ClassVar[tuple[str, ...]] = ("number", "source", "target")

    def _as_many(self) -> SynapsesBorn:
        return SynapsesBorn(np.array([self.number]), (np.array([self.source]), np.array([self.target])))

    def toggle(self, graph: "GraphState") -> Effect:
        return self._as_many().toggle(graph)

    def roll_back(self, graph: "GraphState") -> None:
        self._as_many().roll_back(graph)

    def check(self, graph: "GraphState") -> None:
        born = self._as_many()
        refuse(born.ids[rows_at(graph.table, born.ids, born.ends) < 0], "are no synapses of it between these neurons")

    def forward(self, past: "Past") -> list[Effect]:
        return self._as_many().forward(past)

    @property
    def synapses_born(self) -> np.ndarray:
        return np.array([self.number])


@dataclass(frozen=True, eq=False, slots=True)
class SynapsesDied(Effect):
    """Synapses went; toggling it puts them back.

    Parameters
    ----------
    rows
        The synapses with everything they carried.
    """

    tag: ClassVar[str] = "S-"
    fields: ClassVar[tuple[str, ...]] = ("rows",)
    rows: SynapseRecords

    def toggle(self, graph: "GraphState") -> Effect:
        rows = self.rows
        born = SynapsesBorn(rows.ids, (rows.source, rows.target))
        late = np.array([bool(form.get(DELAY)) for form in rows.forms], bool)[rows.form]
        graph.ranks.admit_many(graph.table, rows.source[~late], rows.target[~late], note_ranks(graph.effects))
        graph.effects.append(born)
        rows.put_back(graph.table)
        graph.changes.synapses_written(rows.ids)  # they have what they died with, whatever a network has for them
        return born

    def roll_back(self, graph: "GraphState") -> None:
        rows = self.rows
        rows.put_back(graph.table, rows_at(graph.table, rows.ids, (rows.source, rows.target)) < 0)

    def check(self, graph: "GraphState") -> None:
        rows = self.rows
        refuse(rows.ids[graph.table.rows_of(rows.ids) >= 0], "are synapses of it already")
        for ends in (rows.source, rows.target):
            neurons_are_there(graph, ends)
        twice = graph.table.find_many(rows.source, rows.target) >= 0
        refuse(rows.ids[twice], "join neurons that are joined already")
        if not distinct(rows.ids) or not distinct((rows.source << 32) | rows.target):
            raise JournalError("it holds a synapse twice")

    def forward(self, past: "Past") -> list[Effect]:
        past.add_dead_synapses(self.rows)
        return [SynapsesBorn(self.rows.ids, (self.rows.source, self.rows.target))]

    @property
    def synapses_died(self) -> np.ndarray:
        return self.rows.ids

    def dead_synapses(self, bundles: list[dict[str, Any]]) -> SynapseRecords:
        return self.rows


class _SynapseDied(NamedTuple):
    number: int
    source: int
    target: int
    form: int  # among the bundles of the graph's table
    weight: Any
    extra: dict[str, Any] | None


class SynapseDied(_SynapseDied, Effect):
    """One synapse went, as `remove_edge` notes it; its form is a number among the table's."""

    __slots__ = ()
    tag: ClassVar[str] = "s-"
    fields: ClassVar[tuple[str, ...]] = ("number", "source", "target", "form", "weight", "extra")

    def _as_many(self, bundles: list[dict[str, Any]]) -> SynapsesDied:
        return SynapsesDied(self.dead_synapses(bundles))

    def toggle(self, graph: "GraphState") -> Effect:
        table = graph.table
        if not table.forms.bundles[self.form].get(DELAY):
            graph.ranks.admit(table, self.source, self.target, note_ranks(graph.effects))
        born = SynapseBorn(self.number, self.source, self.target)
        graph.effects.append(born)
        row = table.append(self.source, self.target, self.form, self.number)
        if self.weight is not None:
            table.values.set_weight(row, self.weight)
        if self.extra:
            table.extra[row] = dict(self.extra)
        table.settle()
        graph.changes.synapses_written(np.array([self.number]))  # as of many
        return born

    def roll_back(self, graph: "GraphState") -> None:
        self._as_many(graph.table.forms.bundles).roll_back(graph)

    def check(self, graph: "GraphState") -> None:
        if not 0 <= self.form < len(graph.table.forms.bundles):
            raise JournalError(f"it has no synapse form number {self.form}")
        self._as_many(graph.table.forms.bundles).check(graph)

    def forward(self, past: "Past") -> list[Effect]:
        return self._as_many(past.graph.table.forms.bundles).forward(past)

    @property
    def synapses_died(self) -> np.ndarray:
        return np.array([self.number])

    def dead_synapses(self, bundles: list[dict[str, Any]]) -> SynapseRecords:
        pools = [] if self.weight is None else [np.asarray([self.weight], np.float64)]
        return SynapseRecords(
            np.array([self.number]), np.array([self.source]), np.array([self.target]),
            np.zeros(1, np.int32), [bundles[self.form]], np.array([len(pools)], np.int8), np.zeros(1, np.int32), pools,
            {0: self.extra} if self.extra else {},
        )  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class FormsChanged(Effect):
    """Synapses got other forms; toggling it gives the old ones back.

    Parameters
    ----------
    ids
        (n,) int64.
    before, after
        (n,) numbers into `bundles`.
    bundles
        The forms.
    ends
        Keys of sources and targets, where they are known.
    held
        (n,) numbers before, as the table has them; None: those of `before`.
    """

    tag: ClassVar[str] = "form"
    fields: ClassVar[tuple[str, ...]] = ("ids", "before", "after", "bundles")
    ids: np.ndarray
    before: np.ndarray
    after: np.ndarray
    bundles: list[dict[str, Any]]
    ends: Ends = None
    held: np.ndarray | None = None

    def toggle(self, graph: "GraphState") -> Effect:
        table = graph.table
        rows = rows_at(table, self.ids, self.ends)
        code = np.array([table.forms.number(bundle) for bundle in self.bundles], np.int32)
        back = FormsChanged(self.ids, self.after, self.before, self.bundles, self.ends, table.form[rows])
        graph.effects.append(back)
        table.form[rows] = code[self.before]
        return back

    def roll_back(self, graph: "GraphState") -> None:
        rows = rows_at(graph.table, self.ids, self.ends)
        graph.table.form[rows] = self.before if self.held is None else self.held

    def check(self, graph: "GraphState") -> None:
        synapses_are_there(graph, self.ids)
        table = graph.table
        forms = (table.forms.bundles[at] for at in table.form[table.rows_of(self.ids)].tolist())
        wanted = zip(self.ids.tolist(), forms, self.after, strict=True)
        refuse(np.array([number for number, form, at in wanted if form != self.bundles[at]]), "are of another form")
        delay = np.array([bundle.get(DELAY, 0) for bundle in self.bundles])
        refuse(self.ids[delay[self.before] != delay[self.after]], "would get another delay")

    def forward(self, past: "Past") -> list[Effect]:
        return [FormsChanged(self.ids, self.after, self.before, self.bundles, self.ends)]
