"""What is known about a network, as plain data."""

from dataclasses import dataclass, field

from compiler.planning.program import PartPlan, Program


@dataclass(frozen=True)
class Population:
    """One population.

    Parameters
    ----------
    name
        Its name.
    neurons
        How many.
    part
        "input", "hidden", "output", or "input and output".
    kinds
        What its neurons are: shapes, norms, activations, aggregations, dropouts, each once.
    biased
        How many have a bias.
    parameters, frozen
        Trained and frozen numbers of its neurons and of the synapses that lead to them.
    """

    name: str
    neurons: int
    part: str
    kinds: tuple[str, ...]
    biased: int
    parameters: int
    frozen: int


@dataclass(frozen=True)
class Wiring:
    """All synapses of one sort from one population to another.

    Parameters
    ----------
    source, target
        The populations.
    what
        "weights", "identity", "3x3 kernels of (8, 8)", ...
    synapses, frozen
        How many, and how many of them are not trained.
    density
        How many there are for each pair of neurons.
    mean, deviation
        Of the numbers in their weights; None where there are none.
    parts
        The products that would run them.
    """

    source: str
    target: str
    what: str
    synapses: int
    frozen: int
    density: float
    mean: float | None
    deviation: float | None
    parts: tuple[PartPlan, ...] = field(repr=False)


@dataclass(frozen=True)
class Growth:
    """The journal, summed up.

    Parameters
    ----------
    entries, undone
        How many edits are in it, and how many were undone.
    verbs
        Edit -> how often.
    neurons_born, neurons_died, synapses_born, synapses_died
        Over all entries.
    latest
        The last few, in words.
    """

    entries: int
    undone: int
    verbs: dict[str, int]
    neurons_born: int
    neurons_died: int
    synapses_born: int
    synapses_died: int
    latest: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """A network at one moment; printing it shows everything.

    Parameters
    ----------
    name
        Of the graph; may be empty.
    neurons, synapses
        How many.
    parameters, frozen
        Trained and frozen numbers; running statistics are neither.
    depth
        Synapses on the longest path.
    populations
        In the order they were added.
    wiring
        In the order it runs.
    growth
        Its journal.
    program
        How it would run, or None where it cannot be compiled.
    refusal
        Why not, in words.
    """

    name: str
    neurons: int
    synapses: int
    parameters: int
    frozen: int
    depth: int
    populations: tuple[Population, ...]
    wiring: tuple[Wiring, ...]
    growth: Growth
    program: Program | None = field(repr=False)
    refusal: str

    def __str__(self) -> str:
        from compiler.inspection.tables import plain

        return plain(self)
