"""Attributes of the user's own were set by an edit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neurograph.core.effects.base import Effect
from neurograph.core.effects.checks import neurons_are_there, synapses_are_there

if TYPE_CHECKING:
    from neurograph.core.effects.past import Past
    from neurograph.core.state import GraphState


@dataclass(frozen=True, eq=False, slots=True)
class AttributesSet(Effect):
    """Attributes of one neuron or synapse; toggling it sets back those that are untouched since.

    Parameters
    ----------
    what, number
        "neuron" and its key, or "synapse" and its id.
    before, after
        Name -> value, of those that there were and of those that were set.
    """

    tag: ClassVar[str] = "attributes"
    fields: ClassVar[tuple[str, ...]] = ("what", "number", "before", "after")
    what: str
    number: int
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def structural(self) -> bool:
        return False

    def toggle(self, graph: "GraphState") -> Effect:
        own = self._own(graph)
        names = [name for name in {**self.before, **self.after} if _same(own, self.after, name)]
        inverse = AttributesSet(self.what, self.number, _some(own, names), _some(self.before, names))
        graph.effects.append(inverse)
        self._put(graph, names)
        return inverse

    def roll_back(self, graph: "GraphState") -> None:
        self._put(graph, list({**self.before, **self.after}))

    def write(self, graph: "GraphState") -> None:
        """Set the attributes that it is about, recording it first."""
        graph.effects.append(self)
        extra, at = self._place(graph)
        extra[at] = extra.get(at, {}) | self.after

    def today(self, graph: "GraphState") -> Effect:
        own, names = self._own(graph), [*{**self.before, **self.after}]
        return AttributesSet(self.what, self.number, self.before, _some(own, names))

    def check(self, graph: "GraphState") -> None:
        (neurons_are_there if self.what == "neuron" else synapses_are_there)(graph, np.array([self.number]))

    def forward(self, past: "Past") -> list[Effect]:
        return [AttributesSet(self.what, self.number, self.after, self.before)]

    def _place(self, graph: "GraphState") -> tuple[dict[int, dict], int]:
        if self.what == "neuron":
            return graph.neurons.extra, self.number
        return graph.table.extra, int(graph.table.rows_of(np.array([self.number]))[0])

    def _own(self, graph: "GraphState") -> dict[str, Any]:
        extra, at = self._place(graph)
        return extra.get(at, {})

    def _put(self, graph: "GraphState", names: list[str]) -> None:
        """Let some attributes be as they were before."""
        extra, at = self._place(graph)
        own = {name: value for name, value in extra.get(at, {}).items() if name not in names}
        own |= _some(self.before, names)
        if own:
            extra[at] = own
        else:
            extra.pop(at, None)


def _some(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _same(own: dict[str, Any], after: dict[str, Any], name: str) -> bool:
    """Whether an attribute is what was set, or is gone where it was taken away."""
    if name not in own or name not in after:
        return (name in own) == (name in after)
    return _equal(own[name], after[name])


def _equal(one: Any, other: Any) -> bool:
    """Whether two attributes are the same, arrays inside them included, which do not compare by themselves."""
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other)) or _equal_but_for_nan(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other) or bool(one != one and other != other)  # NaN is NaN, as it was set and was read again


def _equal_but_for_nan(one: Any, other: Any) -> bool:
    reals = all(isinstance(each, np.ndarray) and each.dtype.kind in "fc" for each in (one, other))
    return reals and bool(np.array_equal(one, other, equal_nan=True))
