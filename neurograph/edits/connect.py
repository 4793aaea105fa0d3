"""Connect: a synapse from every source to every target, or from each to its own."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from neurograph.edits.base import Outcome
from neurograph.edits.support.windows import same_padding, window
from neurograph.errors import EditError, OptionError, listed
from neurograph.initializers import INITIALIZERS, from_name
from neurograph.options import as_plain, one_of, population_or_neurons
from neurograph.schema.synapse import FORM_FIELDS, form_value, weight_array

if TYPE_CHECKING:
    from neurograph.core.graph import EditableGraph


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
        `SynapseForm`'s fields, shared by all: op, stride, padding, trainable, ... Padding may also be "same" (at stride
        1 a map keeps its size) or "valid" (none).
    kernel
        Size of the kernels that an initializer or a number fills, one number or a pair; scalars that read maps read
        them whole, and need none.
    pairwise
        False: every source to every target. True: sources[k] to targets[k].
    seed
        Of an initializer given by name.

    Raises
    ------
    OptionError
        An option that makes no sense; "same" padding for a kernel of even size, or for a stride.
    MissingError, CycleError, SynapseError, EditError
        From `apply`: a neuron or population that is not there, a cycle, a duplicate, a weight that does not fit (the
        message gives both shapes, and the padding or stride that would); a kernel size that is missing or of no use.

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

    Feature maps:

    >>> image, maps = g.add_population("image", 3, role="input", shape=(8, 8)), g.add_population("m", 4, shape=(8, 8))
    >>> edit = Connect("image", "m", weight="he_normal", kernel=3, form={"padding": "same"})
    >>> g.read_weights(g.apply(edit).entry.synapses_born).shape
    (12, 3, 3)
    """

    sources: str | Sequence[Hashable]
    targets: str | Sequence[Hashable]
    weight: Any = None
    form: Mapping[str, Any] = field(default_factory=dict)
    pairwise: bool = False
    seed: int = 0
    kernel: int | tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("sources", "targets"):
            object.__setattr__(self, name, population_or_neurons(name, getattr(self, name)))
        if isinstance(self.weight, str):
            one_of("weight", self.weight, INITIALIZERS)
        if self.pairwise and (isinstance(self.weight, str) or callable(self.weight)):
            raise OptionError("an initializer needs whole matrices; with pairwise=True give the weights as an array")
        for name in self.form:
            one_of("form", name, FORM_FIELDS)
        if self.kernel is not None:
            window("kernel", self.kernel)
        if isinstance(self.form.get("padding"), str):
            one_of("padding", self.form["padding"], ("same", "valid"))

    def apply(self, graph: "EditableGraph") -> Outcome:
        """Add the synapses."""
        sources, targets = (graph.resolve(getattr(self, side)) for side in ("sources", "targets"))
        ends = graph.names_of(sources), graph.names_of(targets)
        if self.pairwise and len(sources) != len(targets):
            raise OptionError(
                f"pairwise=True needs as many sources as targets, and there are {len(sources)} and {len(targets)}"
            )
        shape = (len(sources),) if self.pairwise else (len(sources), len(targets))
        weight = self._weight(graph, sources, targets, shape)
        add = graph.add_edges_from_arrays if self.pairwise else graph.connect
        add(*ends, weight, **self._form(graph, targets, weight))
        return Outcome(as_plain(self))

    def _weight(
        self, graph: "EditableGraph", sources: np.ndarray, targets: np.ndarray, shape: tuple[int, ...]
    ) -> np.ndarray | None:
        given = from_name(self.weight, self.seed) if isinstance(self.weight, str) else self.weight
        if isinstance(given, Real):
            return np.full(shape + self._window(graph, sources, targets), float(given))
        if not callable(given):
            if self.kernel is not None:
                raise EditError("kernel= is the size of what an initializer or a number fills; leave it out")
            return None if given is None else weight_array(given)
        activation = graph.neurons.of(int(targets[0])).activation
        return weight_array(given(shape + self._window(graph, sources, targets), activation))

    def _window(self, graph: "EditableGraph", sources: np.ndarray, targets: np.ndarray) -> tuple[int, ...]:
        """The shape of each weight, from those of the neurons."""
        source, target = (self._shape(graph, keys) for keys in (sources, targets))
        if source and target:
            if self.kernel is None:
                raise EditError(f"between maps of {source} and {target} an initializer or a number needs kernel=")
            return window("kernel", self.kernel)
        if self.kernel is not None and self.kernel != source:
            read = f"whole maps of {source}" if source else "scalars"
            raise EditError(f"these synapses read {read}, so kernel={self.kernel!r} is of no use; leave it out")
        return source

    def _shape(self, graph: "EditableGraph", keys: np.ndarray) -> tuple[int, ...]:
        shapes = list(dict.fromkeys(graph.neurons.each("shape", keys).tolist()))
        if len(shapes) > 1:
            raise EditError(f"neurons of the shapes {listed(shapes)} cannot share a weight's shape; connect them apart")
        return shapes[0]

    def _form(self, graph: "EditableGraph", targets: np.ndarray, weight: np.ndarray | None) -> dict[str, Any]:
        padding = self.form.get("padding")
        if not isinstance(padding, str):
            return dict(self.form)
        size = self.form.get("kernel_size") if weight is None else weight.shape[-2:]
        kernels = weight is None or weight.ndim == (3 if self.pairwise else 4)
        if size is None or not kernels or not self._shape(graph, targets):
            raise OptionError(f"padding {padding!r} is for kernels and pools that make maps, and these synapses do not")
        return {**self.form, "padding": (0, 0) if padding == "valid" else self._same(window("kernel_size", size))}

    def _same(self, size: tuple[int, int]) -> tuple[int, int]:
        stride = form_value("stride", self.form.get("stride", 1))
        if stride != (1, 1):
            raise OptionError(
                f"padding 'same' keeps a map's size, which stride {stride} cannot; give padding as numbers"
            )
        return same_padding(size, self.form.get("dilation", 1))
