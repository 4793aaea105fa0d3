"""Memory: one step of a graph whose synapses may have a delay, as arrays that have none.

A synapse with `delay=1` reads its source's value of the step before. So it reads an input of the step: for every such
source there is one more input neuron that has what the source was, and the source's own value comes out besides the
outputs. What is planned, lowered and run is then an acyclic network like any other.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.schema.neuron import NeuronKind
from neurograph.storage.sets import each_once

POPULATION = "(state)"  # of the input neurons that have what others were
REMEMBERS = 1 << 31  # in the key of such an input neuron, beside that of the neuron that it remembers


@dataclass(frozen=True, eq=False)
class MemoryPort:
    """Neurons of one shape whose values are kept for the next step.

    Parameters
    ----------
    keys
        (n,) int64, rising.
    names
        The n networkx nodes, or what stands for them.
    shape
        Of each of them.
    """

    keys: np.ndarray
    names: Sequence[Hashable]
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a network remembers from one step to the next.

    Parameters
    ----------
    ports
        One for each shape of neuron.
    graphs
        Of a population, what its individuals are told apart by from one refresh to the next.
    """

    ports: tuple[MemoryPort, ...] = ()
    graphs: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ports)

    @cached_property
    def places(self) -> dict[Hashable, tuple[int, int]]:
        """Neuron -> its port, and its column there."""
        return {name: (at, c) for at, port in enumerate(self.ports) for c, name in enumerate(port.names)}


@dataclass(frozen=True, eq=False)
class Step:
    """One step as arrays.

    Parameters
    ----------
    arrays
        Without delays: every synapse leads from a lower position to a higher one. What is remembered is an output.
    memory
        What is remembered.
    position
        (N,) where each neuron of the graph's own arrays is in these.
    remembering, remembered
        Per port, (n,) positions of the inputs that have what neurons were, and of these neurons.
    """

    arrays: GraphArrays
    memory: Memory
    position: np.ndarray
    remembering: tuple[np.ndarray, ...] = ()
    remembered: tuple[np.ndarray, ...] = ()

    def places(self, chosen: np.ndarray) -> np.ndarray:
        """(M,) bool: which neurons of these arrays some of the graph's own are, (N,) bool."""
        found = np.zeros(len(self.arrays), bool)
        found[self.position[chosen]] = True
        return found


def one_step(arrays: GraphArrays) -> Step:
    """One step of a graph; the arrays as they are where nothing is remembered."""
    late, count = arrays.delayed, len(arrays)
    if not late.any():
        return Step(arrays, Memory(), np.arange(count))
    shapes = arrays.each_kind("shape")
    sources = each_once(arrays.source[late])
    sources = sources[np.argsort(arrays.keys[sources], kind="stable")]
    keys = np.concatenate([arrays.keys, arrays.keys[sources] | REMEMBERS])
    level = np.concatenate([arrays.level, np.zeros(len(sources), arrays.level.dtype)])
    order = np.lexsort((keys, level))
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    memory_of = np.zeros(count, np.int64)
    memory_of[sources] = count + np.arange(len(sources))
    source = position[np.where(late, memory_of[arrays.source], arrays.source)]
    target = position[arrays.target]
    by = np.lexsort((source, target))
    kinds = list(dict.fromkeys(shapes[sources].tolist()))
    many, like = len(arrays.kinds), arrays.source.dtype
    coming_out = arrays.kind.copy()
    coming_out[sources] += many + len(kinds)
    new = [many + kinds.index(shape) for shape in shapes[sources].tolist()]
    made = replace(
        arrays,
        keys=keys[order],
        names=Names(arrays.names, np.concatenate([np.arange(count), sources])[order], count),  # pyright: ignore[reportArgumentType]
        level=level[order],
        kind=np.concatenate([coming_out, np.array(new, arrays.kind.dtype)])[order],
        kinds=(
            *arrays.kinds,
            *(NeuronKind(role="input", shape=shape, population=population_of(shape)) for shape in kinds),
            *(replace(kind, is_output=True) for kind in arrays.kinds),
        ),
        values={
            name: np.concatenate([column, np.full(len(sources), np.nan)])[order]
            for name, column in arrays.values.items()
        },
        ids=arrays.ids[by],
        source=source[by].astype(like),
        target=target[by].astype(like),
        form=arrays.form[by],
        forms=tuple(replace(form, delay=0) for form in arrays.forms),
        pool=arrays.pool[by],
        row=arrays.row[by],
        populations=(*arrays.populations, *map(population_of, kinds)),
    )
    mine = [np.flatnonzero([s == shape for s in shapes[sources]]) for shape in kinds]
    ports = tuple(
        MemoryPort(arrays.keys[sources[m]], [arrays.names[at] for at in sources[m].tolist()], shape)
        for m, shape in zip(mine, kinds, strict=True)
    )
    inputs, outputs = tuple(position[count + m] for m in mine), tuple(position[sources[m]] for m in mine)
    return Step(made, Memory(ports), position[:count], inputs, outputs)


class Names:
    """The names of the neurons of a step; an input that remembers has that of the neuron that it remembers."""

    def __init__(self, names: Any, of: np.ndarray, count: int) -> None:
        self._names, self._of, self._count = names, of, count

    def __getitem__(self, at: int) -> Hashable:
        return self._names[int(self._of[at])]

    def __len__(self) -> int:
        return len(self._of)


def population_of(shape: tuple[int, ...]) -> str:
    """The population of the input neurons that remember neurons of a shape."""
    return POPULATION if not shape else f"(state of {shape[0]} x {shape[1]})"
