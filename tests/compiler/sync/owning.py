"""A graph with a network that trains it, beside a model that tracks what every number should be."""

import copy
import pickle
from contextlib import suppress

import networkx as nx
import numpy as np
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

import compiler
from neurograph import NeuronGraph
from neurograph.edits import Proliferate, RemoveNeurons, SplitEdge
from neurograph.errors import CompileError, NeuroGraphError
from neurograph.schema.neuron import VALUES


class Reader:
    """Whoever reads the model's change log: it knows what users wrote since the network was refreshed."""


class Tracked:
    """The pair. `graph` is what is tested; `model` is the same graph without any network, kept right by hand."""

    def __init__(self, graph: NeuronGraph, dtype: torch.dtype, seed: int) -> None:
        self.graph, self.model, self.dtype = graph, graph.copy(), dtype
        self.rng, self.reader = np.random.default_rng(seed), Reader()
        self.model.changes.subscribe(self.reader)
        self.model.graph["dtype"] = dtype
        self.silent = False  # whether something was written past version counters since values were read as a whole
        self.compile()

    def compile(self) -> None:
        self.net = compiler.compile(self.graph, dtype=self.dtype)
        self._fresh()

    def _fresh(self) -> None:
        self.silent = False
        self.parameters = list(self.net.parameters())
        self.model.changes.advance(self.reader)
        kind = torch.optim.SGD if self.rng.random() < 0.5 else torch.optim.Adam
        fused = self.dtype != torch.bfloat16 and self.rng.random() < 0.5
        self.optimizer = kind(self.parameters, lr=0.05, fused=fused) if self.parameters else None

    # what a network may do to its numbers

    def act(self, name: str) -> None:
        """Do something by name, and bring the model to where it should be."""
        getattr(self, f"_{name}")()

    def _step(self) -> None:
        for p in self.parameters:
            p.grad = torch.randn(p.shape, dtype=p.dtype, generator=self._generator())
        if self.optimizer is not None:
            self.optimizer.step()
        self._absorb()

    def _replace(self) -> None:
        for p in self.parameters:
            p.data = p.detach() * 1.5 + 0.125
        self._absorb()

    def _copy_data(self) -> None:
        for p in self.parameters:
            p.data.copy_(p.detach() * 0.75 - 0.25)
        self._absorb(silent=True)

    def _vector(self) -> None:
        if self.parameters:
            vector = parameters_to_vector(self.parameters).detach()
            with torch.no_grad():
                vector_to_parameters(vector + torch.randn(vector.shape, generator=self._generator()), self.parameters)
        self._absorb(silent=True)

    def _permute(self) -> None:
        for p in self.parameters:
            p.data.copy_(p.detach().reshape(-1).flip(0).reshape(p.shape).clone())
        self._absorb(silent=True)

    def _negate(self) -> None:
        for p in self.parameters:
            p.data.copy_(-p.detach())
        self._absorb(silent=True)

    def _numpy(self) -> None:
        if self.dtype != torch.bfloat16:
            for p in self.parameters:
                p.detach().numpy()[...] *= 1.25
        self._absorb(silent=True)

    def _diverge(self) -> None:
        self.check("arrays")
        if self.parameters:
            first = self.parameters[0].detach().view(-1)
            was = first[0].item()
            first[0] = float("nan")
            self.check("edges")  # the last finite values stay
            first[0] = was

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(int(self.rng.integers(2**31)))

    def _absorb(self, silent: bool = False) -> None:
        """The model takes over what the network has, number by number."""
        self.silent |= silent
        if self.net is None:
            return
        changes = self.model.changes.since(self.reader)
        for quantity in self.net.slots.quantities:
            name = quantity[0]
            theirs = set((changes.synapses if name == "weight" else changes.neurons.get(name, np.empty(0))).tolist())
            now = self.net.slots.gather(quantity).numpy().astype(np.float64)
            for number, value in zip(self.net.slots.numbers(quantity).tolist(), now, strict=True):
                held = self._held(name, number)
                if held is None or number in theirs or not np.isfinite(value).all():
                    continue
                if (torch.tensor(held).to(self.dtype).double().numpy() != value).any():
                    self._hold(name, number, value)

    def _held(self, name: str, number: int):
        if name == "weight":
            (row,) = self.model.table.rows_of(np.array([number]))
            return None if row < 0 else self.model.table.values.weight(int(row))
        held = self.model.neurons.values[name][number]
        return None if np.isnan(held) else held

    def _hold(self, name: str, number: int, value) -> None:
        if name == "weight":
            (row,) = self.model.table.rows_of(np.array([number]))
            self.model.table.values.set_weight(int(row), np.array(value) if np.ndim(value) else float(value))
        else:
            self.model.neurons.values[name][number] = value

    # what users do

    def _both(self, act) -> None:
        found = []
        for graph in (self.graph, self.model):
            try:
                act(graph)
                found.append(None)
            except (NeuroGraphError, nx.NetworkXError) as err:
                found.append(type(err))
        assert found[0] == found[1], found

    def _edge(self):
        edges = [(u, v) for u, v, d in self.model.edges(data=True) if "weight" in d]
        return edges[int(self.rng.integers(len(edges)))] if edges else None

    def _hidden(self):
        names = [v for v, d in self.model.nodes(data=True) if d["role"] == "hidden" and not d["is_output"]]
        return names[int(self.rng.integers(len(names)))] if names else None

    def _write_weight(self) -> None:
        if edge := self._edge():
            value = np.asarray(self.model.edges[edge]["weight"]) + float(self.rng.normal())
            value = value if value.ndim else float(value)
            self._both(lambda g: g.edges[edge].update(weight=value))

    def _write_bias(self) -> None:
        value, name = float(self.rng.normal()), self._hidden()
        if name is not None and self.model.nodes[name]["bias"] is not None:
            self._both(lambda g: g.nodes[name].update(bias=value))

    def _write_many(self) -> None:
        if edge := self._edge():
            number = np.array([self.model.edges[edge].id])
            values = self.model.read_weights(number) * 2.0
            self._both(lambda g: g.write_weights(number, values))

    def _no_bias(self) -> None:
        if (name := self._hidden()) is not None:
            self._both(lambda g: g.nodes[name].update(bias=None))

    def _remove_edge(self) -> None:
        if edge := self._edge():
            self._both(lambda g: g.remove_edge(*edge))

    def _remove_node(self) -> None:
        if (name := self._hidden()) is not None:
            self._both(lambda g: g.remove_node(name))

    def _add_neuron(self) -> None:
        self._both(lambda g: g.add_neuron(bias=0.5))

    def _edit(self) -> None:
        edge, name, which = self._edge(), self._hidden(), self.rng.integers(3)
        if edge and which == 0:
            self._both(lambda g: g.apply(SplitEdge(*edge)))
        elif name is not None and which == 1:
            population = self.model.nodes[name]["population"]
            self._both(lambda g: g.apply(Proliferate(population, 1, seed=3)))
        elif name is not None:
            self._both(lambda g: g.apply(RemoveNeurons([name])))

    def _undo(self) -> None:
        self._both(lambda g: g.undo())

    def _redo(self) -> None:
        self._both(lambda g: g.redo())

    def _roll_back(self) -> None:
        edge = self._edge()

        def attempt(graph: NeuronGraph) -> None:
            with suppress(KeyError), graph.atomic():
                if edge:
                    graph.edges[edge]["weight"] = np.asarray(graph.edges[edge]["weight"]) * 3.0
                    graph.remove_edge(*edge)
                graph.add_neuron()
                raise KeyError

        self._both(attempt)

    def _refresh(self) -> None:
        if self.net is None:
            return
        before, structure = self.parameters, self.net.stale_by == "structure"
        try:
            self.net.refresh()
        except CompileError:
            return
        assert not self.net.stale
        if structure:
            self._fresh()
        else:
            assert all(a is b for a, b in zip(before, self.net.parameters(), strict=True))
            self.model.changes.advance(self.reader)

    def _recompile(self) -> None:
        len(self.model.journal)  # compiling ends a run of raw mutations, as looking at the journal does
        with suppress(CompileError):
            self.compile()

    def _drop(self) -> None:
        self.net, self.optimizer, self.parameters = None, None, []

    def _own(self) -> None:
        if self.net is not None:
            other = compiler.EMA(self.net, 0.5).network() if not self.net.stale else None
            if other is not None:
                self.graph.own(other)
                self.graph.own(self.net)

    # what may be read

    def check(self, door: str) -> None:
        """Every number that a door shows is the model's."""
        inexact = self.dtype == torch.bfloat16 or any(d["shape"] != () for _, d in self.model.nodes(data=True))
        if door in SINGLE and self.silent and inexact:
            return  # these do not see what is written past version counters
        DOORS[door](self.graph, self.model)
        self.silent &= door in SINGLE or door not in WHOLE


HELPERS = {"absorb", "held", "hold", "both", "edge", "hidden", "fresh", "generator"}
ACTS = tuple(name[1:] for name in vars(Tracked) if name[0] == "_" and name[1] != "_" and name[1:] not in HELPERS)


def same(found, wanted, what, model) -> None:
    """What comes back to what it was may be either of the numbers that the network cannot tell apart."""
    found, wanted = (torch.from_numpy(np.array(x, np.float64)) for x in (found, wanted))
    dtype = model.graph["dtype"]
    assert torch.equal(found.to(dtype).nan_to_num(), wanted.to(dtype).nan_to_num()), (what, found, wanted)
    assert torch.equal(found.isnan(), wanted.isnan()), (what, found, wanted)


def edges_alike(found, model) -> None:
    """(source, target, weight) of every synapse that has one."""
    seen = {(u, v): w for u, v, w in found if w is not None}
    wanted = {(u, v): w for u, v, w in model.edges(data="weight") if w is not None}
    assert seen.keys() == wanted.keys()
    for edge, weight in wanted.items():
        same(seen[edge], weight, edge, model)


def nodes_alike(found, model) -> None:
    """The values of every neuron."""
    for name, data in model.nodes(data=True):
        for value in VALUES:
            now, wanted = found[name].get(value), data.get(value)
            same(np.nan if now is None else now, np.nan if wanted is None else wanted, (name, value), model)


def graphs_alike(found, model) -> None:
    edges_alike([(u, v, d.get("weight")) for u, v, d in found.edges(data=True)], model)
    nodes_alike(dict(found.nodes(data=True)), model)


def arrays_alike(graph, model) -> None:
    found, wanted = graph.arrays(), model.arrays()
    for a, b in zip(found.pools, wanted.pools, strict=True):
        assert a.shape[1:] == b.shape[1:]
    for at in range(len(wanted.ids)):
        if wanted.pool[at] >= 0:
            same(found.pools[found.pool[at]][found.row[at]], wanted.pools[wanted.pool[at]][wanted.row[at]], at, model)
    for name, column in wanted.values.items():
        same(found.values[name], column, name, model)


SINGLE = {
    "look-ups": lambda g, m: edges_alike([(u, v, g[u][v].get("weight")) for u, v in m.edges], m),
    "rows": lambda g, m: edges_alike([(u, v, d.get("weight")) for v in m for u, d in g.pred[v].items()], m),
    "nodes": lambda g, m: nodes_alike({name: g.nodes[name] for name in m}, m),
    "of a subgraph": lambda g, m: edges_alike(
        [(u, v, d.get("weight")) for u, v, d in g.subgraph(list(m)).edges(data=True)], m
    ),
    "reversed view": lambda g, m: edges_alike(
        [(v, u, d.get("weight")) for u, v, d in g.reverse(copy=False).edges(data=True)], m
    ),
}
WHOLE = {
    "edges": lambda g, m: edges_alike(g.edges(data="weight"), m),
    "in edges": lambda g, m: edges_alike(g.in_edges(data="weight"), m),
    "edge data": lambda g, m: edges_alike([(u, v, d.get("weight")) for u, v, d in g.edges(data=True)], m),
    "node data": lambda g, m: nodes_alike(dict(g.nodes(data=True)), m),
    "adjacency": lambda g, m: edges_alike(
        [(u, v, d.get("weight")) for u, row in g.adjacency() for v, d in row.items()], m
    ),
    "arrays": arrays_alike,
    "by id": lambda g, m: [
        same(g.read_weights(np.array([d.id]))[0], d["weight"], (u, v), m)
        for u, v, d in m.edges(data=True)
        if "weight" in d and np.ndim(d["weight"]) == 0
    ],
    "copy": lambda g, m: graphs_alike(g.copy(), m),
    "deepcopy": lambda g, m: graphs_alike(copy.deepcopy(g), m),
    "pickle": lambda g, m: graphs_alike(pickle.loads(pickle.dumps(g)), m),
    "DiGraph": lambda g, m: graphs_alike(nx.DiGraph(g), m),
    "to_directed": lambda g, m: graphs_alike(g.to_directed(), m),
    "subgraph copy": lambda g, m: graphs_alike(g.subgraph(list(m)).copy(), m),
    "view copy": lambda g, m: edges_alike(
        [(u, v, d.get("weight")) for u, v, d in nx.subgraph_view(g).copy().edges(data=True)], m
    ),
}
DOORS = SINGLE | WHOLE
