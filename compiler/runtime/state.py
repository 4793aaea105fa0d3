"""The state of a network with memory: what its remembered neurons were, by neuron."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from neurograph.errors import CompileError

from ..memory import Memory


class State(Mapping[Hashable, Tensor]):
    """What the neurons were that synapses with a delay read: neuron -> (batch,) or (batch, height, width).

    A network takes one and returns the next. It may be of the graph as it was before some edits: by neuron, those that
    are new begin at 0 and those that are gone are left out. `dict(state)` is plain data for a checkpoint, which a
    network takes as well.

    Parameters
    ----------
    memory
        Which neurons.
    tensors
        (batch, neurons) or (batch, neurons, height, width) for each of its ports.
    """

    def __init__(self, memory: Memory, tensors: tuple[Tensor, ...]) -> None:
        self.memory, self.tensors = memory, tensors

    def __getitem__(self, neuron: Hashable) -> Tensor:
        port, column = self.memory.places[neuron]
        return self.tensors[port][:, column]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.memory.places)

    def __len__(self) -> int:
        return len(self.memory.places)

    def __repr__(self) -> str:
        batch = len(self.tensors[0]) if self.tensors else 0
        return f"the state of {len(self)} neurons, {batch} rows"

    def detach(self) -> "State":
        """The same numbers without a past: gradients end here, as between two windows of truncated backpropagation."""
        return self.map(Tensor.detach)

    def reset(self, rows: Tensor) -> "State":
        """A state in which some rows, (batch,) bool, are back at 0, as where an episode has ended."""
        return self.map(lambda x: x * (~rows).to(x).reshape(-1, *[1] * (x.dim() - 1)))

    def map(self, change: Callable[[Tensor], Tensor]) -> "State":
        """A state with each of its tensors changed: `state.map(lambda x: x.cuda())`."""
        return State(self.memory, tuple(map(change, self.tensors)))


def tensors_of(memory: Memory, state: Any, batch: int, like: Tensor) -> tuple[Tensor, ...]:
    """One tensor for each port of a memory.

    Parameters
    ----------
    memory
        Of the network.
    state
        A `State`, of this memory or of another; a mapping of neurons to tensors; None: zeros.
    batch, like
        How many rows zeros have, and of which dtype and device they are.

    Raises
    ------
    CompileError
        Something that is no state, or names a neuron that nothing remembers.
    """
    if isinstance(state, State) and state.memory is memory:
        return state.tensors
    if state is None:
        return tuple(like.new_zeros((batch, len(port.keys), *port.shape)) for port in memory.ports)
    if isinstance(state, State):
        return _carried(memory, state, like)
    if not isinstance(state, Mapping):
        raise CompileError(
            "the network remembers, so what follows its inputs is its state: what it returned the step before, "
            f"net.initial_state(batch) or {{neuron: tensor}}, and not a {type(state).__name__}"
        )
    if unknown := [name for name in state if name not in memory.places]:
        raise CompileError(f"the state names neuron {unknown[0]!r}, which no synapse with a delay reads")
    return tuple(_stacked(port, dict(state), batch, like) for port in memory.ports)


def _carried(memory: Memory, state: State, like: Tensor) -> tuple[Tensor, ...]:
    """A state of the graph as it was, for the network as it is."""
    if memory.graphs != state.memory.graphs:
        raise CompileError(
            "the state is of a population of other individuals, or of another order: begin anew, "
            "population.initial_state(batch)"
        )
    known = {
        int(key): (at, column)
        for at, port in enumerate(state.memory.ports)
        for column, key in enumerate(port.keys.tolist())
    }
    made = []
    for port in memory.ports:
        zero = like.new_zeros((len(state.tensors[0]), *port.shape))
        places = [known.get(key) for key in port.keys.tolist()]
        held = [zero if place is None else state.tensors[place[0]][:, place[1]] for place in places]
        made.append(torch.stack([x if x.shape == zero.shape else zero for x in held], 1))
    return tuple(made)


def _stacked(port: Any, state: dict, batch: int, like: Tensor) -> Tensor:
    zero = like.new_zeros((batch, *port.shape))
    held = [torch.as_tensor(state.get(name, zero)).to(like) for name in port.names]
    for name, x in zip(port.names, held, strict=True):
        if x.shape != zero.shape:
            raise CompileError(f"the state of neuron {name!r} has shape {tuple(x.shape)} and must be {zero.shape}")
    return torch.stack(held, 1)
