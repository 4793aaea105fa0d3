"""Many edges at once: what networkx's `add_edges_from` is given, in stretches that go straight into the columns."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from types import GeneratorType
from typing import Any

import numpy as np

from neurograph.storage.values import WEIGHT

_TRUSTED = ("networkx", "neurograph", "collections")  # whose generators compute nothing on the way
_ITERATORS = frozenset(type(iter(x)).__name__ for x in ([], (), set(), {}, {}.values(), {}.items()))
LONGEST, SHORTEST = 1 << 18, 16  # edges; fewer are faster one by one


def stretches(edges: Iterable, graph: Any) -> Iterator[list]:
    """The edges in lists, where they can be read ahead of being added; else one by one.

    A generator of the user's may look at the graph between two edges ("add this unless it would close a cycle"), so
    it is not read ahead. One of networkx's own functions is, unless that function has the graph in its hands.
    """
    most = LONGEST if _independent(edges, graph) else 1
    edges = iter(edges)
    while stretch := list(islice(edges, most)):
        yield stretch


def weighted(edges: Iterable, name: str) -> Iterator[tuple]:
    """Triples (u, v, number) as edges that carry it as an attribute of that name."""
    return ((u, v, {name: number}) for u, v, number in edges)


def _independent(edges: Any, graph: Any) -> bool:
    """Whether the edges are the same whether or not the first of them have been added."""
    if isinstance(edges, GeneratorType):
        frame = edges.gi_frame
        if frame is None or frame.f_globals.get("__name__", "").split(".")[0] not in _TRUSTED:
            return False
        held = frame.f_locals.values()
        return all(one is not graph and _independent(one, graph) for one in held if one is graph or _lazy(one))
    return not _lazy(edges) or isinstance(edges, zip)


def _lazy(held: Any) -> bool:
    """Whether it may compute its items on the way; iterators over builtin containers do not."""
    return isinstance(held, Iterator) and type(held).__name__ not in _ITERATORS


def plain_columns(stretch: list) -> tuple[list, list, np.ndarray | None] | None:
    """Sources, targets and weights of edges that carry a number as their weight each, or nothing each; else None."""
    if len(stretch) < SHORTEST:
        return None
    lengths = set(map(len, stretch))
    if lengths == {2}:
        return *_ends(stretch), None
    if lengths != {3}:
        return None
    data = [edge[2] for edge in stretch]
    if set(map(type, data)) != {dict}:
        return None
    sizes = set(map(len, data))
    if sizes == {0}:
        return *_ends(stretch), None
    if sizes != {1} or any(WEIGHT not in d for d in data):
        return None
    numbers = [d[WEIGHT] for d in data]
    if set(map(type, numbers)) != {float}:
        return None
    return *_ends(stretch), np.array(numbers)


def _ends(stretch: list) -> tuple[list, list]:
    return [edge[0] for edge in stretch], [edge[1] for edge in stretch]


def in_order(sources: list, targets: list) -> Iterable:
    """The nodes of some edges, each once, as they would be added one by one; TypeError where one has no hash."""
    return dict.fromkeys(chain.from_iterable(zip(sources, targets, strict=True)))
