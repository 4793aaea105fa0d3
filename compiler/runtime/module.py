"""The module that runs: a loop over stages, and what everybody may ask of it."""

from math import prod
from typing import Any, Literal, NoReturn, Self
from weakref import ref

import numpy as np
import torch
from torch import Tensor, nn

from neurograph.errors import CompileError, StaleError

from ..lowering.bare import BareModule, module_list
from ..lowering.base import Unit
from ..lowering.held import has_empty_slots
from ..lowering.marks import mark_of, mark_replaced, watch
from ..lowering.rates import Calibration
from ..planning.cost import default_calibration
from ..planning.pins import Pin
from ..planning.program import Options, Program, describe
from ..slots import RUNNING, Quantity, SlotMap
from . import inputs as checks
from .assembly import Assembly, Spec
from .region_stage import RegionStage
from .stage import Fetch, Stage


class CompiledModule(BareModule):
    """What runs a program, and says what it is; `CompiledNetwork` lists its attributes and keeps it in step."""

    stages: Any  # a ModuleList, as `_outputs`
    program: Program
    slots: SlotMap
    units: dict[Spec, Unit]
    like: Tensor
    sizes: tuple[tuple[int, ...], ...]
    _outputs: Any
    _input_blocks: tuple[int, ...]
    _steps: tuple[tuple[Stage | RegionStage, tuple[int, ...]], ...]
    _forwards: Any  # a `compiler.sync.traced.Forwards`
    holding: Any  # a `compiler.sync.holding.Holding`
    _count: int
    _output_fetches: tuple[Fetch, ...]
    _memory_fetches: tuple[Fetch, ...]
    _only_output: Fetch | None
    _version: int
    _digest: str | None
    _size: str
    columns: Any  # a `compiler.sync.columns.Columns`
    memory: Any = ()  # a `compiler.memory.Memory`: what is carried from one step to the next
    gatherer: Any = None  # weakly, what `gather_for` was given

    def __init__(self, graph: Any, batch_size: int, calibration: Calibration | None, pin: Pin) -> None:
        super().__init__()
        self.graph, self.cut_off, self._settings = graph, False, (batch_size, calibration, pin)
        self._modules.update(stages=module_list(()), _outputs=module_list(()))
        self.add_buffer("like", torch.empty(0))
        self.hold()

    def outputs(self, values: list) -> Any:
        """What `forward` returns, out of every block's values."""
        if self._only_output is not None:
            return self._only_output.get(values)
        return tuple(output.get(values) for output in self._output_fetches)

    def remembered(self, values: list) -> tuple[Tensor, ...]:
        """What the next step is to know of this one, out of every block's values."""
        return tuple(fetch.get(values) for fetch in self._memory_fetches)

    def run(self, inputs: tuple[Tensor, ...], keep: bool = True) -> list:
        """Every block's values, (batch, neurons) or maps each, in the order of `program.blocks`.

        Without `keep`, only those that come out: the others are let go when the last stage has read them.
        """
        if not self.holding.fresh:
            self.refuse_stale()
        like: Any = self._buffers["like"]  # past nn.Module's slow lookup
        missing = self.sizes[len(inputs) :]
        if missing and inputs and self.memory and len(missing) == len(self.memory.ports):  # the first step
            inputs = (*inputs, *(like.new_zeros((len(inputs[0]), *size)) for size in missing))
        if not checks.fit(inputs, self.sizes, like):
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

    def gather_for(self, gatherer: Any) -> None:
        """Hand every block's values to `gatherer.saw`, held weakly, at each forward pass in train mode; None ends it.

        A network that `torch.compile` runs hands over nothing.
        """
        self.__dict__["gatherer"] = None if gatherer is None else ref(gatherer)

    def put(self, program: Program, assembly: Assembly, size: str) -> None:
        """Put a program and its units in the place of what ran so far; `size` is that of the graph, in words."""
        old = {id(p): p for p in self._trained()}
        self.keep(program=program, slots=assembly.slots, units=assembly.units, _digest=None, _size=size)
        self._modules.update(stages=module_list(assembly.stages), _outputs=module_list(assembly.outputs))
        alive = {id(p) for p in self._trained()} if old else set()
        for key in old.keys() - alive:
            mark_replaced(old[key])
        self.wire()
        self.holding.install(self.slots)

    def wire(self) -> None:
        """Plain references to what the forward touches, and a watch on every Parameter."""
        program, fetches = self.program, tuple(self._outputs)
        many = len(fetches) - len(self.memory.ports if self.memory else ())
        outputs = fetches[:many]
        self.__dict__.update(
            _count=len(program.blocks),
            sizes=tuple(port.sizes for port in program.inputs),
            _input_blocks=tuple(port.pieces[0][0] for port in program.inputs),
            _steps=tuple(zip(self.stages, program.last_reads, strict=True)),
            _output_fetches=outputs,
            _memory_fetches=fetches[many:],
            _only_output=outputs[0] if len(outputs) == 1 else None,
        )
        ledger, masked = self.holding.ledger, {id(u.weight): u for u in self.units.values() if has_empty_slots(u)}
        for parameter in self._trained():
            known = mark_of(parameter)
            if known is None or known.ledger is not ledger:
                watch(parameter, ledger, masked.get(id(parameter)))

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        """Move or cast its tensors; before they go to a device without numbers, what was learned is written back."""
        if fn(torch.empty(0, device="cpu")).is_meta:
            self.let_go()
        return super()._apply(fn, recurse)

    def let_go(self) -> None:
        """Write back and hold the graph's values no longer, where this does."""
        if self.graph.owner is self:
            self.graph.release()

    def _trained(self) -> list[nn.Parameter]:
        """Its Parameters: every unit's own, as no unit has modules inside."""
        units = self.__dict__.get("units", {})
        return [p for unit in units.values() for p in unit._parameters.values() if p is not None]

    def hold(self, unread: tuple[tuple, ...] = ()) -> None:
        """Hold its numbers anew, as a network that was made or copied just now.

        `unread` is what it has yet to read of the change log of the graph that it was copied with.
        """
        raise NotImplementedError

    def install(self, snapshot: Any, program: Program, assembly: Assembly) -> None:
        """Take a program and its units as what runs from now on."""
        raise NotImplementedError

    def turn(self, fresh: bool) -> None:
        """Be fresh or stale, as the graph's clock has it."""
        raise NotImplementedError

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of its Parameters."""
        return self.like.dtype

    @property
    def device(self) -> torch.device:
        """The device it is on."""
        return self.like.device

    @property
    def options(self) -> Options:
        """What a program for it depends on, besides the graph."""
        batch_size, calibration, pin = self._settings
        device, name = self.device.type, str(self.dtype).removeprefix("torch.")
        figures = calibration or default_calibration(device)
        return Options(name, device, batch_size, figures, pin, measured=calibration is None)

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
        quantities = [quantity for quantity in slots.quantities if quantity not in RUNNING]
        return sum(len(slots.numbers(quantity, trained=not frozen)) * prod(quantity[1]) for quantity in quantities)

    def report(self, measure: bool = False) -> str:
        """The program in words: per stage its neurons, products, density, lowering, predicted cost and the reason.

        Parameters
        ----------
        measure
            Whether each product is run as well, some hundredths of a second, and what it took stands beside its cost.
        """
        if not measure:
            return str(self.program)
        from .timing import product_seconds

        return describe(self.program, product_seconds(self.program, self.units, self.like))

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

    # its numbers

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
        """The gradient of every trained number of one quantity.

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
        quantity: Quantity = (field, shape)
        return self.slots.numbers(quantity, True), self.slots.gather(quantity, lambda p: p.grad, trained=True).numpy()
