"""What is loaded is what was saved: everything a graph shows, and everything it does from then on."""

import copy

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.builders import mlp, random_field
from neurograph.edits.base import Outcome
from neurograph.errors import FileError, NeuroGraphError
from tests.neurograph.holders import Network


def picture(graph):
    """Everything that may be asked of a graph, as plain values."""
    table, keys = graph.table, graph.table.keys()
    ids = np.sort(table.id[table.live()])
    rows = table.rows_of(ids)

    def plain(value):
        return value.tolist() if isinstance(value, np.ndarray) else value

    def plain_all(data):
        return [(type(v).__name__, k, plain(v)) for k, v in data.items()]

    return {
        "nodes": [(type(n).__name__, n, plain_all(data)) for n, data in graph.nodes(data=True)],
        "edges": [(u, v, plain_all(data)) for u, v, data in graph.edges(data=True)],
        "keys": keys.tolist(),
        "ids": list(zip(ids.tolist(), table.src[rows].tolist(), table.dst[rows].tolist(), strict=True)),
        "ranks": graph.ranks.rank[keys].tolist(),
        "next": (len(table.names), table.next_id, graph.next_name, graph.ranks.top),
        "populations": list(graph.populations.items()),
        "registered": list(graph.population_names),
        "graph": plain_all(graph.graph),
        "version": graph.version,
        "digest": graph.wiring_digest(),
        "journal": [str(entry) for entry in graph.journal],
        "undone": [str(entry) for entry in graph.journal.undone],
        "heirs": [(e.neuron_heirs.tolist(), e.synapse_heirs.tolist(), e.details) for e in graph.journal],
    }


class Insert:
    """An edit with everything an edit may have."""

    def apply(self, graph):
        (u, v), weight = next((e[:2], e[2]) for e in graph.edges(data="weight") if isinstance(e[2], float))
        old = graph.table.id[graph.table.find(*graph.keys_of([u, v]).tolist())]
        n = graph.add_neuron(("born", 1), activation="prelu", slope=1.0)
        graph.remove_edge(u, v)
        ids = graph.add_edges_from_arrays([u, n], [n, v], weight=[weight, 1.0])
        heirs = np.array([[ids[0], old]])
        return Outcome({"where": (u, v), "by": 0.5}, synapse_heirs=heirs, details={"names": [n], 3: "three"})


def everything():
    """A graph with every kind of neuron, synapse, name, attribute and journal entry, and gaps in all numbers."""
    g = NeuronGraph(name="all", created=(2024, 1), rate=0.1, odd={"$array": [1], 2: None}, table=np.arange(3.0))
    g.add_population("maps", 2, role="input", shape=(6, 6), names=["left", "right"])
    g.add_population("conv", 3, shape=(4, 4), activation="relu", norm="batch", bias=[0.1, 0.2, 0.3], dropout=0.25,
                     dropout_kind="channel", tag=["conv", {"deep": (1, 2)}])  # fmt: skip
    g.add_population("pooled", 3, shape=(2, 2), is_output=False)
    g.add_population("out", 4, is_output=True, bias=0.0)
    g.add_population("gone", 2)
    rng = np.random.default_rng(0)
    g.connect("maps", "conv", weight=rng.normal(size=(2, 3, 3, 3)), trainable=False)
    g.add_edges_from_arrays(
        g.population("conv"), g.population("pooled"), op="max_pool", kernel_size=2, stride=2, ceil_mode=True
    )
    g.connect("pooled", "out", weight=rng.normal(size=(3, 4, 2, 2)))
    scalar = g.add_neuron(frozen := ("tuple", (1, 2.5, True)), activation="tanh", bias=-0.0, note="user's", big=2**70)
    for n in g.population("out"):
        g.add_edge(scalar, n, weight=float(rng.normal()), why={"a": [1, None]})
    first, last = g.population("out")[0], g.add_neuron("last", is_output=True)
    g.add_edge(first, last)  # no weight yet
    g.add_edge(frozen, last, op="identity")
    g.remove_neurons("gone")
    g.remove_node("right")
    g.apply(Insert())
    g[scalar][g.population("out")[2]]["weight"] = 7.0
    g.nodes["last"]["activation"] = "sigmoid"
    g.remove_edge(frozen, last)
    g.undo()
    g.undo()
    return g


GRAPHS = {
    "everything": everything,
    "empty": NeuronGraph,
    "a neuron": lambda: _one(),
    "mlp": lambda: mlp([5, 4, 3]),
    "field": lambda: random_field(60, 4, 6),
    "no synapses left": lambda: _bare(),
}


def _one():
    g = NeuronGraph()
    g.add_neuron(role="input", is_output=True)
    return g


def _bare():
    g = mlp([2, 2])
    g.clear_edges()
    return g


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_everything_comes_back(make, tmp_path):
    g = make()
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    assert picture(back) == picture(g)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.safetensors"]


def test_saving_changes_nothing(tmp_path):
    g, same = everything(), everything()
    g.save(tmp_path / "net.safetensors")
    assert picture(g) == picture(same)
    g.save(str(tmp_path / "again.safetensors"))
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "net.safetensors").read_bytes()


def test_redo_and_undo_go_on_where_they_were(tmp_path):
    g = everything()
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    assert len(g.journal.undone) == 2
    while g.journal.undone:
        g.redo(), back.redo()
        assert picture(back) == picture(g)
    while len(g.journal):
        g.undo(), back.undo()
        assert picture(back) == picture(g)


def test_a_loaded_graph_is_edited_as_the_saved_one(tmp_path):
    g = everything()
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    for one in (g, back):
        one.add_population("late", 3, bias=1.0)
        one.connect("pooled", "late", weight=np.ones((3, 3, 2, 2)))
        one.remove_neurons(one.population("out")[1:3])
        with pytest.raises(Exception, match="cycle"):
            one.add_edge("last", one.population("out")[0], weight=1.0)
    assert picture(back) == picture(g)


@pytest.mark.parametrize("seed", range(12))
def test_random_histories(seed, tmp_path):
    rng = np.random.default_rng(seed)
    g = random_field(25, 3, 4, seed=seed)
    for step in range(60):
        nodes, edges = list(g), list(g.edges)
        choice = rng.integers(7)
        if choice == 0:
            g.add_neuron(f"n{step}", bias=float(rng.normal()))
        elif choice == 1 and len(nodes) > 4:
            g.remove_node(nodes[rng.integers(len(nodes))])
        elif choice == 2 and edges:
            g.remove_edge(*edges[rng.integers(len(edges))])
        elif choice == 3 and edges:
            u, v = edges[rng.integers(len(edges))]
            g[u][v].update(weight=float(rng.normal()), trainable=bool(rng.integers(2)), mark=step)
        elif choice == 4 and len(g.journal):
            g.undo()
        elif choice == 5 and g.journal.undone:
            g.redo()
        else:
            u, v = (nodes[at] for at in rng.integers(len(nodes), size=2))
            if not g.has_edge(v, u) and u != v and g.nodes[v]["role"] != "input":
                try:
                    g.add_edge(u, v, weight=float(rng.normal()))
                except Exception as err:
                    assert "cycle" in str(err)
        if step % 5 == 0:
            _ = g.journal  # closes the run of raw mutations
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    assert picture(back) == picture(g)
    while len(g.journal):
        g.undo(), back.undo()
        assert picture(back) == picture(g)


def test_weights_are_exact(tmp_path):
    g = mlp([3, 2])
    values = np.array([0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3, -np.pi])
    ids = g.arrays().ids
    g.write_weights(ids, values)
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors").read_weights(ids)
    assert back.tobytes() == values.tobytes()


def test_what_a_network_holds_is_written_back_first(tmp_path):
    g = mlp([2, 1])
    ids = g.arrays().ids

    network = Network(g, dict(zip(ids.tolist(), [5.0, 6.0], strict=True)))
    g.own(network)
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    assert back.read_weights(ids).tolist() == [5.0, 6.0]
    assert back.owner is None


def test_networkx_reads_a_loaded_graph(tmp_path):
    import networkx as nx

    g = mlp([4, 3, 2])
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    assert nx.ancestors(back, 8) == set(range(7))
    assert dict(nx.to_dict_of_dicts(back)) == dict(nx.to_dict_of_dicts(g))
    assert picture(copy.deepcopy(back)) == picture(back) == picture(back.copy())


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda g: g.nodes[1].update(payload=object()), "neuron 1"),
        (lambda g: g[0][2].update(payload={1, 2}), "synapse 0 -> 2"),
        (lambda g: g.graph.update(payload=b"x"), "the graph"),
        (lambda g: g.add_neuron(frozenset([1])), "frozenset"),
    ],
)
def test_what_a_file_cannot_hold_is_named(spoil, named, tmp_path):
    g = mlp([2, 1])
    spoil(g)
    before = picture(g)
    with pytest.raises(FileError, match=named):
        g.save(tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())
    assert picture(g) == before


def test_not_in_the_middle_of_an_edit(tmp_path):
    g = mlp([2, 1])
    with pytest.raises(FileError, match="middle"), g.atomic():
        g.save(tmp_path / "net.safetensors")


def _undone():
    g = NeuronGraph()
    g.add_neuron(population="gone")
    g.undo()
    return g


def _refused():
    g = mlp([2, 1])
    with pytest.raises(NeuroGraphError):
        g.add_nodes_from([("a", {"population": "gone"}), ("b", {"activation": "no such"})])
    return g


def _rolled_back():
    g = mlp([2, 1])
    with pytest.raises(KeyError), g.atomic():
        g.add_population("gone", 2)
        raise KeyError
    return g


GONE = {"undone": _undone, "refused": _refused, "rolled back": _rolled_back, "copied": lambda: _undone().copy()}


@pytest.mark.parametrize("how", GONE)
def test_a_population_that_is_gone_leaves_nothing_that_a_file_stumbles_over(how, tmp_path):
    g = GONE[how]()
    kept = "gone" in {kind.population for kind in g.neurons.kinds}
    assert kept == (how in ("undone", "copied"))  # for the redo; what is rolled back leaves no kind behind
    g.save(tmp_path / "net.safetensors")
    back = NeuronGraph.load(tmp_path / "net.safetensors")
    assert picture(back) == picture(g)


def test_text_of_numpy_is_text(tmp_path):
    g = NeuronGraph()
    a, b = g.add_neuron(population=np.str_("x")), g.add_neuron(population="x")
    g.add_edge(a, g.add_neuron(), op=np.str_("weight"), weight=1.0)
    g.add_edge(b, g.add_neuron(), op="weight", weight=1.0)
    assert picture(g.copy()) == picture(g)  # the file is checked as the test ends
    assert len(g.table.forms.bundles) == 2


@pytest.mark.parametrize("value", [np.longdouble(1), 10**5000, [10**5000]], ids=["longdouble", "long", "nested"])
def test_numbers_that_no_file_can_hold_are_named(value, tmp_path):
    g = mlp([2, 1])
    g.nodes[1]["own"] = value
    with pytest.raises(FileError, match="neuron 1"):
        g.save(tmp_path / "net.safetensors")


def test_attributes_may_be_nested_so_deeply_and_no_deeper(tmp_path):
    g, levels, refused = mlp([2, 1]), [1], 0
    for _ in range(20):
        for _ in range(5):
            levels = [(levels,)]
        g.nodes[1]["own"] = levels
        try:
            g.save(tmp_path / "net.safetensors")
        except FileError as err:
            assert "nested too deeply" in str(err)
            refused += 1
        else:
            assert not refused
            assert NeuronGraph.load(tmp_path / "net.safetensors").nodes[1]["own"] == levels
    assert refused
