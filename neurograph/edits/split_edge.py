"""SplitEdge: a neuron in the middle of a synapse."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.edits.base import Outcome, pairs
from neurograph.edits.support.windows import delta, same_padding, window
from neurograph.errors import EditError, MissingError, OptionError
from neurograph.options import as_plain
from neurograph.schema.activations import activation as known
from neurograph.schema.neuron import value
from neurograph.schema.synapse import DELAY, WEIGHT

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


@dataclass(frozen=True)
class SplitEdge:
    """Replace the synapse u -> v of weight w by u -> new -> v, weights 1 and w ("Self-expanding neural networks").

    The default neuron is a PReLU whose slope is one: the identity, for signed values too, until training bends it. Two
    other forms: `signed_pair`, two ReLUs with u -> new weights 1 and -1 and new -> v weights w and -w, since
    relu(x) - relu(-x) = x; and, with any other `activation`, the authors' own, one neuron that keeps the function only
    where its activation is the identity (ReLU: where u's value is not negative).

    The synapses into v are heirs of the old one, whose form and own attributes they keep. Where u is a channel, so is
    the new neuron: it reads u through a delta, a kernel with a one in its middle and zeros around it, padded so that
    the map keeps its size; the old kernel (or the weights by which a scalar reads the whole map) follows as it was,
    stride, padding and dilation included. Of a synapse with a delay, u -> new keeps it.

    Parameters
    ----------
    source, target
        Ends of a synapse with a weight.
    activation
        Of the new neuron. Unless given, "prelu", or "relu" for a signed pair, which takes no other.
    slope
        Of a PReLU, 1 unless given.
    signed_pair
        Two ReLU neurons instead of one.
    population
        What new neurons join. Unless given, "a-b" where a and b are the populations of source and target, so that all
        splits between two layers make one layer.
    names
        Of the new neurons, one or (signed pair) two; free whole numbers unless given.
    kernel
        Size of the delta where u is a channel: an odd number, or a pair of them. Unless given, that of the old kernel
        (one less where that is even), and 3 before a scalar; never so large that a side reaches beyond the map from
        everywhere in it.

    Raises
    ------
    OptionError, NeuronError
        Options that contradict each other; an unknown activation; a kernel of even size.
    MissingError, EditError
        From `apply`: no such neuron or synapse; one without a weight to hand on; a signed pair in front of a neuron
        that does not sum its inputs; kernel= where u is a scalar.

    Examples
    --------
    >>> from neurograph.builders import mlp
    >>> g = mlp([1, 1])
    >>> g[0][1]["weight"] = 0.5
    >>> (n,) = g.apply(SplitEdge(0, 1)).born
    >>> list(g.edges(data="weight")), g.nodes[n]["slope"], g.nodes[n]["population"]
    ([(0, 2, 1.0), (2, 1, 0.5)], 1.0, 'input-output')
    """

    source: Hashable
    target: Hashable
    activation: str | None = None
    slope: float | None = None
    signed_pair: bool = False
    population: str | None = None
    names: Sequence[Hashable] | None = None
    kernel: int | tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.kernel is not None:
            same_padding(window("kernel", self.kernel))
        if self.activation is not None:
            known(self.activation)
        if self.signed_pair and self.activation not in (None, "relu"):
            raise OptionError(f"a signed pair is made of relu neurons, not {self.activation!r}")
        if self.slope is not None:
            value("slope", self.slope)
            if known(self._activation).slope is None:
                raise OptionError(f"an activation {self._activation!r} has no slope; leave slope= out")
        if self.names is not None:
            names = () if isinstance(self.names, str) else tuple(self.names)
            if len(names) != len(self._signs):
                raise OptionError(f"names must be a list of {len(self._signs)} new name(s), not {self.names!r}")
            object.__setattr__(self, "names", names)

    @property
    def _activation(self) -> str:
        return self.activation if self.activation is not None else ("relu" if self.signed_pair else "prelu")

    @property
    def _signs(self) -> tuple[float, ...]:
        return (1.0, -1.0) if self.signed_pair else (1.0,)

    @property
    def _slope(self) -> dict[str, float]:
        if known(self._activation).slope is None:
            return {}
        return {"slope": 1.0 if self.slope is None else float(self.slope)}

    @property
    def preserves_function(self) -> bool:
        """Whether the network computes the same afterwards, whatever its values."""
        return self.signed_pair or self._activation == "identity" or self._slope == {"slope": 1.0}

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Split the synapse."""
        u, v, synapse, old = self._synapse(graph)
        source, target = graph.neurons.of(u), graph.neurons.of(v)
        if self.signed_pair and target.aggregation != "sum":
            raise EditError(f"{self.target!r} takes the {target.aggregation} of its inputs, and a pair needs a sum")
        graph.remove_edge(self.source, self.target)
        attributes = {
            "population": f"{source.population}-{target.population}" if self.population is None else self.population,
            "activation": self._activation,
            "shape": source.shape,
            **self._slope,
        }
        one, form = self._handing_on(source.shape, target.shape, np.shape(synapse[WEIGHT]))
        if synapse.pop(DELAY, 0):  # the new neuron reads what is remembered already, so nothing is forgotten
            form[DELAY] = 1
        ids = []
        for sign, name in zip(self._signs, self.names or [None] * len(self._signs), strict=True):
            new = graph.add_neuron(name, **attributes)
            graph.add_edge(self.source, new, weight=sign * one, **form)
            graph.add_edge(new, self.target, **synapse | {WEIGHT: sign * synapse[WEIGHT]})
            ids.append(graph.table.id[graph.table.find(graph.table.index[new], v)])
        heirs = pairs(ids, [old] * len(ids))
        return Outcome(as_plain(self), synapse_heirs=heirs, details={"function_preserving": self.preserves_function})

    def _handing_on(
        self, source: tuple[int, ...], target: tuple[int, ...], old: tuple[int, ...]
    ) -> tuple[float | np.ndarray, dict[str, Any]]:
        """The weight by which the new neuron takes u's value as it is, and the form of that synapse."""
        if len(source) != 2:
            if self.kernel is not None:
                raise EditError(f"{self.source!r} is a scalar, which no kernel reads; leave kernel= out")
            return 1.0, {}
        if self.kernel is not None:
            size = window("kernel", self.kernel)
        else:
            height, width = (min(a, 2 * b - 1) for a, b in zip(old if target else (3, 3), source, strict=True))
            size = (height - 1 + height % 2, width - 1 + width % 2)
        return delta(size), {"padding": same_padding(size)} if size != (1, 1) else {}

    def _synapse(self, graph: "EditableGraph") -> tuple[int, int, dict[str, Any], int]:
        """Keys of the ends, all that the synapse carries, and its id."""
        u, v = graph.keys_of([self.source, self.target]).tolist()
        row = graph.table.find(u, v)
        if row < 0:
            raise MissingError(f"no synapse {self.source!r} -> {self.target!r} to split")
        synapse = dict(graph[self.source][self.target])
        if synapse.get(WEIGHT) is None:
            raise EditError(
                f"synapse {self.source!r} -> {self.target!r} (op {synapse.get('op', WEIGHT)!r}) has no weight to hand "
                "on; AddNeuron and RemoveSynapses change such wiring"
            )
        synapse[WEIGHT] = 1.0 * synapse[WEIGHT]  # a copy: a kernel is a view of the graph's
        return u, v, synapse, int(graph.table.id[row])
