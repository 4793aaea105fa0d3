"""The compiled population: one `torch.nn.Module` that runs and trains many graphs, each as if it were alone."""

from collections.abc import Iterable
from operator import is_
from typing import Any, Literal, NoReturn

import torch
from torch import Tensor

from neurograph.analysis.observations import Observations
from neurograph.errors import CompileError, StaleError

from ..compiled import CompiledNetwork
from ..lowering.rates import Calibration
from ..planning.pins import Pin
from ..planning.program import Program
from ..runtime.assembly import Assembly
from ..runtime.state import State
from ..snapshot import Snapshot
from ..sync.traced import Forwards, number, refusal
from .arrangement import Arrangement
from .holding import PopulationHolding
from .individual import Individual
from .individuals import Individuals
from .ports import Ports

_ONE = "this takes the network of one graph: compile one of population.graphs alone, compiler.compile(graph)"


class CompiledPopulation(CompiledNetwork):
    """Many graphs as one program, which `compiler.compile_population` made.

    Called with one tensor per input population: (batch, neurons) that all individuals share, or (individuals, batch,
    neurons) where each has its own (`inputs="own"`). Returns one per output population, (individuals, batch, neurons),
    feature maps likewise; a bare tensor where there is only one. No number is shared between individuals, so the
    backward of the sum of their losses gives everyone the gradient it would have alone, and an optimizer that treats
    every number on its own trains each as it would alone. (A number that no output depends on has a gradient of zero;
    in a network alone torch leaves out the step of a Parameter all of whose numbers are such.)

    Attributes
    ----------
    individuals
        What each graph holds on to.
    shared
        Whether all individuals read the same inputs.
    ports
        What each individual takes.
    arrangement
        Who runs with whom.
    """

    graph: Any  # an `Individuals`
    holding: PopulationHolding  # pyright: ignore[reportIncompatibleVariableOverride]
    individuals: tuple[Individual, ...]
    shared: bool
    ports: Ports
    arrangement: Arrangement

    def __init__(
        self, graphs: Individuals, shared: bool, batch_size: int, calibration: Calibration | None, pin: Pin
    ) -> None:
        self.__dict__.update(shared=shared, _version=0)
        super().__init__(graphs, batch_size, calibration, pin)

    @property
    def graphs(self) -> tuple[Any, ...]:
        """The graphs, one per individual, in the order of the outputs."""
        return self.graph.graphs

    def __len__(self) -> int:
        return len(self.graph.graphs)

    def forward(self, *inputs: Tensor) -> Any:
        """Run all individuals.

        Parameters
        ----------
        *inputs
            Per input population (batch, neurons) or (batch, channels, height, width); with inputs of their own,
            (individuals, ...) of that.

        Returns
        -------
        Tensor or tuple of Tensor
            (individuals, batch, neurons) or (individuals, batch, channels, height, width) per output population.

        Raises
        ------
        StaleError
            Where a graph has been edited, or its values written, since the population was compiled or refreshed.
        CompileError
            Where a tensor has the wrong shape, dtype or device, or there are too many or too few.
        """
        if not self.holding.fresh and torch.compiler.is_dynamo_compiling():
            return refusal(self)
        if self.memory:
            return self._step(inputs)
        found = [self._apart(y) for y in self._each(self.run(self._given(inputs), keep=False))]
        return found[0] if len(found) == 1 else tuple(found)

    def _step(self, inputs: tuple[Any, ...]) -> tuple[Any, State]:
        data, kept = self.split(inputs, 0 if self.shared else 1)
        values = self.run((*self._given(data), *kept), keep=False)
        found = [self._apart(y) for y in self._each(values)]
        return (found[0] if len(found) == 1 else tuple(found)), State(self.memory, self.remembered(values))

    def _given(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return inputs if self.shared else tuple(self._side_by_side(inputs))

    def _each(self, values: list) -> tuple[Tensor, ...]:
        found = self.outputs(values)
        return found if isinstance(found, tuple) else (found,)

    def _apart(self, y: Tensor) -> Tensor:
        """(individuals, batch, ...) of what all individuals give side by side."""
        return y.unflatten(1, (len(self), -1)).transpose(0, 1)

    def _side_by_side(self, inputs: tuple[Any, ...]) -> Iterable[Tensor]:
        """(batch, individuals * neurons, ...) of what each individual takes."""
        ports = self.ports
        if len(inputs) != len(ports):
            raise CompileError(f"the population takes {len(ports)} tensor(s), and was given {len(inputs)}")
        for x, (name, count, shape) in zip(inputs, ports, strict=True):
            wanted = count, *shape
            if (
                not isinstance(x, Tensor)
                or x.dim() != 2 + len(wanted)
                or (x.shape[0], *x.shape[2:]) != (len(self), *wanted)
            ):
                got = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
                words = ", ".join(map(str, (len(self), "batch", *wanted)))
                raise CompileError(
                    f"input {name!r} must be ({words}), one batch for each individual, not {got}; where all are to "
                    'read the same, compile with inputs="shared"'
                )
            yield x.transpose(0, 1).flatten(1, 2)

    # along with the graphs

    def hold(self, unread: tuple[tuple, ...] = ()) -> None:
        holding = PopulationHolding(self)
        self.__dict__.update(holding=holding, _forwards=Forwards(holding), number=number(self))
        self.__dict__["individuals"] = ()
        self.enlist()
        if "slots" in self.__dict__:
            holding.install(self.slots)
            self.wire()
            self.catch_up()

    def install(self, snapshot: Snapshot, program: Program, assembly: Assembly) -> None:
        self.enlist()
        super().install(snapshot, program, assembly)

    def enlist(self) -> None:
        """Have an individual for each graph, the same as before for those that had one."""
        before = self.individuals
        if len(before) == len(self.graphs) and all(map(is_, (one.graph for one in before), self.graphs)):
            return
        known = {id(one.graph): one for one in self.individuals}
        for at, graph in enumerate(self.graphs):
            one = known.get(id(graph))
            if one is None:
                known[id(graph)] = one = Individual(graph, at, self.holding)
                graph.changes.subscribe(one)
            one.index = at
        self.__dict__["individuals"] = individuals = tuple(known[id(graph)] for graph in self.graphs)
        self.holding.enlist(individuals)

    def catch_up(self, version: int | None = None, writes: int | None = None) -> None:
        """Count as fresh: what the population has is what the graphs are."""
        for one in self.holding.stale_ones():
            one.graph.changes.clock.note(one)

    @property
    def stale_by(self) -> Literal["structure", "values"] | None:
        """What of any graph has changed since the population was compiled or refreshed; structure, where both have."""
        if self.holding.fresh:
            return None
        return "values" if self._edited() is None else "structure"

    def _edited(self) -> int | None:
        """The first individual whose structure has changed."""
        clocks = ((one.index, one, one.graph.changes.clock) for one in self.individuals)
        return next((index for index, one, clock in clocks if clock.noted(one)[0] != clock.version), None)

    def refuse_stale(self) -> NoReturn:
        edited = self._edited()
        if edited is None:
            raise StaleError(
                "values of some of the graphs have been written since the population was compiled or refreshed: call "
                "population.refresh(), which loads them and keeps every Parameter and the optimizer as they are"
            )
        raise StaleError(
            f"individual {edited} has been edited since the population was compiled or refreshed: call "
            "population.refresh(optimizer), or population.refresh() where nothing is being trained"
        )

    def refresh(
        self,
        optimizer: torch.optim.Optimizer | None = None,
        group: int | None = None,
        newborns: Literal["own", "inherited"] = "own",
        graphs: Iterable[Any] | None = None,
    ) -> None:
        """Follow the graphs: run what they are now, with the values and optimizer state of everything that survived.

        Parameters
        ----------
        optimizer, group, newborns
            As in `CompiledNetwork.refresh`.
        graphs
            The individuals from now on, in the order of the outputs; None: those there are. Who stays keeps all it
            has, wherever it stands; who leaves has its values written back and is let go; who comes brings its own,
            and its numbers are newborn for the optimizer, but for those of a `copy()` of one that was there: they go
            on with the state of those that they are copies of.

        Raises
        ------
        CompileError
            As `compiler.compile_population`, and where the optimizer cannot follow; nothing is changed.
        """
        from .refresh import refresh

        refresh(self, optimizer, group, newborns, graphs)

    def write_back(self) -> int:
        """Write what training has moved into the graphs; returns how many numbers were written.

        There is seldom a need to: whatever reads or saves a graph's values has them written back first.

        Raises
        ------
        CompileError
            Where the values of a graph belong to another network, or to none; naming the individual.
        StaleError
            Where the structure of a graph has been edited since.
        """
        for one in self.individuals:
            if one.graph.owner is not self:
                raise CompileError(
                    f"individual {one.index}: the values of this graph do not belong to this population any more, so "
                    "it does not write them: call population.graph.own(population) first to let it"
                )
        if self.stale_by == "structure":
            self.refuse_stale()
        return self.graph.write_back()

    def let_go(self) -> None:
        """Write back and hold the values no longer of those graphs whose values this holds."""
        for graph in self.graphs:
            if graph.owner is self:
                graph.release()

    # what it is

    def report(self) -> str:
        """The program in words: who runs with whom, and per stage its neurons, products, lowering and cost."""
        own = "" if self.shared else ", inputs of their own"
        return f"{self.arrangement}{own}\n{super().report()}"

    def act(self, *inputs: Any) -> Any:
        """Refused: `compiler.Actor(graph)` acts for one individual."""
        raise CompileError(f"{_ONE}; compiler.Actor(population.graphs[0]) acts for one without")

    def observe(self, batches: Any, *, loss: Any = None, activations: Any = False) -> Observations:
        """Refused: statistics are those of one network."""
        raise CompileError(_ONE)

    def portable(self) -> torch.fx.GraphModule:
        """Refused: a file holds one network."""
        raise CompileError(_ONE)

    def __getstate__(self) -> dict:
        from ..runtime.copies import taken_along

        if self.stale:
            self.refuse_stale()
        return taken_along(self) | {"_owned": self.owns}

    def __setstate__(self, held: dict) -> None:
        owned = held.pop("_owned")
        torch.nn.Module.__setstate__(self, held)
        self.hold()
        if owned:
            self.graph.own(self)
