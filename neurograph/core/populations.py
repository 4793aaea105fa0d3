"""Populations, and the bulk verbs over them: add, connect, remove."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core.mutations.deaths import drop_keys
from neurograph.core.mutations.neurons import add_neurons, parse_neuron
from neurograph.core.mutations.whole import whole
from neurograph.core.state import GraphState
from neurograph.errors import MissingError, NeuronError, OptionError, SynapseError, listed
from neurograph.memory import require_room
from neurograph.schema.neuron import KIND_FIELDS, SCHEMA, VALUES
from neurograph.schema.synapse import weight_array
from neurograph.storage.sets import each_once


def populations(graph: GraphState) -> dict[str, list[Hashable]]:
    """The names of the neurons of each population, in the order populations were added; empty ones are left out."""
    keys = graph.table.keys()
    members = graph.neurons.each("population", keys)
    found = {name: graph.names_of(keys[members == name]) for name in graph.population_names}
    return {name: names for name, names in found.items() if names}


def population(graph: GraphState, name: str) -> list[Hashable]:
    """The names of a population's neurons, in order; raises `MissingError` naming those there are."""
    keys = population_keys(graph, name)
    if not len(keys):
        raise MissingError(f"no population {name!r}; there are {listed(populations(graph))}")
    return graph.names_of(keys)


def population_keys(graph: GraphState, name: str) -> np.ndarray:
    """(n,) int64 keys of a population's neurons, in order; none where there is no such population."""
    keys = graph.table.keys()
    codes = [number for number, kind in enumerate(graph.neurons.kinds) if kind.population == name]
    return keys[np.isin(graph.neurons.kind[keys], codes)]


@whole
def add_population(
    graph: GraphState,
    name: str,
    count: int,
    *,
    bias: Any = None,
    names: Sequence[Hashable] | None = None,
    **attributes: Any,
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
    if len(population_keys(graph, name)):
        raise NeuronError(f"population {name!r} is there already; add_neuron(population={name!r}) adds to it")
    return grow(graph, count, {"bias": bias, **attributes, "population": name}, names)


@whole
def add_neuron(graph: GraphState, name: Hashable | None = None, **attributes: Any) -> Hashable:
    """Add one neuron; returns its name, a free whole number unless one is given.

    Parameters
    ----------
    name
        The networkx node; must be new.
    attributes
        Any of `NeuronKind`'s fields, the values ("bias", ...) and the user's own. Without population= it joins the
        one named by its role.
    """
    return grow(graph, 1, attributes, None if name is None else [name])[0]


def grow(graph: GraphState, count: int, attributes: dict, names: Sequence[Hashable] | None = None) -> list[Hashable]:
    """Add neurons to a population, one that is there or a new one.

    Parameters
    ----------
    count
        How many neurons, at least 1.
    attributes
        Any of `NeuronKind`'s fields ("population" among them), the values ("bias", ...: a number, or `count` of
        them) and the user's own.
    names
        Their networkx nodes; whole numbers that are free unless given.

    Returns
    -------
    names : list
        The neurons, in order.

    Raises
    ------
    OptionError
        A count that is none.
    NeuronError
        An attribute that a neuron cannot have; a name that is taken.
    """
    if not isinstance(count, int | np.integer) or count < 1:
        raise OptionError(f"count must be a whole number of at least 1, not {count!r}")
    require_room(f"population {attributes.get('population')!r}", neurons=int(count))
    names = _free_names(graph, count) if names is None else list(names)
    if len(names) != count or len(once := set(names)) != count or not _are_free(graph, once):
        taken = [n for n in names if n is None or n in graph._node]
        raise NeuronError(f"need {count} different new names; these are not: {listed(taken or names)}")
    many = {k: v for k, v in attributes.items() if k in VALUES and np.ndim(v) == 1}
    kind, values, extra = parse_neuron({k: v for k, v in attributes.items() if k not in many})
    for name, column in many.items():
        parse_neuron({**{k: v for k, v in attributes.items() if k in KIND_FIELDS}, name: 1.0})
        if len(column) != count or not np.isfinite(np.asarray(column, np.float64)).all():
            raise NeuronError(f"{name} must be {count} finite numbers, one for each neuron, not {len(column)}")
        values[name] = np.asarray(column, np.float64)
    add_neurons(graph, names, kind, values, {k: v for k, v in extra.items() if k not in SCHEMA})
    return names


def _are_free(graph: GraphState, names: Collection[Hashable]) -> bool:
    return None not in names and graph.table.index.keys().isdisjoint(names)


def _free_names(graph: GraphState, count: int) -> list[Hashable]:
    at = max(graph.next_name, len(graph.table.names))
    index, names = graph.table.index, list(range(at, at + count))
    while not index.keys().isdisjoint(names):  # somebody took some of them by hand
        at = names[-1] + 1
        names = [name for name in names if name not in index]
        names += range(at, at + count - len(names))
    graph.next_name = names[-1] + 1
    return [*names]


def resolve(graph: GraphState, which: str | Iterable[Hashable]) -> np.ndarray:
    """Keys of a population by its name, or of a list of neurons."""
    if isinstance(which, str):
        keys = population_keys(graph, which)
        if len(keys):
            return keys
        if which not in graph._node:
            raise MissingError(f"no population {which!r}; there are {listed(populations(graph))}")
        return graph.keys_of([which])
    return graph.keys_of(which)


@whole
def connect(graph: GraphState, sources, targets, weight: Any = None, **form: Any) -> np.ndarray:
    """Add a synapse from every source to every target.

    Parameters
    ----------
    sources, targets
        Populations by name, or lists of neurons.
    weight
        (sources, targets) numbers, (sources, targets, height, width) kernels, None, or an initializer: a callable
        of (shape, activation of the first target) that returns such an array.
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
    graph.writable_table()
    u, v = resolve(graph, sources), resolve(graph, targets)
    count = len(u) * len(v)
    what = f"{len(u):,} sources with {len(v):,} targets"
    require_room(what, synapses=count, numbers=0 if weight is None else count)
    if callable(weight):
        if not len(v):
            raise SynapseError("there are no targets, whose activation an initializer asks for")
        weight = weight((len(u), len(v)), graph.neurons.of(int(v[0])).activation)
    if weight is not None:
        weight = weight_array(weight)
        if weight.shape[:2] != (len(u), len(v)):
            raise SynapseError(
                f"weight has shape {weight.shape}; {len(u)} sources and {len(v)} targets need "
                f"({len(u)}, {len(v)}) or ({len(u)}, {len(v)}, height, width)"
            )
        weight = weight.reshape(len(u) * len(v), *weight.shape[2:])
    return graph.add_checked(np.repeat(u, len(v)), np.tile(v, len(u)), weight, form)


@whole
def remove_neurons(graph: GraphState, names) -> None:
    """Remove neurons, by name or a whole population, with all their synapses; all or none."""
    keys = np.sort(resolve(graph, names))
    graph.writable_table()
    if len(keys):
        drop_keys(graph, keys[np.diff(keys, prepend=-1) > 0])
    nx._clear_cache(graph)


@whole
def remove_synapses(graph: GraphState, pairs: Iterable[tuple[Hashable, Hashable]]) -> None:
    """Remove the synapses between pairs of neurons: all, or none and `MissingError` where one is not there."""
    pairs = list(pairs)
    graph.writable_table()
    u, v = graph.keys_of([a for a, _ in pairs]), graph.keys_of([b for _, b in pairs])
    rows = graph.table.find_many(u, v)
    if (rows < 0).any():
        raise MissingError(f"no synapse {listed(p for p, row in zip(pairs, rows, strict=True) if row < 0)}")
    graph.drop_rows(each_once(rows))
    nx._clear_cache(graph)
