"""What the individuals of a population take and give: the same populations of as many neurons, each its own."""

from dataclasses import dataclass

import numpy as np

from neurograph.core.merging import MergedGraphs
from neurograph.errors import CompileError

from ..snapshot import Port

Ports = tuple[tuple[str, int, tuple[int, ...]], ...]  # population, neurons of one individual, shape of each


@dataclass(frozen=True, eq=False)
class Side:
    """The input neurons, or the output neurons, of all individuals.

    Parameters
    ----------
    places
        (individuals, neurons) int64 places among the merged neurons, in the order of the columns.
    ports
        The populations, and how many of these columns each has.
    """

    places: np.ndarray
    ports: Ports

    def tensors(self, positions: np.ndarray, many: int) -> tuple[Port, ...]:
        """One port per population, of the first so many individuals side by side; positions are by place."""
        found, start = [], 0
        for name, count, shape in self.ports:
            columns = self.places[:many, start : start + count]
            found.append(Port(name, positions[columns].ravel(), shape))
            start += count
        return tuple(found)


def find_side(merged: MergedGraphs, chosen: np.ndarray, verb: str) -> Side:
    """The neurons of one side, which has to be alike in all individuals.

    Parameters
    ----------
    merged
        The graphs.
    chosen
        (kinds,) bool: what is an input, or an output.
    verb
        "takes" or "gives", for errors.

    Raises
    ------
    CompileError
        Naming the first individual that differs from individual 0.
    """
    found = np.flatnonzero(chosen[merged.kind])
    found = found[np.lexsort((merged.rank[found], merged.graph[found]))]  # within a population they are by key
    many = int(merged.graph[-1]) + 1
    counts = np.bincount(merged.graph[found], minlength=many)
    starts = np.cumsum(counts) - counts
    name, shape = _coded([k.population for k in merged.kinds]), _coded([k.shape for k in merged.kinds])
    sort = (name * len(merged.kinds) + shape)[merged.kind[found]]
    alike = counts == counts[0]
    same = found[np.repeat(alike, counts)].reshape(-1, counts[0])
    sorts = sort[np.repeat(alike, counts)].reshape(-1, counts[0])
    alike[alike] = (sorts == sorts[0]).all(1)
    ports = [_ports(merged, found[starts[at] : starts[at] + counts[at]]) for at in (0, int(np.argmin(alike)))]
    if not alike.all():
        raise CompileError(
            f"individual {int(np.argmin(alike))} {verb} {_words(ports[1])}, and individual 0 {_words(ports[0])}: all "
            "individuals of a population need the same, in the same order"
        )
    return Side(same, ports[0])


def _coded(items: list) -> np.ndarray:
    """(n,) equal numbers for equal items."""
    numbers: dict = {}
    return np.array([numbers.setdefault(item, len(numbers)) for item in items], np.int64)


def _ports(merged: MergedGraphs, places: np.ndarray) -> Ports:
    """The populations of one individual's neurons on a side."""
    counts: dict[tuple[str, tuple[int, ...]], int] = {}
    for kind in merged.kind[places].tolist():
        key = merged.kinds[kind].population, merged.kinds[kind].shape
        counts[key] = counts.get(key, 0) + 1
    return tuple((name, count, shape) for (name, shape), count in counts.items())


def _words(ports: Ports) -> str:
    each = [f"{name!r} ({count} neuron{'s' * (count > 1)}{_maps(shape)})" for name, count, shape in ports]
    return ", ".join(each) or "nothing"


def _maps(shape: tuple[int, ...]) -> str:
    return f" of {shape[0]} x {shape[1]}" if shape else ""
