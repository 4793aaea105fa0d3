"""Acting: one row through a small network, in plain numbers, for who asks it step by step.

A controller that meets its world one observation at a time spends more on a call of PyTorch than a network of some ten
neurons takes. Here the neurons are walked one by one over lists of Python's own numbers.
"""

from collections.abc import Callable, Sequence
from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from neurograph.errors import CompileError

from ..lowering.aggregate import empty_value
from ..memory import Memory
from ..snapshot import Snapshot, snapshot
from .lookups import Book
from .scalars import SCALARS
from .state import State

if TYPE_CHECKING:
    from .module import CompiledModule

MOST = 1000  # synapses, up to which walking them costs less than a call of PyTorch
Numbers = list[float]
Where = Callable[[str, int], int]  # name of a number, and its synapse's id or neuron's key -> its place among all

ONE, NONE = 0, 1  # the first two numbers: the weight of a synapse that has none, the bias of a neuron that has none
FIRST = (1.0, 0.0)
_NORM = ("running_mean", "running_var", "gamma", "beta")


class Walk:
    """The neurons of a network in order, and where each finds what it reads.

    Parameters
    ----------
    found
        The network.
    where
        Where each number is among those that a walk is handed.
    """

    def __init__(self, found: Snapshot, where: Where) -> None:
        arrays, kept = found.arrays, len(found.memory.ports)
        self.count = len(arrays)
        self.inputs = [port.neurons.tolist() for port in found.inputs]
        self.many = len(self.inputs) - kept
        self.sizes, self.most = [len(port) for port in self.inputs[: self.many]], self.many + bool(kept)
        self.outputs = [port.neurons.tolist() for port in found.outputs[: len(found.outputs) - kept]]
        self.kept = [at for port in found.outputs[len(found.outputs) - kept :] for at in port.neurons.tolist()]
        ends = np.searchsorted(arrays.target, np.arange(self.count + 1)).tolist()
        given, self.neurons = {at for port in self.inputs for at in port}, []
        source, ids = arrays.source.tolist(), arrays.ids.tolist()
        weighted = [arrays.forms[form].op == "weight" for form in arrays.form.tolist()]
        for at in range(self.count):
            if at in given:
                continue
            kind, key = arrays.kinds[int(arrays.kind[at])], int(arrays.keys[at])
            read = [(source[e], where("weight", ids[e]) if weighted[e] else ONE) for e in range(ends[at], ends[at + 1])]
            has = {name for name, column in arrays.values.items() if not np.isnan(column[at])}
            norm = tuple(where(name, key) for name in _NORM) if kind.norm == "batch" else None
            more = _more(kind, norm, where("slope", key) if kind.activation == "prelu" else -1)
            bias = where("bias", key) if "bias" in has else NONE
            self.neurons.append((at, read, bias, SCALARS.get(kind.activation), more))

    def __call__(self, numbers: Numbers, inputs: Sequence[Numbers]) -> list[float]:
        """Every neuron's value, of what goes in at each port and of all numbers."""
        values = [0.0] * self.count
        for places, x in zip(self.inputs, inputs, strict=True):
            for place, one in zip(places, x, strict=True):
                values[place] = one
        for at, read, bias, activation, more in self.neurons:
            total = numbers[bias]
            if more is None:
                for source, weight in read:
                    total += values[source] * numbers[weight]
                values[at] = total if activation is None else activation(total)
            else:
                values[at] = more(total, [values[source] * numbers[weight] for source, weight in read], numbers)
        return values


def _more(kind: Any, norm: tuple[int, ...] | None, slope: int) -> Callable[[float, Numbers, Numbers], float] | None:
    """What a neuron does that is more than a sum, a bias and an activation; None where it is no more."""
    if kind.aggregation == "sum" and norm is None and slope < 0:
        return None
    activation = SCALARS.get(kind.activation)

    def made(bias: float, contribution: Numbers, numbers: Numbers) -> float:
        total = _aggregated(kind.aggregation, contribution) + bias
        if norm is not None:
            mean, variance, gamma, beta = (numbers[at] for at in norm)
            total = (total - mean) * gamma / sqrt(variance + kind.eps) + beta
        if slope >= 0:
            return total if total > 0 else numbers[slope] * total
        return total if activation is None else activation(total)

    return made


class Actor:
    """A network asked row by row; see `CompiledNetwork.act`.

    Parameters
    ----------
    graph
        A `NeuronGraph` of numbers, whose values are taken as they are now. Nothing is compiled, so this is what
        evaluates many small genomes in a world that takes one observation at a time.

    Raises
    ------
    CompileError
        A graph that cannot be compiled, or has feature maps.

    Examples
    --------
    >>> import numpy as np
    >>> from neurograph.builders import mlp
    >>> actor = Actor(mlp([2, 1], seed=0))
    >>> actor.act(np.array([1.0, 0.0])).shape
    (1,)
    """

    def __init__(self, graph: Any) -> None:
        found = snapshot(graph, cut_off=True)
        if why := unfit(found):
            raise CompileError(f"an Actor walks networks of numbers, and {why}: compile it and call net.act")
        arrays, self.numbers = found.arrays, list(FIRST)
        weight = dict(zip(arrays.ids.tolist(), arrays.weight.tolist(), strict=True))
        place = {key: at for at, key in enumerate(arrays.keys.tolist())}

        def where(name: str, number: int) -> int:
            known = weight[number] if name == "weight" else float(arrays.values[name][place[number]])
            self.numbers.append(known)
            return len(self.numbers) - 1

        self._walk, self.memory = Walk(found, where), found.memory

    def act(self, *inputs: Any) -> Any:
        """What the network makes of one row; see `CompiledNetwork.act`."""
        return answer(self._walk, self.memory, self.numbers, inputs)


class BoundActor:
    """The same for a compiled network, with the numbers that it has at each call.

    Parameters
    ----------
    network
        Fresh.
    """

    def __init__(self, network: "CompiledModule") -> None:
        found = snapshot(network.graph, network.cut_off)
        self.memory, self.refusal = found.memory, unfit(found) or _big(found)
        self._gates: list[Any] = []
        if not self.refusal:
            self._bind(network, found)

    def _bind(self, network: "CompiledModule", found: Snapshot) -> None:
        start, books, places = len(FIRST), {}, {}
        for name in ("weight", "bias", "slope", *_NORM):
            books[name], places[name] = Book(network.slots, name), []
            for gate in books[name].gates:
                places[name].append(start)
                if gate.view is None:
                    self.refusal = "its numbers are on another device, or in half precision"
                    return
                self._gates.append(gate)
                start += len(gate.view)

        def where(name: str, number: int) -> int:
            book = books[name]
            return places[name][int(book.gate[number])] + int(book.place[number])

        self._walk = Walk(found, where)

    def act(self, inputs: tuple[Any, ...]) -> Any:
        """As of `Actor`."""
        numbers = list(FIRST)
        for gate in self._gates:
            if gate.tensors[gate.name].data_ptr() != gate.pointer:
                gate.renew()
            numbers += gate.view.tolist()
        return answer(self._walk, self.memory, numbers, inputs)


def answer(walk: Walk, memory: Memory, numbers: Numbers, inputs: tuple[Any, ...]) -> Any:
    """The outputs for one row, with the next state where the network remembers."""
    given = [_row(x) for x in inputs[: walk.many]]
    if [len(x) for x in given] != walk.sizes or len(inputs) > walk.most:
        raise CompileError(
            f"the network takes rows of {' and '.join(map(str, walk.sizes))} numbers"
            f"{', then its state,' if memory else ''} and was given {len(inputs)}: "
            f"{', '.join(str(np.shape(x)) for x in inputs) or 'none'}"
        )
    state = inputs[walk.many :]
    if memory:
        given += _remembered(memory, state[0] if state else None)
    values = walk(numbers, given)
    found = [np.array([values[at] for at in port]) for port in walk.outputs]
    y = found[0] if len(found) == 1 else tuple(found)
    return (y, np.array([values[at] for at in walk.kept])) if walk.kept else y


def _row(x: Any) -> Numbers:
    if type(x) is np.ndarray and x.ndim == 1:
        return x.tolist()
    return np.asarray(x, np.float64).reshape(-1).tolist()


def _remembered(memory: Memory, state: Any) -> list[Numbers]:
    """The state by ports; zeros where there is none."""
    sizes = [len(port.keys) for port in memory.ports]
    if state is None:
        return [[0.0] * size for size in sizes]
    if isinstance(state, State):
        if state.memory is not memory and [p.names for p in state.memory.ports] != [p.names for p in memory.ports]:
            raise CompileError("this state is of other neurons: begin anew, without one")
        return [tensor.detach().reshape(-1).tolist() for tensor in state.tensors]
    numbers = _row(state)
    if len(numbers) != sum(sizes):
        raise CompileError(f"the state has {len(numbers)} numbers, and the network remembers {sum(sizes)} neurons")
    return [numbers]  # of numbers there is one port


def _aggregated(how: str, contribution: Numbers) -> float:
    if not contribution:
        return empty_value(how)
    if how == "product":
        total = 1.0
        for one in contribution:
            total *= one
        return total
    if how == "sum":
        return sum(contribution)
    if how == "mean":
        return sum(contribution) / len(contribution)
    return max(contribution) if how == "max" else min(contribution)


def unfit(found: Snapshot) -> str:
    """Why a network is not walked in plain numbers, or nothing."""
    return "this one has feature maps" if any(kind.shape for kind in found.arrays.kinds) else ""


def _big(found: Snapshot) -> str:
    count = len(found.arrays.ids)
    return f"it has {count} synapses, more than {MOST}" if count > MOST else ""


def called(network: Any, inputs: tuple[Any, ...]) -> Any:
    """The same by a call of the network, in eval mode."""
    count, memory = len(network.program.inputs) - len(network.memory.ports), network.memory
    rows = [torch.as_tensor(np.asarray(x), dtype=network.dtype, device=network.device)[None] for x in inputs[:count]]
    state, like, training = inputs[count:], rows[0] if rows else None, network.training
    if state and not isinstance(state[0], State):
        numbers = torch.as_tensor(np.asarray(state[0]), dtype=network.dtype, device=network.device)
        sizes = [len(port.keys) * prod(port.shape) for port in memory.ports]
        if like is None or numbers.shape != (sum(sizes),):
            raise CompileError(f"the state has shape {tuple(numbers.shape)}, and the network remembers {sum(sizes)}")
        parts = zip(numbers.split(sizes), memory.ports, strict=True)
        state = (State(memory, tuple(x.reshape(1, len(p.keys), *p.shape) for x, p in parts)),)
    with torch.no_grad():
        network.eval()
        try:
            found = network(*rows, *state)
        finally:
            network.train(training)
    y, kept = found if memory else (found, None)
    y = tuple(_plain(one) for one in y) if isinstance(y, tuple) else _plain(y)
    return y if kept is None else (y, np.concatenate([_plain(x).ravel() for x in kept.tensors]))


def _plain(x: torch.Tensor) -> np.ndarray:
    return x[0].double().cpu().numpy()
