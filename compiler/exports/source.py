"""A network as Python source that reads as if somebody had written it: layers by name, one line or two a population."""

import inspect
import operator
from dataclasses import dataclass
from functools import cache
from textwrap import wrap
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from ..drawing import layers
from ..drawing.drawing import Drawing, Made
from ..drawing.names import Names

WIDE = 110  # letters in a line, at most where it can be broken
_BETWEEN = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}
_INFIX = (*_BETWEEN, operator.neg)


@dataclass(frozen=True)
class Source:
    """What is written into a module's class.

    Parameters
    ----------
    layers
        The lines of `__init__`, one a layer.
    arguments
        The tensors that go in.
    forward
        The lines of `forward`.
    helpers
        The sources of the layers that torch does not have.
    """

    layers: list[str]
    arguments: list[str]
    forward: list[str]
    helpers: list[str]


def source_of(drawing: Drawing) -> Source:
    """Write a drawing down."""
    used = {made.kind for made in drawing.made.values()}
    own = [kind for kind in used if kind.__module__ == layers.__name__]
    own.sort(key=lambda kind: list(vars(layers)).index(kind.__name__))
    made = [f"self.{name} = {_layer(layer)}" for name, layer in drawing.made.items()]
    writer = Writer(drawing.graph)
    return Source(made, writer.arguments, writer.lines, [inspect.getsource(kind) for kind in own])


def _layer(made: Made) -> str:
    """A layer's constructor, without what is as usual."""
    usual: dict[str, Any] = {}
    for kind in reversed(made.kind.__mro__):
        usual |= _defaults(kind)
    if made.kind in (nn.MaxPool2d, nn.AvgPool2d):  # whose stride is the kernel unless given
        usual["stride"] = made.sizes[0]
    argument_texts = [_size(size) for size in made.sizes]
    argument_texts += [
        f"{name}={_size(v)}" for name, v in made.options.items() if _single(v) != _single(usual.get(name))
    ]
    prefix = "nn." if made.kind.__module__.startswith("torch.") else ""
    return f"{prefix}{made.kind.__name__}({', '.join(argument_texts)})"


def _single(value: Any) -> Any:
    """A pair of equals as one of them."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _size(value: Any) -> str:
    return repr(_single(value)).replace("'", '"')


class Writer:
    """Writes a forward pass: each population is a variable, and what is read once stands where it is read.

    Parameters
    ----------
    graph
        The forward pass.
    """

    def __init__(self, graph: fx.Graph) -> None:
        self.names, self.lines, self.arguments = Names(), [], []
        self.known: dict[fx.Node, str] = {}
        for node in graph.nodes:
            if node.op == "placeholder":
                self.known[node] = self.names.new(str(node.target))
                self.arguments.append(self.known[node])
            elif node.op == "output":
                found = node.args[0]
                results = found if isinstance(found, tuple) else (found,)
                self._write("return", ", ".join(self.text(one) for one in results))
            elif "population" in node.meta:
                self._assign(node, self.names.new(node.meta["population"]))
            elif _readers(node) > 1:
                self._assign(node, self.names.new(f"{node.target}_sum" if node.op == "call_module" else "part"))

    def _assign(self, node: fx.Node, name: str) -> None:
        """One line; or several where it would be long: what is computed first comes first."""
        text = self.text(node)
        first = next((a for a in node.all_input_nodes if a not in self.known), None)
        if len(f"{name} = {text}") + 8 > WIDE and first is not None and node.target is not torch.cat:
            self._assign(first, name)
            text = self.text(node)
        if text != name:
            self._write(f"{name} =", text)
        self.known[node] = name

    def _write(self, start: str, text: str) -> None:
        """One line; where it would be long, several, broken inside brackets."""
        room = WIDE - 8
        if len(start) + 1 + len(text) <= room:
            self.lines.append(f"{start} {text}")
        elif text.startswith("torch.cat("):
            self.lines += _wrapped(f"{start} {text}", room, "    ")
        else:
            self.lines += [f"{start} (", *(f"    {line}" for line in _wrapped(text, room - 4)), ")"]

    def text(self, value: Any) -> str:
        """An expression."""
        if not isinstance(value, fx.Node):
            return self._plain(value)
        if value in self.known:
            return self.known[value]
        if value.op == "call_module":
            return f"self.{value.target}({self._arguments(value)})"
        if value.op == "call_method":
            return f"{self._operand(value.args[0])}.{value.target}({self._arguments(value, 1)})"
        return self._function(value)

    def _plain(self, value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(self.text, value))}]"
        if isinstance(value, slice):
            return ":".join("" if end is None else str(end) for end in (value.start, value.stop))
        return repr(value).replace("'", '"')

    def _arguments(self, node: fx.Node, first: int = 0) -> str:
        argument_texts = [self.text(value) for value in node.args[first:]]
        usual = _defaults(node.target) if node.op == "call_function" else {}
        named = {name: value for name, value in node.kwargs.items() if name not in usual or usual[name] != value}
        return ", ".join([*argument_texts, *(f"{name}={self.text(value)}" for name, value in named.items())])

    def _function(self, node: fx.Node) -> str:
        target: Any = node.target
        if target is operator.getitem:
            index = node.args[1]
            assert isinstance(index, tuple)
            return f"{self._operand(node.args[0])}[{', '.join(map(self._plain, index))}]"
        if target is operator.neg:
            return f"-{self._operand(node.args[0])}"
        if target in _BETWEEN:
            left, right = (self._operand(value, target is operator.add) for value in node.args)
            return f"{left} {_BETWEEN[target]} {right}"
        return f"{_names()[target]}({self._arguments(node)})"

    def _operand(self, value: Any, sum_: bool = False) -> str:
        """An expression that something is done to: in brackets where that would read otherwise."""
        text = self.text(value)
        bare = not isinstance(value, fx.Node) or value in self.known or value.target not in _INFIX
        return text if bare or (sum_ and value.target is operator.add) else f"({text})"


def _wrapped(text: str, room: int, indent: str = "") -> list[str]:
    return wrap(text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _readers(node: fx.Node) -> int:
    """How often a value is read."""
    found: list[fx.Node] = []
    for user in node.users:
        fx.map_arg((user.args, user.kwargs), lambda read: found.append(read))
    return found.count(node)


@cache
def _names() -> dict[Any, str]:
    """What torch's functions are called in somebody's source, under all their aliases."""
    return {f: f"{short}.{n}" for short, where in (("F", F), ("torch", torch)) for n, f in _functions(where)}


def _functions(where: Any) -> list[tuple[str, Any]]:
    return [(n, f) for n, f in vars(where).items() if not n.startswith("_") and inspect.isroutine(f)]


def _defaults(function: Any) -> dict[str, Any]:
    """The defaults of a function's parameters, as far as Python can tell."""
    try:
        return {name: p.default for name, p in inspect.signature(function).parameters.items()}
    except (TypeError, ValueError):  # a builtin
        return {}
