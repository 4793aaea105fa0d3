"""Which groups of neurons may be made together, as a region: no way out of one leads back into it."""

from dataclasses import dataclass

import numpy as np

from neurograph.core.arrays import GraphArrays

from .blocks import Signature, Sorting


@dataclass(frozen=True, eq=False)
class Whole:
    """Groups of neurons that could be one region.

    Parameters
    ----------
    groups
        (n,) of a `Sorting`, rising.
    neurons
        (neurons,) int64 positions, rising, and so in topological order.
    synapses
        (synapses,) int64 rows of the graph's synapse columns that lead into it, sorted by (target, source).
    """

    groups: np.ndarray
    neurons: np.ndarray
    synapses: np.ndarray

    def signatures(self, sorting: Sorting) -> tuple[Signature, ...]:
        """What its neurons do."""
        return tuple(sorting.kinds[group][1] for group in self.groups.tolist())

    def populations(self, sorting: Sorting) -> tuple[str, ...]:
        """The populations it holds neurons of."""
        return tuple(dict.fromkeys(sorting.kinds[group][0] for group in self.groups.tolist()))


def tangles(arrays: GraphArrays, sorting: Sorting, legal: np.ndarray) -> list[Whole]:
    """The groups that depend on one another, or on themselves: block by block they would be split by level.

    Parameters
    ----------
    arrays, sorting
        The graph.
    legal
        (groups,) bool: which may be in a region; groups that depend on one another only together.
    """
    legal = legal & ~np.isin(sorting.component, sorting.component[~legal])
    numbers = np.where(sorting.cyclic & legal, sorting.component, -1)
    return _wholes(arrays, sorting, numbers)


def largest(arrays: GraphArrays, sorting: Sorting, legal: np.ndarray) -> list[Whole]:
    """As few regions as hold all groups that may be in one.

    A region holds what has the same number of stops on the way: groups that may be in none, passed one after the other
    on any path that leads there. So no path leaves a region and comes back.

    Parameters
    ----------
    arrays, sorting
        The graph.
    legal
        (groups,) bool: which may be in a region; groups that depend on one another only together.
    """
    legal = legal & ~np.isin(sorting.component, sorting.component[~legal])
    inputs = np.array([signature.role == "input" for _, signature in sorting.kinds], bool)
    stops = np.zeros(len(legal), np.int64)
    source, target = sorting.pairs[:, 0], sorting.pairs[:, 1]
    by_component = np.argsort(sorting.component[target], kind="stable")
    height = np.zeros(int(sorting.component.max(initial=-1)) + 1, np.int64)
    for pair in by_component.tolist():
        u, v = sorting.component[source[pair]], sorting.component[target[pair]]
        stop = u != v and not legal[source[pair]] and not inputs[source[pair]]
        height[v] = max(height[v], height[u] + stop)
    stops = height[sorting.component]
    return _wholes(arrays, sorting, np.where(legal & ~inputs, stops, -1))


def _wholes(arrays: GraphArrays, sorting: Sorting, number: np.ndarray) -> list[Whole]:
    """The groups of each number, -1 left out, with their neurons and synapses."""
    found = []
    for one in sorted(set(number.tolist()) - {-1}):
        groups = np.flatnonzero(number == one)
        member = (number == one)[sorting.group]
        found.append(Whole(groups, np.flatnonzero(member), np.flatnonzero(member[arrays.target])))
    return found
