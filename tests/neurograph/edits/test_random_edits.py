"""Random sequences of edits, undos and redos on random networks: what must hold after each of them."""

from contextlib import suppress
from tempfile import TemporaryDirectory

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurograph.analysis.observations import Observations
from neurograph.core.journal import Journal, from_line, to_line
from neurograph.edits import (
    EDITS,
    AddNeuron,
    AddOnNeurons,
    Autophagy,
    Connect,
    Expand,
    InsertLayer,
    LowRepresentationalPower,
    Proliferate,
    Prune,
    PruneKernels,
    Reinitialize,
    RemoveNeurons,
    RemoveSynapses,
    Rename,
    Renew,
    Rewire,
    SetValues,
    Sparsify,
    SplitEdge,
)
from neurograph.errors import NeuroGraphError
from tests.neurograph.networks import (
    batch,
    check_saved_and_loaded,
    dump,
    outputs,
    random_network,
    structure,
    values,
    weights,
)


def _split(g, rng):
    edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
    u, v = edges[rng.integers(len(edges))]
    return SplitEdge(u, v, **[{}, {"signed_pair": True}, {"activation": "tanh"}][rng.integers(3)])


def _proliferate(g, rng):
    outgoing = ["split", "split", "zero", "paper"][rng.integers(4)]
    initializer = ["random", "representational", "kernel_ridge"]
    return Proliferate(
        _some_population(g, rng), int(rng.integers(1, 5)), initializer[rng.integers(3)], outgoing,
        seed=int(rng.integers(99)), observations=_observed(g, rng),
    )  # fmt: skip


def _expand(g, rng):
    edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
    chosen = [edges[at] for at in rng.choice(len(edges), min(len(edges), int(rng.integers(1, 5))), replace=False)]
    rule, connected = ["exact", "pair", "authors", "by_sign"][rng.integers(4)], ["event", "all", "own"][rng.integers(3)]
    noise = [0.0, 1e-8][rng.integers(2)]
    return Expand(chosen, rule, connected, int(rng.integers(1, 3)), noise, seed=int(rng.integers(99)))


def _autophagy(g, rng):
    by = LowRepresentationalPower(float(rng.random()), ["mean", "share"][rng.integers(2)])
    stranded = ["leave", "remove", "refuse"][rng.integers(3)]
    return Autophagy(_some_population(g, rng), by, int(rng.integers(1, 4)), stranded, observations=_observed(g, rng))


def _connect(g, rng):
    names = list(nx.topological_sort(g))
    target = names[rng.integers(1, len(names))]
    free = [u for u in names[: names.index(target)] if not g.has_edge(u, target)]
    sources = free[:2] if rng.random() < 0.8 else [target, *free[:1]]  # the latter is refused
    weight = ["he_uniform", 0.5, rng.normal(size=(len(sources), 1))][rng.integers(3)]
    return Connect(sources or names, [target], weight)


def _add(g, rng):
    names = list(g)
    u, v = (names[at] for at in rng.integers(len(names), size=2))
    population = ["h0", "h1", "new"][rng.integers(3)]
    return AddNeuron(None, population, "sin", incoming={u: rng.normal()}, outgoing={v: rng.normal()})


def _remove_neurons(g, rng):
    names = [n for n in g if g.nodes[n]["role"] == "hidden" and not g.nodes[n]["is_output"]]
    return RemoveNeurons([names[rng.integers(len(names))]], ["leave", "remove", "refuse"][rng.integers(3)])


def _remove_synapses(g, rng):
    edges = list(g.edges)
    return RemoveSynapses([edges[at] for at in rng.integers(len(edges), size=2)], ["leave", "remove"][rng.integers(2)])


def _prune(g, rng):
    left = [{"share": 0.8}, {"left": int(rng.integers(30))}][rng.integers(2)]
    return Prune(
        **left, scope=["network", "layer"][rng.integers(2)], stranded=["leave", "remove", "refuse"][rng.integers(3)]
    )


def _reinitialize(g, rng):
    return Reinitialize("he_normal", [None, (_some_population(g, rng),)][rng.integers(2)], seed=int(rng.integers(9)))


def _prune_kernels(g, rng):
    return PruneKernels(float(rng.random()))  # of which scalars have none


def _add_ons(g, rng):
    return AddOnNeurons((_some_population(g, rng), _some_population(g, rng)))  # refused: scalars have no segments


def _insert(g, rng):
    names = list(g.populations)
    return InsertLayer([names[at] for at in rng.choice(len(names), 2, replace=False)], algorithm="identity")


def _rename(g, rng):
    one, other = (list(g)[at] for at in rng.permutation(len(g))[:2])
    return Rename(
        {one: other, other: one} if rng.random() < 0.5 else {one: f"r{len(g.table.names)}-{rng.integers(10**6)}"}
    )


def _renew(g, rng):
    by = ["chance", "low_contribution", [n for n in g.population(_some_population(g, rng)) if rng.random() < 0.5]]
    most, name = [None, 1, 2][rng.integers(3)], _some_population(g, rng)
    return Renew(name, by[rng.integers(3)], most, "lecun_normal", int(rng.integers(99)), _observed(g, rng))


def _set_values(g, rng):
    names, edges = list(g), [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
    chosen = [names[at] for at in rng.integers(len(names), size=2)]
    neurons = {
        n: {"note": int(rng.integers(3)), f"own{rng.integers(3)}": [1, {"a": float(rng.normal())}]} for n in chosen
    }
    for n in chosen:
        if g.nodes[n]["role"] == "hidden":
            neurons[n]["bias"] = [None, 0.5, float(rng.normal())][rng.integers(3)]
    synapses = {edges[at]: {"weight": rng.normal(), "note": "x"} for at in rng.integers(len(edges), size=2)}
    return SetValues(neurons, synapses)


def _rewire(g, rng):
    keys = g.table.keys()
    some = rng.choice(keys, (2, 30)), rng.normal(size=30)
    candidates = [None, (*some[0], some[1])][rng.integers(2)]
    return Rewire(float(rng.random()), None, ["zeros", "he_uniform"][rng.integers(2)], candidates, int(rng.integers(9)))


def _sparsify(g, rng):
    return Sparsify(float(rng.uniform(0.05, 1.0)), ["uniform", "er", "erk"][rng.integers(3)], rescale=False)


MAKE = {
    "SplitEdge": _split,
    "Proliferate": _proliferate,
    "Autophagy": _autophagy,
    "Connect": _connect,
    "Expand": _expand,
    "InsertLayer": _insert,
    "AddNeuron": _add,
    "RemoveNeurons": _remove_neurons,
    "RemoveSynapses": _remove_synapses,
    "Prune": _prune,
    "PruneKernels": _prune_kernels,
    "AddOnNeurons": _add_ons,
    "Reinitialize": _reinitialize,
    "Rename": _rename,
    "Renew": _renew,
    "SetValues": _set_values,
    "Rewire": _rewire,
    "Sparsify": _sparsify,
}
SHRINK = ("Autophagy", "Prune", "RemoveNeurons", "RemoveSynapses", "Sparsify")


def raw(g, rng):
    """A few mutations through networkx's own doors, any of which may be refused."""
    for what in rng.integers(8, size=3):
        names, edges = list(g), list(g.edges)
        u, v = (names[at] for at in rng.integers(len(names), size=2))
        if not edges and what in (1, 5, 6):
            continue  # edits may have pruned every synapse
        edge = edges[rng.integers(len(edges))] if edges else (u, v)
        hidden = g.nodes[v]["role"] == "hidden"
        try:
            if what == 0:
                g.add_edge(u, v, weight=rng.normal(), note=int(rng.integers(9)))
            elif what == 1:
                g.remove_edge(*edge)
            elif what == 2 and hidden and not g.nodes[v]["is_output"] and len(g) > 8:
                g.remove_node(v)
            elif what == 3:
                g.nodes[v]["activation"] = ["prelu", "relu", "tanh"][rng.integers(3)]
            elif what == 4:
                g.nodes[v].update(bias=[None, 0.5][rng.integers(2)], norm=["none", "batch"][rng.integers(2)])
            elif what == 5:
                g.edges[edge]["trainable"] = bool(rng.integers(2))
            elif what == 6 and "weight" in g.edges[edge]:
                del g.edges[edge]["weight"]
                g.edges[edge]["weight"] = rng.normal()
            else:
                g.add_weighted_edges_from([(u, v, 1.0), (u, f"new{rng.integers(99)}", rng.normal())])
        except NeuroGraphError:
            pass


def _some_population(g, rng):
    inner = [name for name in g.populations if name not in ("in", "out")]
    return inner[rng.integers(len(inner))]


def _observed(g, rng):
    keys = g.table.keys()
    return Observations(keys, np.zeros(len(keys)), rng.random(len(keys)))


def check_sound(g):
    """Acyclic, ranked, and no synapse without its ends."""
    assert nx.is_directed_acyclic_graph(g)
    rank, table = g.ranks.rank, g.table
    rows = table.live()
    assert (rank[table.src[rows]] < rank[table.dst[rows]]).all()
    assert all(u in g and v in g for u, v in g.edges)
    arrays = g.arrays()
    assert (arrays.source < arrays.target).all()


def check_untouched(g, edit, result, before, after):
    """Everything the edit had no business with is the same to the last bit."""
    entry = result.entry
    gone, born = set(entry.synapses_died.tolist()), set(entry.synapses_born.tolist())
    assert set(after["weights"]) == set(before["weights"]) - gone | born
    if isinstance(edit, Reinitialize | SetValues):
        assert set(after["values"]) == set(before["values"])
        return
    shared = set()
    if isinstance(edit, Proliferate) and edit.outgoing == "split":
        readers = g.table.dst[g.table.rows_of(entry.synapse_heirs[:, 0])]
        shared = set(entry.synapse_heirs[~np.isin(readers, entry.neurons_born), 1].tolist())
    for number in set(before["weights"]) - gone - shared:
        assert after["weights"][number] == before["weights"][number]
    died = set(entry.neurons_died.tolist())
    assert {k: v for k, v in before["values"].items() if k[0] not in died}.items() <= after["values"].items()


def state(g):
    return {"weights": weights(g), "values": values(g)}


def attempt(g, edit, data):
    """Apply an edit and check all that must hold; returns its line for a journal on disk, None where it was refused."""
    before, full, old = state(g), dump(g), structure(g)
    unchanged = outputs(g, data)
    try:
        result = g.apply(edit)
    except NeuroGraphError:
        assert dump(g) == full
        return None
    line = to_line(g, g.journal[-1])
    check_sound(g)
    after = state(g)
    check_untouched(g, edit, result, before, after)
    if result.details.get("function_preserving"):
        np.testing.assert_allclose(outputs(g, data), unchanged, rtol=1e-9, atol=1e-9 * np.abs(unchanged).max())
    new = structure(g)
    g.undo()
    assert (structure(g), weights(g), values(g)) == (old, before["weights"], before["values"])
    g.redo()
    assert (structure(g), weights(g), values(g)) == (new, after["weights"], after["values"])
    assert to_line(g, g.journal[-1]) == line
    return line


def test_every_edit_takes_part():
    assert set(MAKE) == set(EDITS)


operations = st.lists(st.sampled_from([*MAKE, "SplitEdge", "Proliferate", "undo", "redo", "write", "raw"]), max_size=10)


@given(st.integers(0, 2**20), st.booleans(), operations)
def test_edits_undos_and_redos_in_any_order(seed, other, sequence):
    rng = np.random.default_rng(seed)
    g = random_network(seed, hidden=6, other_aggregations=other)
    start, data, lines, undone = g.copy(), batch(g), [], []
    for what in sequence:
        inner = [name for name in g.populations if name not in ("in", "out")]
        if what == "undo" and lines:
            g.undo()
            undone.append(lines.pop())
        elif what == "redo" and undone:
            g.redo()
            lines.append(undone.pop())
        elif what == "write" and g.number_of_edges():
            ids = np.array([i for i, w in weights(g).items() if w is not None])
            g.write_weights(ids, g.read_weights(ids) * 1.5)
        elif what == "raw":
            before = len(g.journal), structure(g)
            raw(g, rng)
            if len(g.journal) > before[0]:
                lines.append(to_line(g, g.journal[-1]))
                undone.clear()
            else:
                assert structure(g) == before[1]
        elif what in MAKE and inner and any(w is not None for *_, w in g.edges(data="weight")):
            if what in SHRINK and len(g) < 8:
                continue
            line = attempt(g, MAKE[what](g, rng), data)
            if line is not None:
                lines.append(line)
                undone.clear()
        check_sound(g)
        check_saved_and_loaded(g)
    assert len(g.journal) == len(lines)
    start.replay(from_line(line) for line in lines)
    assert structure(start) == structure(g)
    first = structure(random_network(seed, hidden=6, other_aggregations=other))
    for network in (g, start):
        while network.journal:
            network.undo()
        assert structure(network) == first


@given(st.integers(0, 2**20), st.lists(st.sampled_from([*MAKE, "undo", "redo", "raw", "journal"]), max_size=10))
def test_any_history_replays_from_a_copy_of_its_start(seed, sequence):
    """To an equal graph: structure and every value, but for what raw writes did to values, which no journal holds."""
    rng, g = np.random.default_rng(seed), random_network(seed, hidden=6)
    start, exact = g.copy(), True
    for what in sequence:
        inner = [name for name in g.populations if name not in ("in", "out")]
        if what == "undo" and g.journal:
            g.undo()
        elif what == "redo" and g.journal.undone:
            g.redo()
        elif what == "raw":
            raw(g, rng)
            exact = False
        elif what in MAKE and len(g) > 6 and inner and any(w is not None for *_, w in g.edges(data="weight")):
            with suppress(NeuroGraphError):
                g.apply(MAKE[what](g, rng))
    full, first = dump(g), structure(start)
    with TemporaryDirectory() as folder:
        g.journal.save(f"{folder}/history")
        kept = Journal.load(f"{folder}/history")
    assert dump(g) == full
    for journal in (g.journal, kept):
        again = start.copy()
        again.replay(journal)
        assert structure(again) == structure(g)
        assert [str(entry) for entry in again.journal] == [str(entry) for entry in g.journal]
        if exact:
            assert (weights(again), values(again)) == (weights(g), values(g))
            assert repr(dump(again)["synapses"]) == repr(full["synapses"])
        while again.journal:
            again.undo()
        assert structure(again) == first


@given(st.integers(0, 2**20), st.lists(st.sampled_from(["prelu", "pair", "split", "zero"]), max_size=6))
def test_any_number_of_preserving_edits_keep_the_function(seed, sequence):
    rng = np.random.default_rng(seed)
    g = random_network(seed, hidden=6)
    data = batch(g)
    before = outputs(g, data)
    for what in sequence:
        edges = [(u, v) for u, v, w in g.edges(data="weight") if w is not None]
        if what in ("split", "zero"):
            g.apply(Proliferate(_some_population(g, rng), 2, outgoing=what, seed=int(rng.integers(99))))
        elif edges:
            u, v = edges[rng.integers(len(edges))]
            g.apply(SplitEdge(u, v, signed_pair=what == "pair"))
    np.testing.assert_allclose(outputs(g, data), before, rtol=1e-9, atol=1e-12)
