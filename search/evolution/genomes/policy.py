"""What mutation may do to a genome, how often, and how far."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from neurograph.errors import OptionError
from neurograph.schema.activations import activation
from neurograph.schema.neuron import AGGREGATIONS

RATES = ("connect", "split", "cut", "add", "remove", "activation", "aggregation", "perturb", "recur")


@dataclass(frozen=True)
class Policy:
    """Rates and limits of mutation; a genome may have several, each for neurons of some populations.

    Parameters
    ----------
    connect
        The chance that a missing synapse is added, wherever no cycle closes.
    split
        That a synapse is split by a new neuron, with weights 1 and what it had (NEAT's).
    cut
        That a synapse is removed.
    add
        That a neuron is added between two that are there.
    remove
        That a hidden neuron is removed.
    activation, aggregation
        That a neuron gets another.
    recur
        That a synapse with a delay is added, which reads the step before: between any two neurons, itself included.
    perturb
        That weights and biases are changed: each gets normal noise of standard deviation `power`, or, by the chance
        `replace`, is drawn anew with standard deviation `spread`. New synapses are drawn with `spread` too.
    power, replace, spread
        See `perturb`.
    activations, aggregations
        What neurons may get.
    population
        What new neurons join.
    bias
        Of new neurons; None: they have none.
    of
        The populations of the neurons that are changed, or that read the synapses that are; None: all.
    neurons, synapses
        How many a genome may have at most; None: no limit.
    from_outputs
        Whether output neurons may be read.

    Raises
    ------
    OptionError
        A rate that is no chance, none above zero, a limit that is no count, a name that is none.
    """

    connect: float = 0.1
    split: float = 0.05
    cut: float = 0.03
    add: float = 0.0
    remove: float = 0.02
    activation: float = 0.0
    aggregation: float = 0.0
    perturb: float = 0.8
    recur: float = 0.0
    power: float = 0.5
    replace: float = 0.1
    spread: float = 1.0
    activations: Sequence[str] = ("tanh",)
    aggregations: Sequence[str] = ("sum",)
    population: str = "hidden"
    bias: float | None = 0.0
    of: Sequence[str] | None = None
    neurons: int | None = None
    synapses: int | None = None
    from_outputs: bool = False

    def __post_init__(self) -> None:
        for name in (*RATES, "replace"):
            if not _number(value := getattr(self, name)) or not 0 <= value <= 1:
                raise OptionError(f"{name} must be a chance from 0 to 1, not {value!r}")
        if not any(getattr(self, name) for name in RATES):
            raise OptionError(f"every rate is 0, so nothing would ever change: give one of {', '.join(RATES)}")
        for name in ("power", "spread"):
            if not _number(value := getattr(self, name)) or not value >= 0:
                raise OptionError(f"{name} must be a standard deviation of at least 0, not {value!r}")
        for name in ("neurons", "synapses"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise OptionError(f"{name} must be None or a whole number of at least 0, not {value!r}")
        self._check_names()

    def _check_names(self) -> None:
        for name in ("activations", "aggregations", "of"):
            value = getattr(self, name)
            if isinstance(value, str) or (value is not None and not len(value)):
                raise OptionError(f"{name} must be a list of names, not {value!r}")
        for one in self.activations:
            activation(one)
        for one in self.aggregations:
            if one not in AGGREGATIONS:
                raise OptionError(f"aggregations must be among {', '.join(AGGREGATIONS)}, not {one!r}")

    def __str__(self) -> str:
        changed = [f for f in fields(self) if getattr(self, f.name) != f.default]
        return f"Policy({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in changed)})"


def as_policies(policies: Policy | Sequence[Policy] | None) -> list[Policy]:
    """Policies as a list: one by itself, the default one where there is none."""
    if policies is None or isinstance(policies, Policy):
        return [policies or Policy()]
    return list(policies)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
