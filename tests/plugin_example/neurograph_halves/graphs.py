"""An edit, a selector, two initializers, an exporter and an importer."""

from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np

from neurograph.edits import Outcome, SetValues
from neurograph.files import Format, Importer, from_plain, to_plain
from neurograph.initializers.newborns import Newborns
from neurograph.options import as_plain


@dataclass(frozen=True)
class Halve:
    """Multiply the weights into a population by a half."""

    population: str

    def apply(self, graph) -> Outcome:
        """Halve them."""
        edges = graph.in_edges(graph.population(self.population), data="weight")
        halved = {(u, v): {"weight": weight / 2} for u, v, weight in edges if weight is not None}
        SetValues({}, halved).apply(graph)
        return Outcome(as_plain(self), details={"halved": len(halved)})


@dataclass(frozen=True)
class FirstHalf:
    """A selector: the first half of the neurons to choose from go."""

    def __call__(self, selection) -> np.ndarray:
        return selection.keys[: -(-len(selection.keys) // 2)]


def halves(shape, activation, rng: np.random.Generator) -> np.ndarray:
    """Plus or minus a half."""
    return rng.choice([-0.5, 0.5], size=shape)


def halved(growth) -> Newborns:
    """Newborns weigh half of what their donors do."""
    donors = growth.rng.choice(growth.keys, growth.count)
    return Newborns(donors, lambda ids, newborn: growth.graph.read_weights(ids) / 2)


def write_pairs(graph, path) -> None:
    """A line for each synapse."""
    edges = to_plain(graph).edges(data="weight")
    Path(path).write_text("".join(f"{u} {v} {weight!r}\n" for u, v, weight in edges), encoding="utf-8")


def read_pairs(path, graph) -> None:
    """The way back: what nothing leads to is an input, what leads nowhere an output."""
    plain = nx.DiGraph()
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        source, target, weight = line.split(" ")
        plain.add_edge(source, target, weight=float(weight))
    from_plain(plain, graph)


EXPORTER = Format("pairs of neurons with a weight", write_pairs, ("pairs",), lambda graph: ["all but the weights"])
IMPORTER = Importer("pairs of neurons with a weight", read_pairs, ("pairs",))
