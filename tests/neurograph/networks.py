"""What the tests of the graph share: small networks, a full dump of one, and a forward pass that is obviously right."""

import json
from copy import deepcopy
from math import erf

import networkx as nx
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.errors import FileError
from neurograph.files.container import Content, as_bytes
from neurograph.files.packing import pack
from neurograph.files.unpacking import unpack
from neurograph.schema.neuron import KIND_FIELDS, VALUES

ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "abs": np.abs,
    "sin": np.sin,
    "gelu": lambda x: x * (1.0 + np.vectorize(erf)(x / np.sqrt(2.0))) / 2.0,
}
AGGREGATIONS = {"sum": np.sum, "product": np.prod, "max": np.max, "min": np.min, "mean": np.mean}


def forward(g: NeuronGraph, data: np.ndarray) -> dict:
    """Every neuron's value, by name, for a batch: data is (batch, inputs) or (batch, inputs, height, width)."""
    found, column = {}, 0
    for name in g:
        if g.nodes[name]["role"] == "input":
            found[name] = data[:, column].astype(float)
            column += 1
    for name in nx.topological_sort(g):
        if name not in found:
            found[name] = _neuron(g, name, found, len(data))
    return found


def outputs(g: NeuronGraph, data: np.ndarray) -> np.ndarray:
    """(batch, outputs) values of the output neurons, in node order."""
    values = forward(g, data)
    return np.stack([values[name] for name in g if g.nodes[name]["is_output"]], 1)


def _neuron(g: NeuronGraph, name, found: dict, batch: int) -> np.ndarray:
    d = g.nodes[name]
    contribution = [_synapse(g[u][name], found[u], d["shape"]) for u in g.predecessors(name)]
    total = AGGREGATIONS[d["aggregation"]](contribution, axis=0) if contribution else np.zeros((batch, *d["shape"]))
    total = total + (d["bias"] or 0.0)
    if d["norm"] == "batch":
        total = d["gamma"] * (total - d["running_mean"]) / np.sqrt(d["running_var"] + d["eps"]) + d["beta"]
    if d["activation"] == "prelu":
        return np.where(total > 0, total, d["slope"] * total)
    return ACTIVATIONS[d["activation"]](total)


def _synapse(synapse, value: np.ndarray, shape: tuple) -> np.ndarray:
    if synapse.get("op", "weight") == "identity":
        return value
    if synapse.get("op", "weight") != "weight":
        return _pooled(synapse, value, shape)
    weight = synapse["weight"]
    if np.ndim(weight) == 0:
        return weight * value
    if shape == ():
        return (value * weight).sum(axis=(1, 2))
    return (_windows(synapse, np.shape(weight), value, 0.0) * weight).sum(axis=(3, 4))


def _pooled(synapse, value: np.ndarray, shape: tuple) -> np.ndarray:
    size = synapse["kernel_size"]
    if synapse["op"] == "max_pool":
        made = _windows(synapse, size, value, -np.inf).max(axis=(3, 4))
    else:
        counted = np.ones_like(value[:1])
        counted = _windows(synapse, size, counted, float(synapse.get("count_include_pad", True)))
        made = _windows(synapse, size, value, 0.0).sum(axis=(3, 4)) / counted.sum(axis=(3, 4))
    return made if shape else made[:, 0, 0]


def _windows(synapse, size: tuple, value: np.ndarray, fill: float) -> np.ndarray:
    """(batch, rows, columns, height, width): what a sliding window sees at each place."""
    (rows, columns), (down, right) = synapse.get("padding", (0, 0)), synapse.get("stride", (1, 1))
    apart = synapse.get("dilation", (1, 1))
    padded = np.pad(value, ((0, 0), (rows, rows), (columns, columns)), constant_values=fill)
    span = [d * (k - 1) + 1 for d, k in zip(apart, size, strict=True)]
    return sliding_window_view(padded, span, axis=(1, 2))[:, ::down, ::right, :: apart[0], :: apart[1]]


def dump(g: NeuronGraph) -> dict:
    """All that a graph holds, in plain values that compare bit for bit."""
    table, columns = g.table, g.neurons
    rows = table.live()
    rows = rows[np.argsort(table.id[rows])]
    synapses = []
    for row in rows.tolist():
        weight = table.values.weight(row)
        weight = weight if weight is None else (np.shape(weight), np.asarray(weight).tobytes())
        form = table.forms.bundles[table.form[row]]
        ends = int(table.src[row]), int(table.dst[row])
        synapses.append((int(table.id[row]), *ends, form, weight, table.extra.get(row, {})))
    keys = table.keys().tolist()
    return {
        "neurons": [(k, table.names[k], columns.of(k), columns.extra.get(k, {})) for k in keys],
        "values": {name: columns.values[name][keys].tobytes() for name in VALUES},
        "synapses": synapses,
        "populations": g.populations,
        "registered": list(g.population_names),
        "order": list(g),
        "version": g.version,
        "journal": len(g.journal),
        "undone": len(g._journal.undone),
        "digest": g.wiring_digest(),
        "changes": len(g.changes),
    }


def check_saved_and_loaded(g: NeuronGraph) -> None:
    """Assert that a file of the graph would load and hold the same; without a disk, and the graph is left alone."""
    g = deepcopy(g)
    try:
        content = pack(g)
    except FileError:
        return  # attributes that no file can hold are refused when it is written
    text = as_bytes(content.text)
    back = NeuronGraph()
    unpack(Content(content.arrays, json.loads(text), content.digest, len(text)), back)
    wanted, found = dump(g), dump(back)
    wanted.pop("changes"), found.pop("changes")
    assert repr(found) == repr(wanted)  # as text: arrays among the user's own attributes do not compare


STRUCTURE = ("neurons", "populations", "registered", "order", "digest")


def structure(g: NeuronGraph) -> dict:
    """What undo, redo and replay must give back: everything but weights, values and counters."""
    full = dump(g)
    return {name: full[name] for name in STRUCTURE} | {"wiring": [s[:4] for s in full["synapses"]]}


def weights(g: NeuronGraph) -> dict:
    """id -> weight as bytes, None where a synapse has none."""
    return {s[0]: s[4] and s[4][1] for s in dump(g)["synapses"]}


def values(g: NeuronGraph) -> dict:
    """(key, name) -> value as bytes, and key -> kind."""
    keys = g.table.keys().tolist()
    kinds = {(k, f): getattr(g.neurons.of(k), f) for k in keys for f in KIND_FIELDS}
    return kinds | {(k, name): g.neurons.values[name][k].tobytes() for k in keys for name in VALUES}


def random_network(seed: int, hidden: int = 8, other_aggregations: bool = False) -> NeuronGraph:
    """A small network without layers: populations in a mix, skips, identity synapses, dead ends, any activation."""
    rng = np.random.default_rng(seed)
    g = NeuronGraph()
    names = g.add_population("in", int(rng.integers(1, 4)), role="input")
    kinds = ["relu", "tanh", "prelu", "sigmoid", "identity", "sin"]
    for _ in range(hidden):
        attributes = {"activation": kinds[rng.integers(len(kinds))], "population": f"h{rng.integers(2)}"}
        if rng.random() < 0.7:
            attributes["bias"] = rng.normal()
        if rng.random() < 0.2:
            attributes |= {"norm": "batch", "gamma": rng.normal(), "running_mean": rng.normal(), "running_var": 0.5}
        if other_aggregations and rng.random() < 0.2:
            attributes["aggregation"] = ["max", "min", "mean", "product"][rng.integers(4)]
        names.append(g.add_neuron(**attributes))
    names += g.add_population("out", int(rng.integers(1, 3)), is_output=True, bias=0.1)
    for at, v in enumerate(names):
        for u in names[:at]:
            if g.nodes[v]["role"] == "input" or rng.random() > 0.45:
                continue
            if rng.random() < 0.1:
                g.add_edge(u, v, op="identity")
            else:
                g.add_edge(u, v, weight=rng.normal(), **({"trainable": False} if rng.random() < 0.1 else {}))
    g.restart_journal()
    return g


def batch(g: NeuronGraph, seed: int = 0, size: int = 5) -> np.ndarray:
    """(size, inputs) numbers of both signs."""
    count = sum(g.nodes[name]["role"] == "input" for name in g)
    return np.random.default_rng(seed).normal(size=(size, count))


def observed(g: NeuronGraph, seed: int = 0, samples: int = 40) -> Observations:
    """What `observe` would give of a network of scalars with every value and, drawn at random, every delta recorded."""
    rng, keys = np.random.default_rng(seed), g.table.keys()
    inputs = sum(g.nodes[n]["role"] == "input" for n in g)
    values = forward(g, rng.normal(size=(samples, inputs)))
    recorded = np.stack([values[n] for n in g.names_of(keys)], 1)
    moments = recorded.mean(0), recorded.var(0)
    kept = {"recorded_keys": keys, "recorded": recorded, "samples": samples, "batches": 1}
    return Observations(keys, *moments, **kept, delta_keys=keys, deltas=rng.normal(size=recorded.shape))
