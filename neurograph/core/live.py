"""Live views of attributes, as networkx and the graph hand them out, are data no longer once they are stored.

A view shows what its neuron or synapse has today. Stored as an attribute of another it would change with it, and could
not be saved; what is stored is what it shows at that moment.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from neurograph.core.spilled import own_copy
from neurograph.storage.edge_data import DictView

_PLAIN = (str, int, float, bool, type(None))


def without_views(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with every live view among them, however deep, replaced by the dictionary that it is now."""
    return {name: x if type(x) in _PLAIN else _stored(x, ()) for name, x in attributes.items()}


def _stored(value: Any, around: tuple[int, ...]) -> Any:
    """A value without views; the very same object where it held none. What goes in a circle is left as it is."""
    if type(value) in _PLAIN or id(value) in around:
        return value
    around = (*around, id(value))
    if isinstance(value, DictView) or _is_networkx_view(value):
        return {key: _stored(item, around) for key, item in value.items()}
    if isinstance(value, np.ndarray):  # a kernel of the graph's own is read-only
        return value if value.flags.writeable or value.base is None else own_copy(value)
    if type(value) is dict:
        inside = {key: _stored(item, around) for key, item in value.items()}
        return inside if any(inside[key] is not item for key, item in value.items()) else value
    if type(value) in (list, tuple):
        held = [_stored(item, around) for item in value]
        same = all(new is old for new, old in zip(held, value, strict=True))
        return value if same else type(value)(held)
    return value


def _is_networkx_view(value: Any) -> bool:
    """Whether a value is a view of networkx's, or of a class that the graph has made of one."""
    return isinstance(value, Mapping) and any(c.__module__.startswith("networkx.classes.") for c in type(value).__mro__)


class GraphAttributes(dict):
    """The attributes of a graph, such as its name: a dictionary that stores no live view, by whatever door."""

    def __init__(self, attributes: Any = (), /, **more: Any) -> None:
        super().__init__(without_views(dict(attributes, **more)))

    def __setitem__(self, name: Any, value: Any) -> None:
        super().__setitem__(name, _stored(value, ()))

    def __ior__(self, other: Any) -> Self:
        self.update(other)
        return self

    def setdefault(self, name: Any, default: Any = None, /) -> Any:
        """The value of a name; where it has none, the default, which is stored."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, attributes: Any = (), /, **more: Any) -> None:
        """Store attributes, as `dict.update` takes them."""
        super().update(without_views(dict(attributes, **more)))
