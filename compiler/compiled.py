"""The compiled network: an ordinary `torch.nn.Module` whose forward is a loop over stages, no graph in sight."""

from math import prod
from typing import Any, Literal, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from compiler.lowering.base import Unit
from compiler.lowering.held import has_empty_slots
from compiler.planning.cost import Calibration, default_calibration
from compiler.planning.pins import Pin
from compiler.planning.program import Options, Program
from compiler.runtime import copies
from compiler.runtime import inputs as checks
from compiler.runtime.assembly import Assembly, Spec
from compiler.runtime.listeners import tell
from compiler.runtime.region_stage import RegionStage
from compiler.runtime.stage import Fetch, Stage
from compiler.runtime.traced import Forwards, number, refusal
from compiler.runtime.watch import bury, mark_of, watch
from compiler.slots import RUNNING, SlotMap, Space
from compiler.snapshot import Snapshot
from compiler.sync import state
from compiler.sync.columns import Columns, columns_of
from compiler.sync.holding import Holding
from compiler.sync.optimizers import canonical
from neurograph.analysis.observations import Observations
from neurograph.errors import CompileError, StaleError


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
    holding
        Its numbers, as its graph holds on to them.
    """

    program: Program
    slots: SlotMap
    _units: dict[Spec, Unit]
    _like: Tensor
    _sizes: tuple[tuple[int, ...], ...]
    _input_blocks: tuple[int, ...]
    _steps: tuple[tuple[Stage | RegionStage, tuple[int, ...]], ...]
    holding: Holding
    _forwards: Forwards
    _number: int
    _count: int
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
        self.hold()

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
            Where the graph has been edited, or its values written, since the network was compiled or refreshed.
        CompileError
            Where a tensor has the wrong shape, dtype or device, or there are too many or too few; where a batch norm in
            train mode has one value per channel to go by.
        """
        if not self.holding.fresh and torch.compiler.is_dynamo_compiling():
            return refusal(self)
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
        if not self.holding.fresh:
            self.refuse_stale()
        like: Any = self._buffers["_like"]  # past nn.Module's slow lookup
        if not checks.fit(inputs, self._sizes, like):
            checks.refuse(inputs, self.program.inputs, like)
        values: list = [None] * self._count
        for index, x in zip(self._input_blocks, inputs, strict=True):
            values[index] = x
        like = inputs[0]
        for stage, done in self._steps:
            stage.make(values, like, keep)
            if not keep:
                for value in done:
                    values[value] = None
        return values

    def install(self, snapshot: Snapshot, program: Program, assembly: Assembly) -> None:
        """Take a program and its units as what runs from now on."""
        old, before = {id(p): p for p in self.parameters()}, getattr(self, "slots", None)
        if before is None or program != self.program:
            self._forwards.renew()
        self.program, self.slots, self._units = program, assembly.slots, assembly.units
        self.stages, self._outputs = nn.ModuleList(assembly.stages), nn.ModuleList(assembly.outputs)
        alive = {id(p) for p in self.parameters()}
        for parameter in (p for key, p in old.items() if key not in alive):
            bury(parameter)
        self._wire()
        self.holding.install(self.slots)
        arrays = snapshot.arrays
        self.columns = columns_of(snapshot)
        self._digest, self._size = None, f"{len(arrays)} neurons, {len(arrays.ids)} synapses"
        self.catch_up()
        if before is not None:
            tell(self, before, self.slots)

    def _wire(self) -> None:
        """Plain references to what the forward touches, and a watch on every Parameter."""
        program, outputs = self.program, tuple(self._outputs)
        stages: Any = self.stages
        self.__dict__.update(
            _count=len(program.blocks),
            _sizes=tuple(port.sizes for port in program.inputs),
            _input_blocks=tuple(port.pieces[0][0] for port in program.inputs),
            _steps=tuple(zip(stages, program.last_reads, strict=True)),
            _output_fetches=outputs,
            _only_output=outputs[0] if len(outputs) == 1 else None,
        )
        ledger, masked = self.holding.ledger, {id(u.weight): u for u in self._units.values() if has_empty_slots(u)}
        for parameter in self.parameters():
            known = mark_of(parameter)
            if known is None or known.ledger is not ledger:
                watch(parameter, ledger, masked.get(id(parameter)))

    def hold(self, unread: tuple[tuple, ...] = ()) -> None:
        """Hold its numbers anew, as a network that was made or copied just now.

        `unread` is what it has yet to read of the change log of the graph that it was copied with.
        """
        holding = Holding(self)
        self.__dict__.update(holding=holding, _forwards=Forwards(holding), _number=number(self))
        self.graph.changes.subscribe(self.holding, unread)
        if "slots" in self.__dict__:
            self.holding.install(self.slots)
            self._wire()
            self.catch_up(self._version, -1 if unread else None)

    def turn(self, fresh: bool) -> None:
        """Be fresh or stale, as the graph's clock has it."""
        self._forwards.turn(self, fresh)

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
        """Whether the graph has changed since the network was compiled or refreshed; see `stale_by`."""
        return self.stale_by is not None

    @property
    def stale_by(self) -> Literal["structure", "values"] | None:
        """What of the graph has changed since the network was compiled or refreshed; structure, where both have."""
        if self.holding.fresh:
            return None
        clock = self.graph.changes.clock
        return "values" if clock.noted(self.holding)[0] == clock.version else "structure"

    def catch_up(self, version: int | None = None, writes: int | None = None) -> None:
        """Count as fresh: what the network has is what the graph is, or was at a version and after some writes."""
        clock = self.graph.changes.clock
        clock.note(self.holding, version, writes)
        self.__dict__["_version"] = clock.version if version is None else version

    @property
    def wiring(self) -> str:
        """The wiring digest and the size, in words: what saved parameters are checked against."""
        if self._digest is None:
            if self.stale_by == "structure":
                self.refuse_stale()
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

    def refuse_stale(self) -> NoReturn:
        """Raise what is to be done about a network that is stale."""
        if self.stale_by == "values":
            raise StaleError(
                "values of the graph have been written since the network was compiled or refreshed: call "
                "net.refresh(), which loads them and keeps every Parameter and the optimizer as they are"
            )
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

        There is seldom a need to: whatever reads or saves the graph's values has them written back first. What users
        wrote into the graph since the network was refreshed stays as it is.

        Raises
        ------
        CompileError
            Where the graph's values belong to another network, or to none.
        StaleError
            Where the graph's structure has been edited since.
        """
        if not self.owns:
            raise CompileError(
                "the values of this graph belong to "
                f"{'no network' if self.graph.owner is None else 'another network that was compiled from it later'}, "
                "so this one does not write them: call graph.own(net) first to let it"
            )
        if self.stale_by == "structure":
            self.refuse_stale()
        return self.graph.write_back()

    def synchronise(self) -> None:
        """Write back where anything moved and the graph's values belong to this network."""
        if self.owns:
            self.graph.write_back()

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
            number on its own (`compiler.sync.optimizers.kinds` lists them).
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
        from compiler.sync.refresh import refresh

        refresh(self, optimizer, group, newborns)

    def observe(self, batches: Any, *, loss: Any = None, activations: Any = False) -> Observations:
        """Statistics of activations and gradients over some data; see `compiler.statistics.observe.observe`."""
        from compiler.statistics.observe import observe

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
