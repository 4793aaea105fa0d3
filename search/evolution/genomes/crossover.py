"""Crossover: a child of two genomes, aligned by innovation."""

from math import inf
from typing import Any

import numpy as np

from neurograph.errors import OptionError
from neurograph.schema.neuron import VALUES
from neurograph.storage.sets import difference, each_once

from .innovations import Alignment, align


def crossover(
    a: Any,
    b: Any,
    rng: np.random.Generator,
    *,
    rate: float = 0.5,
    tie: bool = False,
    neurons: int | None = None,
    synapses: int | None = None,
) -> Any:
    """A child of two genomes.

    What both have comes from either, drawn for each gene: a synapse with its weight, a kernel whole, a neuron with its
    bias, slope, norm, activation and aggregation. What only one has comes from `a`; on a tie what only `b` has comes
    too, in an order that is drawn, where no cycle would close.

    Parameters
    ----------
    a, b
        `NeuronGraph`s, `a` the fitter; they are left as they are, but for innovations where neurons have none.
    rng
        What is drawn comes from it.
    rate
        The chance that a gene both have comes from `b`.
    tie
        Whether none is the fitter.
    neurons, synapses
        How many the child may have at most, where it gets more than `a` has; None: no limit.

    Returns
    -------
    NeuronGraph
        A graph of its own, with the inputs and outputs of `a` and an empty journal.

    Raises
    ------
    OptionError
        A rate that is no chance.

    Examples
    --------
    >>> import numpy as np
    >>> from neurograph.builders import mlp
    >>> a, b = mlp([2, 3, 1], seed=0), mlp([2, 3, 1], seed=1)
    >>> child = crossover(a, b, np.random.default_rng(0))
    >>> all(w in (a[u][v]["weight"], b[u][v]["weight"]) for u, v, w in child.edges(data="weight"))
    True
    """
    checked_rate(rate)
    found = align(a, b)
    child = a.copy(journal=False)  # its keys and ids are the places of the genes
    _take_weights(child, found, rng.random(len(found.synapses)) < rate)
    _take_neurons(child, found, rng.random(len(found.neurons)) < rate)
    if tie:
        _take_the_rest(child, found, rng, inf if neurons is None else neurons, inf if synapses is None else synapses)
    child.restart_journal()
    return child


def checked_rate(rate: object) -> None:
    """Raise `OptionError` where a rate is no chance."""
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise OptionError(f"rate must be a chance from 0 to 1, not {rate!r}")


def _take_weights(child: Any, found: Alignment, taken: np.ndarray) -> None:
    """Write the weights that come from `b`, pool by pool."""
    mine, theirs = found.synapses[taken].T
    table, rows, ids = found.b.graph.table, found.b.rows[theirs], mine
    kind = table.pool[rows]
    for pool in each_once(kind).tolist():
        if pool:
            some = kind == pool
            child.write_weights(ids[some], table.pools[pool - 1].data[table.row[rows[some]]])


def _take_neurons(child: Any, found: Alignment, taken: np.ndarray) -> None:
    """Write values, activations and aggregations of the neurons that come from `b`."""
    mine, theirs = found.neurons[taken].T
    keys, others = mine, found.b.keys[theirs]
    columns, donors = child.neurons, found.b.graph.neurons
    own, its = ([(kind.activation, kind.aggregation) for kind in side.kinds] for side in (columns, donors))
    other = np.array([[one != another for another in its] for one in own], bool).reshape(len(own), len(its))
    for at in np.flatnonzero(other[columns.kind[keys], donors.kind[others]]).tolist():
        (name,) = child.names_of(keys[at : at + 1])
        child.nodes[name]["activation"], child.nodes[name]["aggregation"] = its[donors.kind[others[at]]]
    for name in VALUES:
        donated = donors.values[name][others]
        there = ~np.isnan(child.neurons.values[name][keys]) & ~np.isnan(donated)
        if there.any():
            child.write_values(name, keys[there], donated[there])


def _take_the_rest(child: Any, found: Alignment, rng: np.random.Generator, neurons: float, synapses: float) -> None:
    """Add what only `b` has, each synapse where it closes no cycle, each neuron where a synapse needs it."""
    b, graph = found.b, found.b.graph
    names = dict(zip(found.neurons[:, 1].tolist(), child.names_of(found.neurons[:, 0]), strict=True))
    only = difference(np.arange(len(b.rows)), found.synapses[:, 1])
    theirs = graph.names_of(b.keys)
    successors = _successors(child)
    for at in rng.permutation(only).tolist():
        u, v = int(b.source[at]), int(b.target[at])
        ends = [names.get(end, (end,)) for end in (u, v)]  # a neuron that is yet to come has a name of no other
        synapse = dict(graph[theirs[u]][theirs[v]])
        if child.has_edge(*ends) or (not synapse.get("delay") and _reaches(successors, ends[1], ends[0])):
            continue
        born = len({u, v} - names.keys())
        if child.number_of_edges() >= synapses or (born and len(child) + born > neurons):
            continue
        for end in (u, v):
            if end not in names:
                names[end] = _bring(child, graph, theirs[end])
                successors[names[end]] = set()
        ends = [names[u], names[v]]
        if not synapse.get("delay"):
            successors[ends[0]].add(ends[1])
        child.add_edge(*ends, **synapse)


def _successors(graph: Any) -> dict[Any, set]:
    """Of each neuron those that read it in the same step: what may close no cycle."""
    table, names = graph.table, graph.table.names
    rows, late = table.live(), table.forms.having("delay")
    if late:
        rows = rows[~np.isin(table.form[rows], late)]
    found: dict[Any, set] = {node: set() for node in graph}
    for u, v in zip(table.src[rows].tolist(), table.dst[rows].tolist(), strict=True):
        found[names[u]].add(names[v])
    return found


def _bring(child: Any, graph: Any, name: Any) -> Any:
    """A neuron of another genome in this one, by the same name where that is free."""
    attributes = dict(graph.nodes[name])
    return child.add_neuron(None if name in child else name, **attributes)


def _reaches(successors: dict[Any, set], start: Any, end: Any) -> bool:
    """Whether a path leads from one neuron to another, or they are the same."""
    seen, front = {start}, [start]
    while front:
        node = front.pop()
        if node == end:
            return True
        new = successors.get(node, set()) - seen
        seen |= new
        front += new
    return False
