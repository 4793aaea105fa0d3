"""A graph at one moment, checked: what every later step reads instead of the graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from neurograph.core.arrays import GraphArrays
from neurograph.errors import CompileError
from neurograph.schema.synapse import SynapseForm
from neurograph.storage.pools import items
from neurograph.storage.sets import each_once

from .memory import Memory, Step, one_step, population_of

THIN = 32  # synapses of a level, up to which they are followed one by one


@dataclass(frozen=True, eq=False)
class Port:
    """One tensor that goes in or comes out.

    Parameters
    ----------
    population
        The population whose neurons it carries.
    neurons
        (n,) int64 positions of those neurons, in key order.
    shape
        Of each of them: () for scalars, else that of the feature map.
    """

    population: str
    neurons: np.ndarray
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Arrays that can be compiled, and the layout of what goes in and comes out.

    Parameters
    ----------
    arrays
        The graph's arrays.
    inputs, outputs
        One port per population that has input (output) neurons, in the order populations were added.
    together
        Populations that may be one region though nothing in them waits for itself: those of many small networks.
    memory
        What is remembered from one step to the next; the last ports of both sides carry it.
    synapses
        How many there are, where the arrays do not hold them.
    """

    arrays: GraphArrays
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    together: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=Memory)
    synapses: int | None = None

    @property
    def neurons(self) -> int:
        """How many neurons the graph has."""
        return len(self.arrays) - sum(len(port.keys) for port in self.memory.ports)

    @property
    def size(self) -> str:
        """How large the graph is, in words."""
        return f"{self.neurons} neurons, {self.count} synapses"

    @property
    def count(self) -> int:
        """How many synapses there are."""
        return len(self.arrays.ids) if self.synapses is None else self.synapses


def snapshot(graph: Any, cut_off: bool = False) -> Snapshot:
    """The graph's arrays, refused where they hold something that cannot be compiled.

    Parameters
    ----------
    graph
        A `NeuronGraph`.
    cut_off
        Whether outputs none of which can be reached from an input are taken: they are constants.

    Raises
    ------
    CompileError
        Naming the neuron or synapse that stands in the way, and the way out.
    """
    arrays: GraphArrays = graph.arrays()
    if len(arrays) == 0:
        raise CompileError("the graph is empty: add an input population and an output population before compiling it")
    check_arrays(arrays)
    step = one_step(arrays)
    inputs, outputs = (_ports(step.arrays, step.places(mask)) for mask in _sides(arrays))
    arrays = step.arrays
    if not inputs:
        raise CompileError('the graph has no input: add a population with role="input"')
    if not outputs:
        raise CompileError("the graph has no output: set is_output=True on the neurons whose values you want")
    kept, read = memory_ports(step)
    if not cut_off:
        _refuse_unreachable(arrays, (*inputs, *kept), outputs)
    return Snapshot(arrays, (*inputs, *kept), (*outputs, *read), memory=step.memory)


def memory_ports(step: Step) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """The ports by which what is remembered goes in, and comes out."""
    names = [population_of(port.shape) for port in step.memory.ports]
    shapes = [port.shape for port in step.memory.ports]
    sides = (step.remembering, step.remembered)
    kept, read = (tuple(map(Port, names, side, shapes)) for side in sides)
    return kept, read


def check_arrays(arrays: GraphArrays) -> None:
    """Refuse synapses that cannot be compiled, by `CompileError`."""
    _refuse_foreign_synapses(arrays)
    _refuse_aggregated_maps(arrays)


def ports_of(arrays: GraphArrays) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """The ports of a graph without delays, inputs and outputs."""
    inputs, outputs = (_ports(arrays, mask) for mask in _sides(arrays))
    return inputs, outputs


def _sides(arrays: GraphArrays) -> tuple[np.ndarray, np.ndarray]:
    """(N,) bool each: which neurons are inputs, and which are outputs."""
    inputs = np.array([kind.role == "input" for kind in arrays.kinds], bool)
    return inputs[arrays.kind], np.array([kind.is_output for kind in arrays.kinds], bool)[arrays.kind]


def _ports(arrays: GraphArrays, chosen: np.ndarray) -> tuple[Port, ...]:
    """One port per population of the chosen neurons."""
    number = {name: at for at, name in enumerate(arrays.populations)}
    population = np.array([number.get(kind.population, -1) for kind in arrays.kinds], np.int64)
    neurons = np.flatnonzero(chosen)
    mine, ports = population[arrays.kind[neurons]], []
    for at in sorted(set(mine.tolist()) - {-1}):
        members = neurons[mine == at]
        members = members[np.argsort(arrays.keys[members], kind="stable")]
        name = arrays.populations[at]
        ports.append(Port(name, members, _one_shape(arrays, name, members)))
    return tuple(ports)


def _one_shape(arrays: GraphArrays, population: str, members: np.ndarray) -> tuple[int, ...]:
    """The shape that all neurons of a port have."""
    if all(kind.shape == () for kind in arrays.kinds):
        return ()
    shapes = {arrays.kinds[code].shape: code for code in each_once(arrays.kind[members]).tolist()}
    if len(shapes) > 1:
        named = [
            f"neuron {arrays.names[int(members[arrays.kind[members] == code][0])]!r} has shape {shape}"
            for shape, code in shapes.items()
        ]
        raise CompileError(
            f"population {population!r} goes in or comes out as one tensor, and its neurons differ in shape: "
            f"{named[0]}, {named[1]}; give them populations of their own"
        )
    return next(iter(shapes))


def _refuse_foreign_synapses(arrays: GraphArrays) -> None:
    _refuse(
        arrays,
        _formed(arrays, lambda form: form.op == "weight") & (arrays.pool < 0),
        "has no weight: give it one, graph[{u!r}][{v!r}]['weight'] = 0.1, or a kernel",
    )
    into_input = np.array([kind.role == "input" for kind in arrays.kinds], bool)[arrays.kind][arrays.target]
    _refuse(arrays, into_input, "leads into an input neuron, whose value is the data: remove it")
    wide = _formed(arrays, lambda form: form.op == "avg_pool" and form.dilation != (1, 1))
    _refuse(arrays, wide, "an avg_pool takes no dilation; graph[{u!r}][{v!r}]['dilation'] = 1 takes it away")


def _formed(arrays: GraphArrays, like: Callable[[SynapseForm], bool]) -> np.ndarray:
    """(E,) bool: which synapses are of such a form."""
    alike = np.array([like(form) for form in arrays.forms], bool)
    return alike[arrays.form] if alike.any() else np.zeros(len(arrays.ids), bool)


def _refuse_aggregated_maps(arrays: GraphArrays) -> None:
    """Products, means and extremes are for scalars: nobody has networks in which feature maps do this."""
    if all(kind.shape == () for kind in arrays.kinds):
        return
    maps = np.array([kind.shape != () for kind in arrays.kinds], bool)[arrays.kind]
    odd = np.array([kind.aggregation != "sum" for kind in arrays.kinds], bool)[arrays.kind]
    _refuse(
        arrays,
        odd[arrays.target] & (maps[arrays.source] | maps[arrays.target]),
        "feature maps can only be summed; set graph.nodes[{v!r}]['aggregation'] = 'sum'",
    )


def _refuse(arrays: GraphArrays, wrong: np.ndarray, why: str) -> None:
    found = np.flatnonzero(wrong)
    if not len(found):
        return
    first = int(found[0])
    u, v = arrays.names[int(arrays.source[first])], arrays.names[int(arrays.target[first])]
    more = f" (and {len(found) - 1} more like it)" if len(found) > 1 else ""
    reason = why.format(u=u, v=v, op=arrays.forms[int(arrays.form[first])].op)
    raise CompileError(f"synapse {u!r} -> {v!r}: {reason}{more}")


def _refuse_unreachable(arrays: GraphArrays, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    wanted = np.concatenate([port.neurons for port in outputs])
    reached = np.zeros(len(arrays), bool)
    reached[np.concatenate([port.neurons for port in inputs])] = True
    if reached[wanted].any() or reached_from(arrays, reached)[wanted].any():
        return
    name = arrays.names[int(wanted[0])]
    raise CompileError(
        f"no output can be reached from an input (output neuron {name!r} is one of {len(wanted)}): connect them, "
        "or compile with cut_off=True where constant outputs are to be scored"
    )


def reached_from(arrays: GraphArrays, reached: np.ndarray) -> np.ndarray:
    """(N,) bool: which neurons can be reached from those marked, which are marked in place.

    Synapses are sorted by target, so one pass level by level is enough.
    """
    level = arrays.level[arrays.target]
    edges = np.flatnonzero(np.diff(level, prepend=-1, append=-1)) if len(level) else np.zeros(0, int)
    ends, heads, tails = (items(column) for column in (reached, arrays.source, arrays.target))
    for start, stop in pairwise(edges.tolist()):
        if stop - start <= THIN:
            for at in range(start, stop):
                ends[tails[at]] |= ends[heads[at]]
            continue
        live = reached[arrays.source[start:stop]]
        reached[arrays.target[start:stop][live]] = True
    return reached
