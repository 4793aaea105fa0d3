"""Which parents and children of an event its new neurons are connected to, besides their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.storage.sets import each_once
from neurograph.storage.sparse import by_key

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True, eq=False)
class Reach:
    """Everyone that the new neurons of an event may read and be read by.

    Parameters
    ----------
    parents, children
        Keys, rising.
    level
        Length of the longest path to each neuron before the event, by key; an array or a `SparseColumn`.
    """

    parents: np.ndarray
    children: np.ndarray
    level: Any

    @classmethod
    def of(cls, graph: "EditableGraph", source: np.ndarray, target: np.ndarray, connected: str) -> "Reach":
        """Of an event whose chosen synapses have these ends; see `Expand.connected`."""
        arrays = graph.arrays()
        level = by_key(arrays.keys, arrays.level.astype(np.int64), len(graph.table.names))
        parents, children = (each_once(ends) for ends in (source, target))
        if connected == "all":
            parents, children = (_populations(graph, keys) for keys in (parents, children))
            children = children[graph.neurons.each("role", children) != "input"]
        return cls(parents, children, level)

    def connect(
        self,
        graph: "EditableGraph",
        source: np.ndarray,
        target: np.ndarray,
        new: np.ndarray,
        kept: tuple[dict[str, Any], tuple[int, ...]],
        draw: Callable[[tuple[int, ...]], np.ndarray],
    ) -> tuple[int, int]:
        """Connect new neurons to all but their own parents and children.

        A new neuron reads what lies at a lower level than its own child and is read by the rest, so every path through
        new neurons rises.

        Parameters
        ----------
        graph
            The network, with the new neurons.
        source, target
            (n,) keys of their own parents and children; all of one shape each.
        new
            (n, copies) keys of them.
        kept
            Form and weight shape of their own outgoing synapses.
        draw
            From the shape of an array of weights to the array.

        Returns
        -------
        made, left_out : int
            Synapses added, and those left out because a cycle might close, shapes differ, or a child does not sum.
        """
        columns = graph.neurons
        form, shape = kept
        form.pop("trainable", None)  # a frozen synapse freezes its heir, not the newborn beside it
        parents, children = self.parents, self.children
        like = columns.each("shape", np.array([source[0], target[0]]))
        window = () if like[0] == () else (1, 1)
        reads = _alike(columns.each("shape", parents), like[0])[None, :] & (
            self.level[parents][None, :] < self.level[target][:, None]
        )
        feeds = (_alike(columns.each("shape", children), like[1]) & (columns.each("aggregation", children) == "sum"))[
            None, :
        ] & (self.level[children][None, :] >= self.level[target][:, None])
        reads &= parents[None, :] != source[:, None]
        feeds &= children[None, :] != target[:, None]
        made = _join(graph, reads, parents, new, True, {}, lambda n: draw((n, *window)))
        made += _join(graph, feeds, children, new, False, form, lambda n: draw((n, *shape)))
        wished = new.size * (len(parents) + len(children) - 2)
        return made, wished - made


def _join(
    graph: "EditableGraph",
    wanted: np.ndarray,
    others: np.ndarray,
    new: np.ndarray,
    incoming: bool,
    form: dict[str, Any],
    draw: Callable[[int], np.ndarray],
) -> int:
    """Add a synapse where (n, others) says so, for each copy of each new neuron; returns how many."""
    at, other = np.nonzero(np.repeat(wanted, new.shape[1], 0))
    if len(at):
        far, near = graph.names_of(others[other]), graph.names_of(new.reshape(-1)[at])
        graph.add_edges_from_arrays(*((far, near) if incoming else (near, far)), draw(len(at)), **form)
    return len(at)


def _alike(shapes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.array([one == shape for one in shapes], bool)


def _populations(graph: "EditableGraph", keys: np.ndarray) -> np.ndarray:
    """Keys, rising, of everyone in the populations of some neurons."""
    names = dict.fromkeys(graph.neurons.each("population", keys))
    return np.sort(np.concatenate([graph.population_keys(name) for name in names]))
