"""What can be chosen about a search, and the learning rate of a cycle."""

from dataclasses import dataclass
from math import cos, pi

from neurograph.errors import OptionError
from search.options import MOST_SEED, Checked, option


@dataclass(frozen=True)
class EvolutionOptions(Checked):
    """How places and directions of add-on neurons are searched; the defaults are the paper's.

    `option`'s texts below say what each field means. In the paper ("Neuron hierarchical networks", algorithm 1) the
    population is K, the cycles T, training batches M and evaluation batches N.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    strategy: str = option("evolution", "how the next population comes about", choices=("evolution", "random"))
    population: int = option(20, "individuals of a cycle", least=10, reach=100_000)
    cycles: int = option(300, "how often the population is trained, evaluated and renewed", least=1)
    survivors: int = option(10, "the best, which stay", least=4)
    recombined: int = option(5, "newcomers mated from the four best; the rest of the population is renewed", least=0)
    renewal: str = option(
        "regenerate", "how the rest comes about: drawn, or mutated from the best", choices=("regenerate", "mutate")
    )
    absent: float = option(0.8, "chance that a drawn gene is -1", least=0, most=1)
    mutation: float = option(0.1, "chance that a gene is drawn again in a mutation", least=0, most=1)
    distinct: bool = option(True, "whether newcomers equal to someone alive are drawn again")
    train_batches: int = option(25, "training batches of an individual in a cycle", least=0)
    evaluation_batches: int = option(1, "held-out batches an individual is evaluated on in a cycle", least=1)
    evaluation: str = option(
        "own",
        "whether each individual is evaluated on batches of its own, or all of a cycle on the same",
        choices=("own", "shared"),
    )
    learning_rate: float = option(0.05, "of the first cycle", above=0)
    last_learning_rate: float = option(0.001, "of the last cycle; a cosine lies between", least=0)
    sharing: str = option(
        "sequential",
        "how weights are shared: sequential, each individual begins with what the one before left; synchronous, all of "
        "a cycle begin with the same, and what they learned is averaged",
        choices=("sequential", "synchronous"),
    )
    together: int = option(1, "individuals that are handed to the evaluator at once", least=1)
    hall: int = option(10, "best individuals ever that are remembered", least=1)
    checkpoint: int = option(1, "cycles between checkpoints of a run directory", least=1)
    seed: int = option(0, "of everything random", least=0, reach=MOST_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.survivors + self.recombined > self.population:
            raise OptionError(
                f"survivors ({self.survivors}) and recombined ({self.recombined}) are together more than the "
                f"population ({self.population})"
            )


def learning_rate(options: EvolutionOptions, cycle: int) -> float:
    """The learning rate of a cycle, cycles counted from 1: a cosine from the first to the last.

    Examples
    --------
    >>> [round(learning_rate(EvolutionOptions(cycles=3), cycle), 4) for cycle in (1, 2, 3)]
    [0.05, 0.0255, 0.001]
    """
    share = (cycle - 1) / max(options.cycles - 1, 1)
    return options.last_learning_rate + (options.learning_rate - options.last_learning_rate) * 0.5 * (
        1 + cos(pi * share)
    )
