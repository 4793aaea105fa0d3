"""The digest of a wiring is that of its description, whatever the order of the rows and the gaps between the ids."""

from dataclasses import astuple, replace
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurograph.builders import mlp
from neurograph.core import digest
from neurograph.edits import SplitEdge
from neurograph.schema.neuron import VALUES


def described(graph) -> str:
    """The same digest, number by number in plain Python."""
    table, columns = graph.table, graph.neurons
    keys, made = table.keys().tolist(), blake2b(digest_size=16)
    place = {key: at for at, key in enumerate(keys)}
    rows = sorted(table.live().tolist(), key=lambda row: table.id[row])
    kinds = [repr(astuple(replace(kind, population="-"))) for kind in columns.kinds]
    forms = [repr(sorted(bundle.items())) for bundle in table.forms.bundles]
    shapes = ["-", *(repr(pool.data.shape[1:]) for pool in table.pools)]

    def add(texts: list[str]) -> None:
        names = sorted(set(texts))
        made.update(repr(names).encode())
        made.update(np.array([names.index(text) for text in texts], np.int32).tobytes())

    add([kinds[columns.kind[key]] for key in keys])
    for name in VALUES:
        made.update(np.packbits([not np.isnan(columns.values[name][key]) for key in keys]).tobytes())
    for ends in (table.src, table.dst):
        made.update(np.array([place[int(ends[row])] for row in rows], np.int32).tobytes())
    add([forms[table.form[row]] for row in rows])
    add([shapes[table.pool[row]] for row in rows])
    return made.hexdigest()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**6)), max_size=8), st.sampled_from([1, 3, 2**16]))
def test_the_digest_is_that_of_the_description(edits, piece):
    graph = mlp([4, 5, 3], seed=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "_PIECE", piece)
        for what, number in edits:
            edges = list(graph.edges)
            u, v = edges[number % len(edges)]
            if what == 0 and graph[u][v].get("weight") is not None:
                graph.apply(SplitEdge(u, v))
            elif what == 1:
                graph.remove_edge(u, v)
            elif what == 2:
                graph[u][v]["trainable"] = not graph[u][v].get("trainable", True)
            elif what == 3:
                graph.remove_edges_from(edges[: 4 * len(edges) // 5])  # more gaps than ids
            elif what == 4:
                new = graph.add_neuron(population="new", activation="tanh", bias=0.5)
                graph.add_edge(u, new, op="identity")
            elif len(graph.journal):
                graph.undo()
            if not graph.number_of_edges():
                break
            assert graph.wiring_digest() == described(graph)
