"""What an edit has changed, as far as planning goes: which neurons and which synapses, by population and signature."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.core.marks import Joined, WiringMark
from neurograph.core.state import GraphState
from neurograph.schema.neuron import NeuronKind
from neurograph.schema.synapse import SynapseForm, form_of

from ..regions.blocks import Signature
from ..snapshot import Port, Snapshot, ports_of

_FAR = 512  # neurons that are gone through to see whether an output can be reached

Group = tuple[str, Signature]
Kinds = tuple[NeuronKind, ...]


@dataclass(frozen=True, eq=False)
class EditedGraph:
    """A graph of scalars, as it was and as it is.

    Parameters
    ----------
    snapshot
        Its neurons now, by key; no synapses are in these arrays.
    mark
        The wiring then.
    old, new
        The places of neurons among the keys then and now, by population and what they compute.
    gone, come
        Synapses.
    """

    snapshot: Snapshot
    mark: WiringMark
    old: Mapping[Group, np.ndarray]
    new: Mapping[Group, np.ndarray]
    gone: Joined
    come: Joined

    def alike(self, group: Group) -> bool:
        """Whether the neurons of a group are the same, and each has what it had."""
        then, now, mark, arrays = self.old.get(group), self.new[group], self.mark, self.snapshot.arrays
        if then is None or len(then) != len(now) or (mark.keys[then] != arrays.keys[now]).any():
            return False
        same = (mark.kind[then] == arrays.kind[now]).all()
        return bool(same) and all(
            (has[then] == ~np.isnan(arrays.values[name][now])).all() for name, has in mark.has.items()
        )


def find_edited(graph: GraphState, mark: WiringMark, cut_off: bool) -> EditedGraph | None:
    """What has changed in a graph since a moment; None where it is more than planning again knows how to follow.

    Parameters
    ----------
    graph, mark
        The graph, and its wiring at that moment.
    cut_off
        As in `compiler.snapshot.snapshot`.
    """
    change = mark.change(graph)
    kinds = tuple(graph.neurons.kinds)
    if change is None or any(kind.shape != () for kind in kinds):
        return None
    old = _sorted_by_group(mark.kind, mark.kinds)
    table, columns = graph.table, graph.neurons
    keys = table.keys()
    kind = columns.kind[keys]
    new = _sorted_by_group(kind, kinds)
    if not _same_groups(mark, keys, kind, kinds):
        return None
    forms = tuple(form_of(bundle) for bundle in table.forms.bundles)
    if any(form.delay for form in forms) or not _sound(change.come, forms, columns.kind, kinds):
        return None
    arrays = _without_synapses(graph, keys, kind, kinds, forms)
    inputs, outputs = ports_of(arrays)
    if not inputs or not outputs or not (cut_off or _reaches(graph, arrays, inputs, outputs)):
        return None
    return EditedGraph(Snapshot(arrays, inputs, outputs, synapses=len(table)), mark, old, new, change.gone, change.come)


def group_of(kind: NeuronKind) -> Group:
    """The population and the signature of neurons of a kind."""
    return kind.population, Signature.of(kind)


def _sorted_by_group(kind: np.ndarray, kinds: Kinds) -> dict[Group, np.ndarray]:
    """The places of neurons, by population and what they compute."""
    numbers: dict[Group, int] = {}
    table = np.array([numbers.setdefault(group_of(k), len(numbers)) for k in kinds], np.int64)
    group = table[kind]
    order = np.argsort(group, kind="stable")
    counts = np.bincount(group, minlength=len(numbers))
    parts = np.split(order, np.cumsum(counts)[:-1])
    return {name: part for (name, _), part in zip(numbers.items(), parts, strict=True) if len(part)}


def _same_groups(mark: WiringMark, keys: np.ndarray, kind: np.ndarray, kinds: Kinds) -> bool:
    """Whether every neuron that is left is in the population that it was in, and computes what it did."""
    at = np.minimum(np.searchsorted(mark.keys, keys), len(mark.keys) - 1)
    left = mark.keys[at] == keys
    moved = left & (mark.kind[at] != kind)
    pairs = {*zip(mark.kind[at[moved]].tolist(), kind[moved].tolist(), strict=True)}
    return all(group_of(kinds[one]) == group_of(kinds[other]) for one, other in pairs)


def _sound(come: Joined, forms: tuple[SynapseForm, ...], kind: np.ndarray, kinds: Kinds) -> bool:
    """Whether nothing came that is refused, or that has no place in a bundle of numbers or identities."""
    weighs = np.array([form.op == "weight" for form in forms], bool)
    same = np.array([form.op == "identity" for form in forms], bool)
    inputs = np.array([k.role == "input" for k in kinds], bool)
    fine = np.where(weighs[come.form], come.pool == 1, same[come.form])
    return bool(fine.all()) and not inputs[kind[come.target]].any()


def _without_synapses(
    graph: GraphState, keys: np.ndarray, kind: np.ndarray, kinds: Kinds, forms: tuple[SynapseForm, ...]
) -> GraphArrays:
    """The neurons of a graph by key."""
    none = np.zeros(0, np.int32)
    values = {name: graph.neurons.values[name][keys] for name in ("bias", "slope")}
    return GraphArrays(
        graph.version, keys, [], none, kind, kinds, values, none.astype(np.int64), none, none, none, forms,
        none.astype(np.int8), none, (), tuple(graph.population_names),
    )  # fmt: skip


def _reaches(graph: GraphState, arrays: GraphArrays, inputs: Iterable[Port], outputs: Iterable[Port]) -> bool:
    """Whether an input is found on the way back from the outputs, without going far."""
    table = graph.table
    goals = {key for port in inputs for key in arrays.keys[port.neurons].tolist()}
    todo = [key for port in outputs for key in arrays.keys[port.neurons].tolist()]
    seen = set(todo)
    for _ in range(_FAR):
        if not todo:
            return False
        key = todo.pop()
        if key in goals:
            return True
        new = [far for far in table.far(key, table.inn)[:_FAR].tolist() if far not in seen]
        seen.update(new)
        todo += new
    return False
