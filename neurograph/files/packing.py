"""From a graph to arrays and JSON: columns as they are in the table, compacted; all else as text."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import asdict
from typing import Any

import numpy as np

from neurograph.core import journal
from neurograph.core.codec import DEEPEST, encode, is_plain
from neurograph.core.graph import EditableGraph
from neurograph.core.soundness import MOST_IDS, MOST_KEYS
from neurograph.core.unpacked import back_claims, check_depth
from neurograph.errors import FileError
from neurograph.files.container import Content

_AROUND = 10  # levels that a journal puts around attributes, and a file around a journal


def pack(graph: EditableGraph) -> Content:
    """Everything a graph is, ready to be written.

    Raises
    ------
    FileError
        A name or an attribute that a file cannot hold, naming whose it is.
    """
    graph.synchronise()
    if graph.in_transaction:
        raise FileError("a graph cannot be saved in the middle of an edit or of atomic(); save it afterwards")
    graph.table.compact()
    text = _text(graph)
    back_claims(text)
    return Content(_neurons(graph) | _synapses(graph), text, graph.wiring_digest())


def _neurons(graph: EditableGraph) -> dict[str, np.ndarray]:
    keys, columns = graph.table.keys(), graph.neurons
    values = {f"neuron.{name}": column[keys] for name, column in columns.values.items()}
    return {"neuron.key": keys, "neuron.kind": columns.kind[keys], "neuron.rank": graph.ranks.rank[keys], **values}


def _synapses(graph: EditableGraph) -> dict[str, np.ndarray]:
    """Columns by (source, target); the weights of each shape in that order too, so that nothing need point at them."""
    table, size = graph.table, graph.table.size
    of = table.pool[:size]
    weights = {
        f"weights.{number}": pool.data[table.row[:size][of == number]] for number, pool in enumerate(table.pools, 1)
    }
    return {
        "synapse.source": table.src[:size],
        "synapse.target": table.dst[:size],
        "synapse.id": table.id[:size],
        "synapse.form": table.form[:size].astype(np.min_scalar_type(len(table.forms.bundles))),
        "synapse.weights": of,
        **weights,
    }


def _text(graph: EditableGraph) -> dict[str, Any]:
    table, columns, log = graph.table, graph.neurons, graph.journal
    names = table.names
    counts = {"next_key": len(names), "next_id": table.next_id, "next_name": graph.next_name, "version": graph.version}
    for name, count in counts.items():
        if count > (MOST_KEYS if name == "next_key" else MOST_IDS):
            raise FileError(f"cannot write a graph whose {name} is {count:,}: no file is read back that says so")
    return {
        "names": _named(table.index),
        "kinds": [{k: encode(x) for k, x in asdict(kind).items()} for kind in columns.kinds],
        "forms": [encode(bundle) for bundle in table.forms.bundles],
        "populations": list(graph.population_names),
        **counts,
        "top_rank": graph.ranks.top,
        "attributes": _encoded(graph.graph, "the attributes of the graph"),
        "neuron_attributes": [
            [key, _encoded(own, f"the attributes of neuron {names[key]!r}")]
            for key, own in columns.extra.items()
            if own
        ],
        "synapse_attributes": [
            [row, _encoded(own, f"the attributes of synapse {names[table.src[row]]!r} -> {names[table.dst[row]]!r}")]
            for row, own in table.extra.items()
            if own
        ],
        "journal": [_entry(entry) for entry in log.entries],
        **({"forgotten": log.forgotten} if log.forgotten else {}),
        "undone": [_entry(entry) for entry in log.undone],
    }


def _entry(entry: journal.Entry) -> dict[str, Any]:
    return _checked(lambda: journal.to_state(entry), f"the journal's entry {entry.verb}", DEEPEST - _AROUND)


def _named(names: Collection[Hashable]) -> list[Any]:
    return list(names) if is_plain(names) else [_encoded(name, f"the name {name!r}") for name in names]


def _encoded(value: Any, what: str) -> Any:
    return _checked(lambda: encode(value), what, DEEPEST - 2 * _AROUND)


def _checked(make: Callable[[], Any], what: str, deepest: int) -> Any:
    """Something as text, of no more levels than a file's reader takes; errors say whose it is."""
    try:
        made = make()
        if isinstance(made, dict | list):
            check_depth(made, deepest)
        return made
    except FileError as err:
        raise FileError(f"{what}: {err}") from None
    except RecursionError:
        raise FileError(f"{what}: nested too deeply, or in a circle") from None
