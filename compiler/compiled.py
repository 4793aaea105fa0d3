"""The compiled network: an ordinary `torch.nn.Module` in step with the graph that it was compiled from."""

from typing import Any, Literal

import torch
from torch import Tensor

from neurograph.analysis.observations import Observations
from neurograph.core.marks import WiringMark
from neurograph.errors import CompileError

from .memory import Memory
from .planning.program import Program
from .runtime import copies
from .runtime.assembly import Assembly
from .runtime.inputs import check_batch_size
from .runtime.listeners import notify
from .runtime.module import CompiledModule
from .runtime.naming import run_by_name
from .runtime.state import State, tensors_of
from .runtime.unrolling import unrolled
from .snapshot import Snapshot
from .sync import state
from .sync.columns import Columns, columns_of
from .sync.holding import Holding
from .sync.optimizers import canonical
from .sync.traced import Forwards, number, refusal


class CompiledNetwork(CompiledModule):
    """A network that `compiler.compile` made from a graph.

    Called with one tensor per input population, in the order the populations were added: (batch, neurons) of scalars,
    (batch, channels, height, width) of feature maps. Returns one per output population, likewise (a bare tensor where
    there is only one).

    Attributes
    ----------
    graph
        The `NeuronGraph` it was compiled from.
    program
        What runs: stages, what they read, their lowerings and predicted costs.
    cut_off
        Whether outputs none of which can be reached from an input are taken; see `compiler.compile`.
    holding
        Its numbers, as its graph holds on to them.
    memory
        What it remembers from one step to the next, where synapses have a delay: `net(x, state)` then returns
        (y, state).
    """

    holding: Holding
    memory: Memory = Memory()
    actor: Any = None  # a `compiler.runtime.acting.BoundActor`, once it was asked to act
    columns: Columns
    mark: WiringMark | None = None  # the wiring that the program is of
    _forwards: Forwards
    number: int  # what a traced refusal knows it by

    def forward(self, *inputs: Tensor) -> Any:
        """Run the network.

        Parameters
        ----------
        *inputs
            One (batch, neurons) or (batch, channels, height, width) tensor per input population, of the network's dtype
            and device. Or one dictionary of these by the names of the populations.

        Returns
        -------
        Tensor or tuple of Tensor
            (batch, neurons) or (batch, channels, height, width) per output population; for a dictionary a named tuple
            of them, see `compiler.runtime.naming`.

        Raises
        ------
        StaleError
            Where the graph has been edited, or its values written, since the network was compiled or refreshed.
        CompileError
            Where a tensor has the wrong shape, dtype or device, or there are too many or too few; where a batch norm in
            train mode has one value per channel to go by.
        """
        if not self.holding.fresh and torch.compiler.is_dynamo_compiling():
            return refusal(self)
        if inputs and isinstance(inputs[0], dict):
            return run_by_name(self, *inputs)
        if self.memory:
            return self._step(inputs)
        return self.outputs(self._ran(inputs))

    def _ran(self, inputs: tuple[Tensor, ...]) -> list:
        """The values that come out, of all blocks where somebody gathers them."""
        if self.gatherer is None or not self.training or torch.compiler.is_compiling():
            return self.run(inputs, keep=False)
        values, gatherer = self.run(inputs), self.gatherer()
        if gatherer is not None:
            gatherer.saw(values)
        return values

    def _step(self, inputs: tuple[Any, ...]) -> tuple[Any, State]:
        """One step of a network that remembers: (outputs, the next state)."""
        data, kept = self.split(inputs, 0)
        values = self._ran((*data, *kept))
        return self.outputs(values), State(self.memory, self.remembered(values))

    def split(self, inputs: tuple[Any, ...], rows: int) -> tuple[tuple[Any, ...], tuple[Tensor, ...]]:
        """What goes into a step: the inputs, of which dimension `rows` counts the batch, and the tensors of a state."""
        count = len(self.sizes) - len(self.memory.ports)
        data, state = inputs[:count], inputs[count:]
        if len(state) > 1:
            raise CompileError(f"the network takes {count} tensor(s) and a state, and was given {len(inputs)}")
        batch = data[0].shape[rows] if data and isinstance(data[0], Tensor) and data[0].dim() > rows else 0
        return data, tensors_of(self.memory, state[0] if state else None, batch, self.like)

    def initial_state(self, batch: int = 1) -> State:
        """A state of zeros, for so many rows: what a network that remembers begins with."""
        check_batch_size(batch)
        return State(self.memory, tensors_of(self.memory, None, batch, self.like))

    def unroll(self, *inputs: Tensor, state: Any = None) -> tuple[Any, State]:
        """Run step by step over time.

        Parameters
        ----------
        *inputs
            (time, batch, neurons) or (time, batch, channels, height, width) per input population.
        state
            What to begin with; None: zeros. For truncated backpropagation give the last one, `state.detach()`.

        Returns
        -------
        tuple
            (time, batch, ...) per output population, a bare tensor where there is one; and the state after the last
            step. Gradients go back through all steps.

        Raises
        ------
        CompileError
            As a call; inputs of different lengths, or of none.
        """
        return unrolled(self, inputs, state)

    def act(self, *inputs: Any) -> Any:
        """What the network makes of one row, from NumPy to NumPy: for controllers, which are asked step by step.

        A network of numbers with up to some hundred synapses is walked in plain Python, with the numbers that it has at
        that moment, in a few microseconds; any other is called.

        Parameters
        ----------
        *inputs
            (neurons,) array or list per input population; where the network remembers, what the last call returned as
            the state, or a `State` of one row, may follow. Without one it begins at zeros.

        Returns
        -------
        numpy.ndarray
            (neurons,) float64 per output population, a tuple where there are several; as in eval mode. Where the
            network remembers, (that, the state: the values of the neurons of `memory`, side by side).

        Raises
        ------
        StaleError
            As a call.
        CompileError
            Rows of another length.
        """
        from .runtime.acting import BoundActor, called

        if not self.holding.fresh:
            self.refuse_stale()
        actor = self.actor
        if actor is None:
            self.__dict__["actor"] = actor = BoundActor(self)
        return called(self, inputs) if actor.refusal else actor.act(inputs)

    def install(self, snapshot: Snapshot, program: Program, assembly: Assembly) -> None:
        """Take a program and its units as what runs from now on."""
        before = getattr(self, "slots", None)
        self.__dict__.update(memory=snapshot.memory, actor=None)
        if before is None or program != self.program:
            self._forwards.renew()
        self.put(program, assembly, snapshot.size)
        self.keep(columns=columns_of(snapshot))
        self.catch_up()
        if before is not None:
            notify(self, before, self.slots)

    def hold(self, unread: tuple[tuple, ...] = ()) -> None:
        """Hold its numbers anew, as a network that was made or copied just now.

        `unread` is what it has yet to read of the change log of the graph that it was copied with.
        """
        holding = Holding(self)
        self.__dict__.update(holding=holding, _forwards=Forwards(holding), number=number(self))
        self.graph.changes.subscribe(self.holding, unread)
        if "slots" in self.__dict__:
            self.holding.install(self.slots)
            self.wire()
            self.catch_up(self._version, -1 if unread else None)

    def turn(self, fresh: bool) -> None:
        """Be fresh or stale, as the graph's clock has it."""
        self._forwards.turn(self, fresh)

    # along with the graph

    def refresh(
        self,
        optimizer: torch.optim.Optimizer | None = None,
        group: int | None = None,
        newborns: Literal["own", "inherited"] = "own",
    ) -> None:
        """Follow the graph: run what it is now, with the values and optimizer state of everything that survived.

        Yields what a fresh compile would; stages that did not change keep their Parameters. Where nothing but values
        was written, they are loaded in place: every Parameter stays, its moments too, no optimizer is needed, and the
        backward of an older loss that saved such a value raises torch's own error.

        Parameters
        ----------
        optimizer
            The one that trains this network: its parameter groups and state follow. Any of torch's that treats every
            number on its own (`compiler.sync.optimizers.schemas` lists them).
        group
            The parameter group of new Parameters whose ancestors are in several.
        newborns
            What the optimizer holds for numbers that are born. "own": Adam, AdamW, Adamax, NAdam and RAdam train each
            of them as they would in a Parameter that began at its birth, with a step count of its own (`step(closure)`
            is refused as long as it makes a difference, 16,600 steps in float32 with a beta of 0.999); what stands in
            for one number that is gone, with its value, goes on with its state. All other optimizers, and these with
            "inherited": means of gradients begin at zero, squares and step sizes are their heir's (else the median of
            the group, or the learning rate), averages of values begin there, and everyone counts as its Parameter does.

        Raises
        ------
        CompileError
            Where the graph cannot be compiled or the optimizer cannot follow; nothing is changed.
        """
        from .sync.refresh import refresh

        refresh(self, optimizer, group, newborns)

    def optimizer_state(self, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        """An optimizer's state per synapse and neuron, whatever the lowering; see `load_optimizer_state`."""
        return canonical.optimizer_state(self, optimizer)

    def load_optimizer_state(self, optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
        """Give an optimizer of this network's Parameters a state that `optimizer_state` returned.

        Raises
        ------
        WiringError
            Where it was saved for another wiring; nothing is changed.
        CompileError
            Where it is another kind of optimizer or its parameter groups are others.
        """
        canonical.load_optimizer_state(self, optimizer, saved)

    def observe(self, batches: Any, *, loss: Any = None, activations: Any = False, deltas: Any = False) -> Observations:
        """Statistics of activations and gradients over some data; see `compiler.statistics.observe.observe`."""
        from .statistics.observe import observe

        return observe(self, batches, loss=loss, activations=activations, deltas=deltas)

    def portable(self) -> torch.fx.GraphModule:
        """The network in operators that `torch.export` and ONNX take; see `compiler.portable.portable`."""
        from .portable import portable

        return portable(self)

    # files and copies

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        state.save(self, destination, prefix)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        state.load(self, state_dict, prefix, strict, missing_keys, unexpected_keys)

    def __deepcopy__(self, memo: dict) -> "CompiledNetwork":
        if self.stale:
            self.refuse_stale()
        return copies.deep(self, memo)

    def __getstate__(self) -> dict:
        changes, holding = self.graph.changes, self.holding
        seen = {"_version": changes.clock.noted(holding)[0], "_unread": changes.unread(holding)}
        return copies.taken_along(self) | seen | {"_owned": self.owns}

    def __setstate__(self, held: dict) -> None:
        owned, unread = held.pop("_owned"), held.pop("_unread")
        super().__setstate__(held)
        self.hold(unread)
        if owned:
            self.graph.own(self)
