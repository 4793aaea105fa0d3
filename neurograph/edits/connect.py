"""Connect: a synapse from every source to every target, or from each to its own."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.edits.options import one_of, population_or_neurons, told
from neurograph.errors import OptionError
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.schema.synapse import FORM_FIELDS

if TYPE_CHECKING:
    from neurograph.graph import NeuronGraph


@dataclass(frozen=True, eq=False)
class Connect:
    """Add synapses between neurons that are there.

    Parameters
    ----------
    sources, targets
        Populations by name, or neurons.
    weight
        (sources, targets) numbers or (sources, targets, height, width) kernels; a number for all; the name of an
        initializer (`neurograph.initializers`), or a callable of (shape, activation of the targets) that returns such
        an array; None. With `pairwise`, (sources,) numbers or (sources, height, width) kernels, a number, or None.
    form
        `SynapseForm`'s fields, shared by all: op, stride, padding, trainable, ...
    pairwise
        False: every source to every target. True: sources[k] to targets[k].
    seed
        Of an initializer given by name.

    Raises
    ------
    OptionError
        An option that makes no sense.
    MissingError, CycleError, SynapseError
        From `apply`: a neuron or population that is not there, a cycle, a duplicate, a weight that does not fit.

    See Also
    --------
    neurograph.NeuronGraph.connect : the same without a journal entry of its own.

    Examples
    --------
    >>> from neurograph import NeuronGraph
    >>> g = NeuronGraph()
    >>> x, y = g.add_population("x", 2, role="input"), g.add_population("y", 3, is_output=True)
    >>> g.apply(Connect("x", "y", weight="he_uniform", seed=1)).entry.synapses_born.size
    6
    >>> g.undo(), g.number_of_edges()
    (..., 0)
    """

    sources: str | Sequence[Hashable]
    targets: str | Sequence[Hashable]
    weight: Any = None
    form: Mapping[str, Any] = field(default_factory=dict)
    pairwise: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("sources", "targets"):
            object.__setattr__(self, name, population_or_neurons(name, getattr(self, name)))
        if isinstance(self.weight, str):
            one_of("weight", self.weight, INITIALIZERS)
        if self.pairwise and (isinstance(self.weight, str) or callable(self.weight)):
            raise OptionError("an initializer needs whole matrices; with pairwise=True give the weights as an array")
        for name in self.form:
            one_of("form", name, FORM_FIELDS)

    def apply(self, graph: "NeuronGraph") -> Outcome:
        """Add the synapses."""
        if self.pairwise:
            self._connect_pairs(graph)
        else:
            graph.connect(self.sources, self.targets, self._weight(graph), **self.form)
        return Outcome(told(self))

    def _weight(self, graph: "NeuronGraph") -> np.ndarray | Callable | None:
        if isinstance(self.weight, str):
            return from_name(self.weight, self.seed)
        if isinstance(self.weight, Real):
            return np.full((len(self._names(graph, "sources")), len(self._names(graph, "targets"))), float(self.weight))
        return self.weight

    def _connect_pairs(self, graph: "NeuronGraph") -> None:
        sources, targets = self._names(graph, "sources"), self._names(graph, "targets")
        if len(sources) != len(targets):
            raise OptionError(
                f"pairwise=True needs as many sources as targets, and there are {len(sources)} and {len(targets)}"
            )
        weight = np.full(len(sources), float(self.weight)) if isinstance(self.weight, Real) else self.weight
        graph.add_edges_from_arrays(sources, targets, weight, **self.form)

    def _names(self, graph: "NeuronGraph", side: str) -> list[Hashable]:
        return graph.names_of(graph._resolve(getattr(self, side)))
