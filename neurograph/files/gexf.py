"""GEXF, Gephi's own format, with what ever lived: Gephi's timeline plays the growth of a network."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from neurograph.core.graph import EditableGraph
from neurograph.disk.aside import written_aside
from neurograph.files.exchange import check_xml, set_apart
from neurograph.files.formats import counted
from neurograph.files.losses import own_columns, plain_losses
from neurograph.files.plain import to_plain
from neurograph.schema.neuron import KIND_FIELDS, VALUES
from neurograph.schema.synapse import FORM_FIELDS
from neurograph.storage.sets import each_once

if TYPE_CHECKING:
    from neurograph.analysis.history import NeuronHistory

NODE = ("id", "label", "pid", "start", "end", "parents", "spells", "slices", "viz")
EDGE = ("id", "label", "type", "start", "end", "spells", "slices", "viz", "living")

Span = tuple[float | None, float | None]  # from when until when; None where the journal has no birth or death


def write_gexf(graph: EditableGraph, path: str | Path) -> None:
    """Write GEXF; see `to_plain` for how attributes are flattened.

    Where the journal has births and deaths the graph is dynamic: neurons and synapses have a start and an end, on
    an axis of epochs where the journal knows them, else of its entries. What has died is there as well, a neuron with
    its name as label and, where that has another owner now, its key behind it as id.

    Parameters
    ----------
    graph
        The network.
    path
        The file; it appears whole or not at all.

    Raises
    ------
    FileError
        As `write_graphml`.
    """
    plain = set_apart(to_plain(graph), NODE, EDGE)
    dynamic = _add_history(graph, plain)
    check_xml(plain)
    plain.graph = {"name": str(plain.graph.get("name", ""))} | ({"mode": "dynamic"} if dynamic else {})
    with written_aside(path) as aside:
        nx.write_gexf(plain, aside)


def gexf_losses(graph: EditableGraph) -> list[str]:
    """What GEXF, and Gephi that reads it, leave out of a graph."""
    others = sorted(str(name) for name in graph.graph if name != "name")
    left_out = [f"the graph's own attributes but for its name: {', '.join(others)}"] if others else []
    return left_out + plain_losses((NODE, EDGE))(graph) + _alike(graph) + _zeros(graph) + _dead(graph)


def _alike(graph: EditableGraph) -> list[str]:
    """Titles that differ in case only, which Gephi takes for one column."""
    found = []
    usual = (*KIND_FIELDS, *VALUES), (*FORM_FIELDS, "weight", "kernel")
    for what, column, known in zip(("neurons", "synapses"), own_columns(graph), usual, strict=True):
        titles: dict[str, list[str]] = {}
        for name in dict.fromkeys([*known, *column]):
            titles.setdefault(name.lower(), []).append(name)
        alike = [" and ".join(names) for names in titles.values() if len(names) > 1]
        if alike:
            named = ", ".join(alike)
            found.append(f"attributes of {what} that differ in case only, which Gephi takes for one: {named}")
    return found


def _zeros(graph: EditableGraph) -> list[str]:
    arrays = graph.arrays()
    numbers = arrays.pools[0][arrays.row[arrays.pool == 0]] if arrays.pools else np.zeros(0)
    zeros = int((numbers == 0).sum())
    return [f"{counted(zeros, 'synapse')} of weight 0: in the file, but Gephi draws none"] if zeros else []


def _dead(graph: EditableGraph) -> list[str]:
    """What the file does not say of those who died."""
    from neurograph.analysis.history import NEVER, neurons_of, synapses_of

    neurons = neurons_of(graph)
    synapses = synapses_of(graph, neurons)
    pairs = synapses.source * len(neurons.keys) + synapses.target
    twice = len(pairs) - len(each_once(pairs))
    dead, gone = int((neurons.died != NEVER).sum()), int((synapses.died != NEVER).sum()) - twice
    parts = [f"what {counted(dead, 'dead neuron')} had beside population, role and activation"] if dead else []
    parts += [f"what {counted(gone, 'dead synapse')} had beside a weight"] if gone > 0 else []
    again = f"the earlier weights of {counted(twice, 'synapse')} that died and came again: a pair is one edge"
    return parts + [again] * (twice > 0)


def _add_history(graph: EditableGraph, plain: nx.DiGraph) -> bool:
    """Say when everything lived, and add what died; returns whether anything was born or died."""
    from neurograph.analysis.history import neurons_of, synapses_of
    from neurograph.analysis.timeline import timeline

    neurons = neurons_of(graph)
    synapses = synapses_of(graph, neurons)
    axis = timeline(list(graph.journal))
    times = [0.0, *(float(entry["at"]) for entry in axis["entries"])]
    node = _nodes(neurons, plain)
    for at, (born, died) in enumerate(zip(neurons.born.tolist(), neurons.died.tolist(), strict=True)):
        if died:
            kind = neurons.kinds[neurons.kind[at]]
            about = {"role": kind.role, "population": kind.population, "activation": kind.activation}
            plain.add_node(node[at], label=str(neurons.names[at]), **about)
        plain.nodes[node[at]].update(_lived([_span(times, born, died)], axis["end"]))
    spans: dict[tuple[str, str], list[Span]] = {}
    columns = (synapses.source, synapses.target, synapses.born, synapses.died, synapses.weight)
    for source, target, born, died, weight in zip(*(column.tolist() for column in columns), strict=True):
        pair = node[source], node[target]
        spans.setdefault(pair, []).append(_span(times, born, died))
        if not plain.has_edge(*pair):
            plain.add_edge(*pair, **({} if weight != weight else {"weight": weight}))
    for (u, v), found in spans.items():
        plain[u][v].update(_lived(found, axis["end"]))
    return bool(neurons.born.any() or neurons.died.any() or synapses.born.any() or synapses.died.any())


def _nodes(neurons: "NeuronHistory", plain: nx.DiGraph) -> list[str]:
    """The node of each neuron: its name, made different from every other's for the dead."""
    found, taken = [], set(plain)
    for name, key, died in zip(neurons.names, neurons.keys.tolist(), neurons.died.tolist(), strict=True):
        text = str(name)
        while died and text in taken:
            text = f"{text} #{key}"
        taken.add(text)
        found.append(text)
    return found


def _span(times: list[float], born: int, died: int) -> Span:
    return times[born] if born else None, times[died] if died else None


def _lived(spans: list[Span], end: float) -> dict[str, Any]:
    """Attributes that networkx's writer takes for a life; or for several, which its reader wants closed."""
    if len(spans) > 1:
        spells = sorted((start or 0.0, end if stop is None else stop) for start, stop in spans)
        return {"spells": spells, "living": any(stop is None for _, stop in spans)}
    (start, stop), *_ = spans
    return {name: value for name, value in (("start", start), ("end", stop)) if value is not None}
