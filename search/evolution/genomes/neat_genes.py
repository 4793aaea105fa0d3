"""A genome of neat-python: its activations in this library's terms, and what each node reads, as it is run there."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

FAR = 60.0  # where neat-python cuts off what goes into its exponentials
Link = tuple[Hashable, float]


@dataclass(frozen=True)
class Activation:
    """An activation of NEAT's as neurons one behind the other.

    Parameters
    ----------
    name
        Of the first neuron's activation.
    scale
        What is activated is multiplied by this.
    after
        (weight, bias, activation) of the neurons behind it.
    slope
        Of a PReLU.
    """

    name: str
    scale: float = 1.0
    after: tuple[tuple[float, float, str], ...] = ()
    slope: float | None = None


ACTIVATIONS = {
    "sigmoid": Activation("sigmoid", 5.0),
    "tanh": Activation("tanh", 2.5),
    "sin": Activation("hard_tanh", 5.0 / FAR, ((FAR, 0.0, "sin"),)),
    "gauss": Activation("gauss", sqrt(5.0)),
    "relu": Activation("relu"),
    "elu": Activation("elu"),
    "lelu": Activation("prelu", slope=0.005),
    "selu": Activation("selu"),
    "softplus": Activation("hard_tanh", 5.0 / FAR, ((FAR, 0.0, "softplus"), (0.2, 0.0, "identity"))),
    "identity": Activation("identity"),
    "clamped": Activation("hard_tanh"),
    "inv": Activation("inverse"),
    "log": Activation("log"),
    "exp": Activation("hard_tanh", 1.0 / FAR, ((FAR, 0.0, "exp"),)),
    "abs": Activation("abs"),
    "hat": Activation("abs", after=((-1.0, 1.0, "relu"),)),
    "square": Activation("square"),
    "cube": Activation("identity"),  # and a product of three
}
AGGREGATIONS = ("sum", "product", "max", "min", "mean", "maxabs", "median")


def _required(inputs: Iterable[Hashable], outputs: Iterable[Hashable], pairs: Iterable[tuple]) -> set[Hashable]:
    """The nodes that outputs need, these among them."""
    given, sources, found, front = set(inputs), {}, set(outputs), set(outputs)
    for source, target in pairs:
        sources.setdefault(target, set()).add(source)
    while front:
        front = set().union(*(sources.get(node, set()) for node in front)) - found - given
        found |= front
    return found


def links_forward(
    inputs: Sequence[Hashable], outputs: Sequence[Hashable], connections: Sequence[Any]
) -> dict[Hashable, list[Link]]:
    """What each node reads in a feed-forward network, nodes in an order in which they can be computed."""
    enabled = [one for one in connections if one.enabled]
    required = _required(inputs, outputs, [one.key for one in enabled])
    reads: dict[Hashable, list[Link]] = {node: [] for node in required}
    for one in enabled:
        source, target = one.key
        if target in required and (source in required or source in set(inputs)):
            reads[target].append((source, float(one.weight)))
    found: dict[Hashable, list[Link]] = {}
    ready = set(inputs)
    while fresh := [node for node in reads if node not in found and all(source in ready for source, _ in reads[node])]:
        for node in sorted(fresh, key=str):
            found[node] = reads[node]
        ready |= set(fresh)
    return found


def links_of_steps(
    inputs: Sequence[Hashable], outputs: Sequence[Hashable], connections: Sequence[Any]
) -> dict[Hashable, list[Link]]:
    """What each node reads in a recurrent network; those that read nothing are never computed there, and stay 0."""
    required = _required(inputs, outputs, [one.key for one in connections])
    found: dict[Hashable, list[Link]] = {}
    for one in connections:
        source, target = one.key
        if one.enabled and (target in required or source in required):
            found.setdefault(target, []).append((source, float(one.weight)))
    return found
