"""`NeuronGraph`: a neural network that is a networkx graph, with the verbs people use on it."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from neurograph import effects as effects_
from neurograph.arrays import GraphArrays
from neurograph.core import NeuronCore
from neurograph.digest import wiring_digest
from neurograph.errors import JournalError, MissingError, NeuronError, NeuroGraphError, OptionError, SynapseError, listed
from neurograph.journal import RAW, Entry, Journal, pack, replay
from neurograph.numbering import graph_arrays
from neurograph.schema.neuron import SCHEMA, VALUES, NeuronKind
from neurograph.storage import ArrayDiGraph

if TYPE_CHECKING:
    from neurograph.edits.base import Edit


@dataclass(frozen=True)
class EditResult:
    """What an edit did.

    Parameters
    ----------
    entry
        Its entry in the journal.
    born, died
        Names of the neurons.
    """

    entry: Entry
    born: list[Hashable]
    died: list[Hashable]

    @property
    def details(self) -> dict[str, Any]:
        """What else the edit has to tell."""
        return self.entry.details


class NeuronGraph(NeuronCore):
    """A network whose nodes are neurons and whose edges are synapses; acyclic always.

    Every networkx algorithm reads it and every networkx mutator edits it. Mutations are checked, entered in the journal
    and can be undone. A neuron has a *name*, its networkx node, and a *key*, a number that never changes and is never
    reused; neurons stand in the order of their keys. A synapse has an *id* likewise.

    Parameters
    ----------
    incoming_graph_data
        Anything networkx takes. Edges become synapses, their "weight" the weight.
    attr
        Attributes of the graph.

    Examples
    --------
    >>> g = NeuronGraph()
    >>> pixels = g.add_population("pixels", 2, role="input")
    >>> out = g.add_population("out", 1, is_output=True, bias=0.0)
    >>> ids = g.connect("pixels", "out", weight=[[0.5], [-0.5]])
    >>> g[pixels[0]][out[0]]["weight"]
    0.5
    """

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        self._journal = Journal()
        self._next_name = 0
        self._numbered: GraphArrays | None = None
        super().__init__(incoming_graph_data, **attr)

    # ------------------------------------------------------------------------------------- populations
    @property
    def populations(self) -> dict[str, list[Hashable]]:
        """The names of the neurons of each population, in the order populations were added; empty ones are left out."""
        keys = self.table.keys()
        members = self._columns.each("population", keys)
        found = {name: self.names_of(keys[members == name]) for name in self._populations}
        return {name: names for name, names in found.items() if names}

    def population(self, name: str) -> list[Hashable]:
        """The names of a population's neurons, in order; raises `MissingError` naming those there are."""
        keys = self.population_keys(name)
        if not len(keys):
            raise MissingError(f"no population {name!r}; there are {listed(self.populations)}")
        return self.names_of(keys)

    def population_keys(self, name: str) -> np.ndarray:
        """(n,) int64 keys of a population's neurons, in order; none where there is no such population."""
        keys = self.table.keys()
        codes = [number for number, kind in enumerate(self._columns.kinds) if kind.population == name]
        return keys[np.isin(self._columns.kind[keys], codes)]

    def add_population(
        self, name: str, count: int, *, bias: Any = None, names: Sequence[Hashable] | None = None, **attributes: Any
    ) -> list[Hashable]:
        """Add neurons that belong together.

        Parameters
        ----------
        name
            Of the population; must be new.
        count
            How many neurons, at least 1.
        bias
            None, a number, or `count` numbers. Other values ("gamma", ...) likewise.
        names
            Their networkx nodes; whole numbers that are free unless given.
        attributes
            Any of `NeuronKind`'s fields and the user's own: role, shape, activation, norm, is_output, ...

        Returns
        -------
        names : list
            The neurons, in order.

        Raises
        ------
        NeuronError
            The population is there already; an attribute that a neuron cannot have; a name that is taken.
        """
        if len(self.population_keys(name)):
            raise NeuronError(f"population {name!r} is there already; add_neuron(population={name!r}) adds to it")
        return self._grow_population(count, {"bias": bias, **attributes, "population": name}, names)

    def add_neuron(self, name: Hashable | None = None, **attributes: Any) -> Hashable:
        """Add one neuron; returns its name, a free whole number unless one is given.

        Parameters
        ----------
        name
            The networkx node; must be new.
        attributes
            Any of `NeuronKind`'s fields, the values ("bias", ...) and the user's own. Without population= it joins the
            one named by its role.
        """
        return self._grow_population(1, attributes, None if name is None else [name])[0]

    def _grow_population(self, count: int, attributes: dict, names: Sequence[Hashable] | None) -> list[Hashable]:
        if not isinstance(count, int | np.integer) or count < 1:
            raise OptionError(f"count must be a whole number of at least 1, not {count!r}")
        names = self._free_names(count) if names is None else list(names)
        if len(names) != count or len(set(names)) != count or any(n is None or n in self._node for n in names):
            taken = [n for n in names if n is None or n in self._node]
            raise NeuronError(f"need {count} different new names; these are not: {listed(taken or names)}")
        many = {k: v for k, v in attributes.items() if k in VALUES and np.ndim(v) == 1}
        kind, values, extra = self._parse_neuron({k: v for k, v in attributes.items() if k not in many})
        for name, column in many.items():
            self._parse_neuron({**{k: v for k, v in attributes.items() if k not in VALUES}, name: 1.0})
            if len(column) != count or not np.isfinite(np.asarray(column, np.float64)).all():
                raise NeuronError(f"{name} must be {count} finite numbers, one for each neuron, not {len(column)}")
            values[name] = np.asarray(column, np.float64)
        with self.atomic():
            self._add_neurons(names, kind, values, {k: v for k, v in extra.items() if k not in SCHEMA})
        return names

    def _free_names(self, count: int) -> list[int]:
        names, at = [], max(self._next_name, len(self.table.names))
        while len(names) < count:
            if at not in self._node:
                names.append(at)
            at += 1
        self._next_name = at
        return names

    def _resolve(self, which: str | Iterable[Hashable]) -> np.ndarray:
        """Keys of a population by its name, or of a list of neurons."""
        if isinstance(which, str):
            keys = self.population_keys(which)
            if len(keys):
                return keys
            if which not in self._node:
                raise MissingError(f"no population {which!r}; there are {listed(self.populations)}")
            return self.keys_of([which])
        return self.keys_of(which)

    # ------------------------------------------------------------------------------------- bulk verbs
    def connect(self, sources, targets, weight: Any = None, **form: Any) -> np.ndarray:
        """Add a synapse from every source to every target.

        Parameters
        ----------
        sources, targets
            Populations by name, or lists of neurons.
        weight
            (sources, targets) numbers, (sources, targets, height, width) kernels, None, or an initializer: a callable of
            (shape, gain) that returns such an array.
        form
            Any of `SynapseForm`'s fields, shared by all: op, stride, padding, trainable, ...

        Returns
        -------
        ids : numpy.ndarray
            (sources * targets,) int64 ids of the synapses, sources varying slowest.

        Raises
        ------
        CycleError
            Naming the cycle; nothing is added.
        SynapseError
            A duplicate, a shape that does not fit, a weight that is not finite.
        """
        self._open()
        u, v = self._resolve(sources), self._resolve(targets)
        if callable(weight):
            weight = weight((len(u), len(v)), self._columns.of(int(v[0])).activation)
        if weight is not None:
            weight = np.asarray(weight, np.float64)
            if weight.shape[:2] != (len(u), len(v)):
                raise SynapseError(
                    f"weight has shape {weight.shape}; {len(u)} sources and {len(v)} targets need "
                    f"({len(u)}, {len(v)}) or ({len(u)}, {len(v)}, height, width)"
                )
            weight = weight.reshape(len(u) * len(v), *weight.shape[2:])
        return self._add_checked(np.repeat(u, len(v)), np.tile(v, len(u)), weight, form)

    def remove_neurons(self, names) -> None:
        """Remove neurons, by name or a whole population, with all their synapses; all or none."""
        keys = np.sort(self._resolve(names))
        self._open()
        if len(keys):
            self._drop_keys(keys[np.diff(keys, prepend=-1) > 0])
        nx._clear_cache(self)

    def remove_synapses(self, pairs: Iterable[tuple[Hashable, Hashable]]) -> None:
        """Remove the synapses between pairs of neurons; raises `MissingError` where there is none, and removes nothing."""
        pairs = list(pairs)
        self._open()
        u, v = self.keys_of([a for a, _ in pairs]), self.keys_of([b for _, b in pairs])
        rows = self.table.find_many(u, v)
        if (rows < 0).any():
            raise MissingError(f"no synapse {listed(p for p, row in zip(pairs, rows, strict=True) if row < 0)}")
        self._drop_edges(np.unique(rows))
        nx._clear_cache(self)

    # ------------------------------------------------------------------------------------- edits and the journal
    @property
    def journal(self) -> Journal:
        """What was done to the graph, oldest first; a run of raw mutations that is going on becomes an entry."""
        self._close_run()
        return self._journal

    def _close_run(self) -> None:
        if self._effects and not self._depth:
            effects, self._effects = pack(self._effects), []
            self._journal.write(Entry(RAW, {}, effects))

    def restart_journal(self) -> None:
        """Forget how the graph came to be: what is done from here on can be undone, what was done before cannot."""
        self._effects, self._journal = [], Journal()

    def apply(self, edit: "Edit") -> EditResult:
        """Carry out an edit: all of it, as one journal entry, or, where it raises, nothing.

        Parameters
        ----------
        edit
            One of `neurograph.edits`, or any frozen dataclass with `apply(graph)` that returns an `Outcome`.
        """
        self._open()
        if self._depth:
            raise JournalError("an edit cannot apply another edit; call its apply(graph) instead")
        self._synchronise()
        self._close_run()
        with self._collect() as effects:
            outcome = edit.apply(self)
        entry = Entry(
            type(edit).__name__, outcome.options, pack(effects), outcome.neuron_heirs, outcome.synapse_heirs, outcome.details
        )
        self._journal.write(entry)
        self.changes.heirs(entry.synapse_heirs.tolist(), entry.neuron_heirs.tolist())
        died = [name for effect in effects if effect[0] == "N-" for name in effect[1].names]
        born = [name for name in self.names_of(entry.neurons_born) if name is not None]
        return EditResult(entry, born, died)

    def _collect(self):
        """A transaction whose effects are kept apart from the run of raw mutations, value writes included."""
        return _Collector(self)

    def undo(self) -> Entry:
        """Undo the newest entry: structure comes back as it was, with ids, order and places.

        What died gets the weights it died with. What survived keeps today's weights, but for those that the entry itself
        wrote and nobody has touched since: they are set back. Returns the entry.
        """
        self._open()
        self._synchronise()
        self._close_run()
        if not self._journal.entries:
            raise JournalError("nothing to undo: the journal is empty")
        entry = self._journal.entries.pop()
        entry = self._toggled(entry)
        self._journal.undone.append(entry)
        return entry

    def redo(self) -> Entry:
        """Do the entry again that was undone last; returns it."""
        self._open()
        self._synchronise()
        if self._effects or not self._journal.undone:
            raise JournalError("nothing to redo: nothing was undone, or the graph was edited since")
        entry = self._toggled(self._journal.undone.pop())
        self._journal.entries.append(entry)
        return entry

    def _toggled(self, entry: Entry) -> Entry:
        effects = [effects_.toggle(self, effect) for effect in reversed(entry.effects)]
        self.version += 1
        nx._clear_cache(self)
        return Entry(entry.verb, entry.options, effects, entry.neuron_heirs, entry.synapse_heirs, entry.details)

    def replay(self, entries: Iterable[Entry]) -> None:
        """Carry out entries of another graph's journal that were read from its lines, on a graph as it was before them."""
        self._open()
        self._synchronise()
        self._close_run()
        replay(self, entries)
        nx._clear_cache(self)

    # ------------------------------------------------------------------------------------- whole graphs
    def arrays(self) -> GraphArrays:
        """The whole network as arrays, neurons numbered topologically; see `GraphArrays`."""
        self._synchronise()
        self._numbered = graph_arrays(self, self._numbered)
        return self._numbered

    def wiring_digest(self) -> str:
        """A hexadecimal digest of the wiring: kinds and connections by position, never names, ids or weights.

        Parameters saved for one graph fit another with the same digest.
        """
        return wiring_digest(self)

    def _copy_all(self):
        self._synchronise()
        self._close_run()
        new = self.__class__()
        new.graph.update(self.graph)
        new._columns, new._ranks = self._columns.copy(), self._ranks.copy()
        new._adopt(self.table.copy())
        new._populations, new._next_name = dict(self._populations), self._next_name
        new._journal, new.version, new._numbered = self._journal.copy(), self.version, self._numbered
        return new

    def _copy_induced(self, names, graph_attr):
        new = self._copy_all()
        new.graph.clear()
        new.graph.update(graph_attr)
        keep = np.zeros(len(new.table.names), bool)
        keep[new.keys_of(names)] = True
        keys = new.table.keys()
        if not keep[keys].all():
            new._drop_keys(keys[~keep[keys]])
        new.restart_journal()
        return new

    def __getstate__(self):
        self._synchronise()
        return super().__getstate__() | {"_numbered": None}

    def reverse(self, copy: bool = True):
        """The reverse of the graph, an `ArrayDiGraph` (inputs would have incoming synapses), or a view."""
        self._synchronise()
        return ArrayDiGraph.reverse(self, copy)

    def save(self, path: str | Path) -> None:
        """Write the graph, weights, attributes and journal included, to one file; see `neurograph.files`."""
        from neurograph.files import save

        save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> "NeuronGraph":
        """Read a graph that `save` wrote; never runs code. See `neurograph.files`."""
        from neurograph.files import load

        return load(path)

    def draw(self, path: str | Path, **options: Any) -> Path:
        """Draw the topology to an SVG, PDF or PNG; see `neurograph.draw.topology`."""
        from neurograph.draw import topology

        return topology(self, path, **options)


class _Collector:
    def __init__(self, graph: NeuronGraph) -> None:
        self.graph = graph

    def __enter__(self) -> list:
        graph = self.graph
        self.outer, graph._effects = graph._effects, []
        self.version, self.log = graph.version, graph.changes.end
        graph._depth += 1
        return graph._effects

    def __exit__(self, kind, error, trace) -> None:
        graph = self.graph
        if kind is not None:
            effects_.roll_back(graph, graph._effects)
            graph.version = self.version
            graph.changes.cut(self.log)
        graph._depth -= 1
        graph._effects = self.outer


__all__ = ["EditResult", "NeuroGraphError", "NeuronGraph", "NeuronKind"]
