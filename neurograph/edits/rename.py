"""Rename: other names for neurons, nothing else."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurograph.edits.base import Outcome
from neurograph.errors import OptionError
from neurograph.options import as_plain

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class Rename:
    """Give neurons other names; everything else, places among inputs and outputs too, stays.

    A compiled network goes on running: it knows neurons by their keys. `networkx.relabel_nodes(graph, names,
    copy=False)` removes neurons and adds new ones behind all others, so columns of inputs and outputs move.

    Parameters
    ----------
    names
        Old name -> new name; all at once, so that names can be exchanged.

    Raises
    ------
    OptionError
        No mapping, or an empty one.
    MissingError, NeuronError
        From `apply`: a neuron that is not there; a name that is taken, given twice, or cannot be one.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([2, 1])
    >>> result = g.apply(Rename({0: "age", 1: "height"}))
    >>> g.population("input")
    ['age', 'height']
    >>> _ = g.undo()
    >>> g.population("input")
    [0, 1]
    """

    names: Mapping[Hashable, Hashable]

    def __post_init__(self) -> None:
        if not isinstance(self.names, Mapping) or not self.names:
            raise OptionError(f"names must be a dictionary {{old name: new name}}, not {self.names!r}")
        object.__setattr__(self, "names", dict(self.names))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Rename the neurons."""
        graph.rename(self.names)
        return Outcome(as_plain(self), details={"renamed": len(self.names)})
