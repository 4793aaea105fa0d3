"""The compiled network: an ordinary `torch.nn.Module` whose forward is a loop over stages, no graph in sight."""

from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from compiler import checks, copies, exchange, state
from compiler.assembly import Assembly, Spec
from compiler.columns import Columns, columns_of
from compiler.cost import Calibration, default_calibration
from compiler.followers import tell
from compiler.lowering.base import Unit
from compiler.optimizers import canonical
from compiler.pins import Pin
from compiler.program import Options, Program
from compiler.slots import RUNNING, SlotMap, Space
from compiler.snapshot import Snapshot
from compiler.stage import Fetch, Stage
from compiler.watch import Ledger, bury, mark_of, watch
from neurograph.errors import StaleError
from neurograph.observations import Observations


class CompiledNetwork(nn.Module):
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
    """

    program: Program
    slots: SlotMap
    _units: dict[Spec, Unit]
    _like: Tensor
    _sizes: tuple[tuple[int, ...], ...]
    _input_blocks: tuple[int, ...]
    _steps: tuple[tuple[int, Stage, tuple[int, ...]], ...]
    _count: int
    _moves: bool
    _output_fetches: tuple[Fetch, ...]
    _only_output: Fetch | None
    _version: int
    _digest: str | None
    _size: str
    columns: Columns

    def __init__(self, graph: Any, batch_size: int, calibration: Calibration | None, pin: Pin) -> None:
        super().__init__()
        self.graph, self.cut_off = graph, False
        self._settings = (batch_size, calibration, pin)
        self.stages, self._outputs = nn.ModuleList(), nn.ModuleList()
        self.register_buffer("_like", torch.empty(0), persistent=False)
        self._ledger, self._synchronising = Ledger(), False

    # what runs

    def forward(self, *inputs: Tensor) -> Any:
        """Run the network.

        Parameters
        ----------
        *inputs
            One (batch, neurons) or (batch, channels, height, width) tensor per input population, of the network's dtype
            and device.

        Returns
        -------
        Tensor or tuple of Tensor
            (batch, neurons) or (batch, channels, height, width) per output population.

        Raises
        ------
        StaleError
            Where the graph has been edited since the network was compiled or refreshed.
        CompileError
            Where a tensor has the wrong shape, dtype or device, or there are too many or too few; where a batch norm in
            train mode has one value per channel to go by.
        """
        return self.outputs(self.run(inputs, keep=False))

    def outputs(self, values: list) -> Any:
        """What `forward` returns, out of every block's values."""
        if self._only_output is not None:
            return self._only_output.get(values)
        return tuple(output.get(values) for output in self._output_fetches)

    def run(self, inputs: tuple[Tensor, ...], keep: bool = True) -> list:
        """Every block's values, (batch, neurons) or maps each, in the order of `program.blocks`.

        Without `keep`, only those that come out: the others are let go when the last stage has read them.
        """
        if self.graph.version != self._version:
            self._raise_stale()
        like: Any = self._buffers["_like"]  # past nn.Module's slow lookup
        if not checks.fit(inputs, self._sizes, like):
            checks.refuse(inputs, self.program.inputs, like)
        if torch.is_grad_enabled() or (self._moves and self.training):  # loops that write p.data show nowhere else
            self._ledger.moved = True
        values: list = [None] * self._count
        for index, x in zip(self._input_blocks, inputs, strict=True):
            values[index] = x
        like = inputs[0]
        for index, stage, done in self._steps:
            values[index] = stage.run(values, like)
            if not keep:
                for value in done:
                    values[value] = None
        return values

    def install(self, snapshot: Snapshot, program: Program, assembly: Assembly) -> None:
        """Take a program and its units as what runs from now on."""
        old, before = {id(p): p for p in self.parameters()}, getattr(self, "slots", None)
        self.program, self.slots, self._units = program, assembly.slots, assembly.units
        self.stages, self._outputs = nn.ModuleList(assembly.stages), nn.ModuleList(assembly.outputs)
        alive = {id(p) for p in self.parameters()}
        for parameter in (p for key, p in old.items() if key not in alive):
            bury(parameter)
        self._wire()
        arrays = snapshot.arrays
        self._version, self._digest = arrays.version, None
        self.columns = columns_of(snapshot)
        self._size = f"{len(arrays)} neurons, {len(arrays.ids)} synapses"
        self._ledger.moved = True
        if before is not None:
            tell(self, before, self.slots)

    def _wire(self) -> None:
        """Plain references to what the forward touches, and a watch on every Parameter."""
        program, outputs = self.program, tuple(self._outputs)
        stages: Any = self.stages
        self.__dict__.update(
            _count=len(program.blocks),
            _moves=any(stage._neurons.moves for stage in stages),
            _sizes=tuple(port.sizes for port in program.inputs),
            _input_blocks=tuple(port.pieces[0][0] for port in program.inputs),
            _steps=tuple((s.plan.index, s, done) for s, done in zip(stages, program.last_reads, strict=True)),
            _output_fetches=outputs,
            _only_output=outputs[0] if len(outputs) == 1 else None,
        )
        for parameter in self.parameters():
            known = mark_of(parameter)
            if known is None or known.ledger is not self._ledger:
                watch(parameter, self._ledger)

    # what it is

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of its Parameters."""
        return self._like.dtype

    @property
    def device(self) -> torch.device:
        """The device it is on."""
        return self._like.device

    @property
    def options(self) -> Options:
        """What a program for it depends on, besides the graph."""
        batch_size, calibration, pin = self._settings
        device = self.device.type
        name = str(self.dtype).removeprefix("torch.")
        return Options(name, device, batch_size, calibration or default_calibration(device), pin)

    @property
    def stale(self) -> bool:
        """Whether the graph's structure has changed since the network was compiled or refreshed."""
        return self.graph.version != self._version

    @property
    def wiring(self) -> str:
        """The wiring digest and the size, in words: what saved parameters are checked against."""
        if self._digest is None:
            if self.stale:
                self._raise_stale()
            self.__dict__["_digest"] = self.graph.wiring_digest()
        return f"{self._digest} ({self._size})"

    def parameter_count(self, frozen: bool = False) -> int:
        """How many numbers of the graph are trained, whatever the layout; `frozen` counts the frozen ones too.

        Running statistics are no parameters, as in torch.
        """
        slots = self.slots
        spaces = [space for space in slots.spaces if space not in RUNNING]
        return sum(len(slots.numbers(space, trained=not frozen)) * prod(space[1]) for space in spaces)

    def report(self) -> str:
        """The program in words: per stage its neurons, products, density, lowering, predicted cost and the reason."""
        return str(self.program)

    def extra_repr(self) -> str:
        """One line for `print(net)`."""
        return f"{self._size}, {self.parameter_count()} parameters, {len(self.stages)} stages"

    def _raise_stale(self) -> None:
        raise StaleError(
            f"the graph has been edited (version {self.graph.version}, compiled at {self._version}): call "
            "net.refresh(optimizer), or net.refresh() where nothing is being trained"
        )

    # numbers on their way to the graph and back

    @property
    def owns(self) -> bool:
        """Whether the graph's values belong to this network."""
        return self.graph.owner is self

    def write_back(self) -> int:
        """Write what training has moved into the graph; returns how many numbers were written.

        Raises
        ------
        StaleError
            Where the graph has been edited since: its survivors were written when it was.
        """
        if self.stale:
            self._raise_stale()
        self._synchronising = True
        try:
            written = exchange.write_back(self, self.owns)
        finally:
            self._synchronising = False
        self._ledger.moved, self._ledger.versions = False, self._versions()
        return written

    def synchronise(self) -> None:
        """Write back if something may have moved; the graph calls this before it changes or is read."""
        if self._synchronising or self.stale or not self.owns:
            return
        if self._ledger.moved or self._ledger.versions != self._versions():
            self.write_back()

    def _versions(self) -> tuple[int, ...]:
        return tuple(entry.tensor._version for entry in self.slots.slots)

    def gradients(self, field: str = "weight", shape: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
        """The gradient of every trained number of one sort.

        Parameters
        ----------
        field
            "weight" (per synapse), "bias", "slope", "gamma" or "beta" (per neuron).
        shape
            Of one of them: () for numbers, (height, width) for kernels and for weights that read whole maps.

        Returns
        -------
        tuple of arrays
            (n,) int64 synapse ids or neuron keys, rising; and (n, *shape) gradients, zero where a Parameter has none.
        """
        space: Space = (field, shape)
        return self.slots.numbers(space, True), self.slots.gather(space, lambda p: p.grad, trained=True).numpy()

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
            Where it is another sort of optimizer or its parameter groups are others.
        """
        canonical.load_optimizer_state(self, optimizer, saved)

    def refresh(self, optimizer: torch.optim.Optimizer | None = None, group: int | None = None) -> None:
        """Follow the graph: run what it is now, with the values and optimizer state of everything that survived.

        Yields what a fresh compile would; stages that did not change keep their Parameters.

        Parameters
        ----------
        optimizer
            The one that trains this network: its parameter groups and state follow. Any of torch's that treats every
            number on its own (`compiler.optimizers.kinds` lists them).
        group
            The parameter group of new Parameters whose ancestors are in several.

        Raises
        ------
        CompileError
            Where the graph cannot be compiled or the optimizer cannot follow; nothing is changed.
        """
        from compiler.refresh import refresh

        refresh(self, optimizer, group)

    def observe(self, batches: Any, *, loss: Any = None, activations: Any = False) -> Observations:
        """Statistics of activations and gradients over some data; see `compiler.observe.observe`."""
        from compiler.observe import observe

        return observe(self, batches, loss=loss, activations=activations)

    def portable(self) -> torch.fx.GraphModule:
        """The network in operators that `torch.export` and ONNX take; see `compiler.portable.portable`."""
        from compiler.portable import portable

        return portable(self)

    # files and copies

    def _save_to_state_dict(self, destination, prefix, keep_vars) -> None:
        state.save(self, destination, prefix)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        state.load(self, state_dict, prefix, strict, missing_keys, unexpected_keys)
        self._ledger.moved = True

    def __deepcopy__(self, memo: dict) -> "CompiledNetwork":
        if self.stale:
            self._raise_stale()
        return copies.twin(self, memo)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_ledger": None, "_owned": self.owns}

    def __setstate__(self, held: dict) -> None:
        owned = held.pop("_owned")
        super().__setstate__(held)
        self.__dict__["_ledger"] = Ledger()
        self._wire()
        self.graph.changes.subscribe(self)
        if owned:
            self.graph.own(self)
