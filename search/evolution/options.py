"""Options of an evolution: sizes, rates and objectives; and how individuals learn between generations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from neurograph.errors import OptionError

from ...compiler.statistics.batches import refuse_infinite

LEAST = {"population": 1, "generations": 0, "elite": 0, "racing": 0, "again": 0, "seed": 0} | dict.fromkeys(
    ("islands", "migration", "migrants", "ahead"), 1
)
REPLACEMENT = ("generational", "steady")
INHERITANCE = ("lamarckian", "baldwinian")


@dataclass(frozen=True)
class EvolutionOptions:
    """Options of an evolution of whole graphs.

    Parameters
    ----------
    population, generations
        Individuals, and how often they are renewed at most.
    elite
        How many of the best stay as they are.
    crossover
        The chance that a child has two parents.
    mutation
        The chance that a child is mutated.
    objectives
        Name -> weight of what the fitness function returns, in its order: positive where more is better.
    goal
        The first objective's value at which the search is done; None: it goes on.
    racing
        For a fitness that is noisy: rounds in which the better half of those that are left is evaluated again, of the
        newborns of each generation; what counts is the mean.
    again
        For a fitness that is noisy: how often those that live on are evaluated again in each generation, so that nobody
        stays for a lucky draw; what counts is the mean of all their evaluations.
    chunk
        How many newborns are compiled, trained and evaluated together; None: all of a generation. What comes of a
        search depends on it in the last bits of its numbers, and not on where the chunks were worked out.
    seed
        Of everything that is drawn.
    islands, migration, migrants
        How many populations there are, each of `population`; after how many generations the best of each go to the
        next one; and how many these are.
    replacement
        "generational": children replace everyone but the elite at once. "steady": each takes its place when it is
        scored, in whatever order, and a child is born for it; see `SteadyState`.
    ahead
        With "steady": how many individuals are under way at any time; a few for each worker.

    Raises
    ------
    OptionError
        A number that makes no sense; options that do not go together.
    """

    population: int = 150
    generations: int = 50
    elite: int = 1
    crossover: float = 0.5
    mutation: float = 1.0
    objectives: Mapping[str, float] = field(default_factory=lambda: {"fitness": 1.0})
    goal: float | None = None
    racing: int = 0
    again: int = 0
    seed: int = 0
    chunk: int | None = None
    islands: int = 1
    migration: int = 5
    migrants: int = 1
    replacement: str = "generational"
    ahead: int = 8

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise OptionError(f"{name} must be a whole number of at least {least}, not {value!r}")
        if self.chunk is not None and (
            isinstance(self.chunk, bool) or not isinstance(self.chunk, int) or self.chunk < 1
        ):
            raise OptionError(f"chunk must be None or a whole number of at least 1, not {self.chunk!r}")
        if self.elite > self.population:
            raise OptionError(f"elite={self.elite} is more than population={self.population}")
        for name in ("crossover", "mutation"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise OptionError(f"{name} must be a chance from 0 to 1, not {value!r}")
        if not self.objectives or not all(self.objectives.values()):
            raise OptionError(
                f"objectives must name at least one, each with a weight that is not 0: {self.objectives!r}"
            )
        self._check_together()

    def _check_together(self) -> None:
        if self.replacement not in REPLACEMENT:
            raise OptionError(f"replacement must be one of {', '.join(REPLACEMENT)}, not {self.replacement!r}")
        if self.islands > 1 and self.migrants > self.population:
            raise OptionError(f"migrants={self.migrants} is more than population={self.population}")
        odd = [
            name
            for name, plain in (("chunk", None), ("racing", 0), ("again", 0), ("islands", 1))
            if getattr(self, name) != plain
        ]
        if self.replacement == "steady" and odd:
            given = f"{odd[0]}={getattr(self, odd[0])!r}"
            raise OptionError(f"replacement='steady' has no generations, and {given} is about them: leave it out")


@dataclass(frozen=True)
class Learning:
    """Gradient training of a whole population between its birth and its evaluation.

    Parameters
    ----------
    data
        x, or x and y, that all individuals read: tensors of as many rows.
    loss
        Takes (output, y), or (output) where there is no y, of one individual, and returns a scalar; it has to be one
        that `torch.vmap` takes, as torch's losses are.
    steps
        Of the optimizer, each generation, for those that are new; None: as many as the budget allows.
    time
        Whether tensors are (time, rows, ...), for individuals that remember: gradients go back through all steps.
    flops, seconds
        Budgets for all newborns of a generation together, one step at least: floating-point operations, six for each
        synapse and row of a step; seconds, which no two runs divide alike.
    rate
        Its learning rate.
    optimizer
        A class of `torch.optim` that treats every number on its own.
    batch
        Rows a step, drawn anew for each; None: all.
    inheritance
        "lamarckian": what is learned is the genome's. "baldwinian": it counts for the fitness and is forgotten.

    Raises
    ------
    OptionError
        A number, or a word, that makes no sense; tensors that differ in rows.
    """

    data: tuple[Tensor, ...] | Tensor
    loss: Callable[..., Tensor]
    steps: int | None = 20
    rate: float = 0.01
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    batch: int | None = None
    inheritance: Literal["lamarckian", "baldwinian"] = "lamarckian"
    flops: float | None = None
    seconds: float | None = None
    time: bool = False

    def __post_init__(self) -> None:
        if self.inheritance not in INHERITANCE:
            raise OptionError(f"inheritance must be one of {', '.join(INHERITANCE)}, not {self.inheritance!r}")
        if self.steps is None and self.flops is None and self.seconds is None:
            raise OptionError("steps=None needs a budget: give flops= or seconds=")
        for name, value in (("flops", self.flops), ("seconds", self.seconds)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
                raise OptionError(f"{name} must be None or above 0, not {value!r}")
        for name, value in (
            ("steps", 1 if self.steps is None else self.steps),
            ("batch", 1 if self.batch is None else self.batch),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise OptionError(f"{name} must be a whole number of at least 1, not {value!r}")
        if not isinstance(self.rate, int | float) or not self.rate > 0:
            raise OptionError(f"rate must be above 0, not {self.rate!r}")
        for at, tensor in enumerate(self.tensors):
            if not isinstance(tensor, Tensor) or not tensor.dim():
                raise OptionError(f"data must be tensors with a row an example, not {type(tensor).__name__}")
            refuse_infinite(tensor, f"data[{at}]")
        rows = {len(t) for t in self.tensors}
        if len(rows) != 1 or not rows.pop():
            raise OptionError(f"data must be tensors of as many rows, and they have {[len(t) for t in self.tensors]}")

    @property
    def tensors(self) -> tuple[Any, ...]:
        """x, or x and y."""
        return (self.data,) if isinstance(self.data, Tensor) else tuple(self.data)
