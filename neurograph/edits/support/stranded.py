"""What becomes of neurons that an edit leaves without inputs or without outputs."""

from typing import TYPE_CHECKING

import numpy as np

from neurograph.edits.support.relays import dependants, multiplies, refuse_open_outputs
from neurograph.errors import EditError, listed

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph

STRATEGIES = ("leave", "remove", "refuse")


class Neighbours:
    """The neurons around what is about to go, remembered so that those it strands are not taken for those that were so.

    Parameters
    ----------
    graph
        As it is before.
    sources, targets
        Keys that are about to lose an outgoing or an incoming synapse each; repeats do not matter.
    """

    def __init__(self, graph: "EditableGraph", sources: np.ndarray, targets: np.ndarray) -> None:
        self.graph = graph
        self.lost_output, self.lost_input = set(sources.tolist()), set(targets.tolist())

    def stranded(self) -> list[int]:
        """Keys, rising, of those that now have nothing on the side where they lost something.

        An output neuron needs no outgoing synapse; it and inputs are never stranded, because the data needs them.
        """
        table = self.graph.table
        found = {key for key in self.lost_input if self._alive(key) and not table.degree(key, table.inn)}
        found |= {key for key in self.lost_output if self._alive(key) and not table.degree(key, table.out)}
        return sorted(found)

    def closed(self) -> list[int]:
        """Keys, rising, of the hidden neurons that multiply and have lost a factor; outputs that have are refused."""
        alive = [key for key in self.lost_input if self.graph.table.names[key] is not None]
        products = np.array(alive, np.int64)[multiplies(self.graph, np.array(alive, np.int64))] if alive else alive
        refuse_open_outputs(self.graph, map(int, products))
        return sorted(map(int, products))

    def extend(self, other: "Neighbours") -> None:
        """Remember those around something else that goes, too."""
        self.lost_output |= other.lost_output
        self.lost_input |= other.lost_input

    def _alive(self, key: int) -> bool:
        kind = self.graph.neurons.of(key)
        return self.graph.table.names[key] is not None and kind.role != "input" and not kind.is_output


def around(graph: "EditableGraph", keys: np.ndarray) -> Neighbours:
    """The neighbours of neurons that are about to be removed."""
    table = graph.table
    numbers = keys.tolist()
    none = [np.empty(0, np.int64)]
    sources = np.concatenate(none + [table.far(key, table.inn) for key in numbers])
    targets = np.concatenate(none + [table.far(key, table.out) for key in numbers])
    return Neighbours(graph, sources, targets)


def remove_neurons(
    graph: "EditableGraph", keys: np.ndarray, strategy: str, home: np.ndarray | None = None
) -> dict[str, list]:
    """Remove neurons with all their synapses and the relays behind them, and settle what they strand; returns details.

    Relays (`neurograph.edits.support.relays`) go whatever the strategy: a channel pooled is that channel. Those of
    `home`, keys of the population that is being thinned out, stay, unless they multiply by what goes.
    """
    home = np.empty(0, np.int64) if home is None else home
    relays = dependants(graph, keys, home)
    everyone = np.append(keys, relays)
    neighbours, names = around(graph, everyone), graph.names_of(relays)
    graph.remove_neurons(graph.names_of(everyone))
    details = settle(graph, neighbours, strategy)
    return details | {"cleaned_up": names + details["cleaned_up"]}


def settle(graph: "EditableGraph", neighbours: Neighbours, strategy: str) -> dict[str, list]:
    """Remove the products that have lost a factor, and apply a strategy to the neurons that an edit has stranded.

    Parameters
    ----------
    graph
        As it is after.
    neighbours
        Remembered before.
    strategy
        "leave": they stay, a constant or unread. "remove": they go too, and those that this strands in turn. "refuse":
        the edit is undone.

    Returns
    -------
    details : dict
        "stranded": names of those that stay so; "cleaned_up": names of those that were removed.

    Raises
    ------
    EditError
        With "refuse", naming the neurons; where an output that multiplies has lost a factor.
    """
    removed: list = []
    while going := {*neighbours.closed(), *(neighbours.stranded() if strategy == "remove" else ())}:
        keys = np.array(sorted(going), np.int64)
        neighbours.extend(around(graph, keys))
        removed += graph.names_of(keys)
        graph.remove_neurons(graph.names_of(keys))
    found = neighbours.stranded()
    if found and strategy == "refuse":
        raise EditError(
            f"this would leave {listed(graph.names_of(np.array(found)))} without inputs or outputs; "
            "stranded='remove' removes them too, stranded='leave' lets them be"
        )
    return {"stranded": graph.names_of(np.array(found, np.int64)), "cleaned_up": removed}
