"""What can be chosen about a search, and the learning rate of a cycle."""

from dataclasses import dataclass
from math import cos, pi
from typing import Any

from neurograph.errors import OptionError

from ...options import MOST_RATE, MOST_SEED, Checked, option


@dataclass(frozen=True)
class EvolutionOptions(Checked):
    """How places and directions of add-on neurons are searched.

    `option`'s texts below say what each field means. In the paper ("Neuron hierarchical networks", algorithm 1) the
    population is K, the cycles T, training batches M and evaluation batches N. It ranks individuals by their error on
    one batch each, after ten batches at a rate of 0.05, which hardly ranks them at all; `PAPER` holds what it sets
    otherwise than the defaults do.

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
        "mutate", "how the rest comes about: drawn, or mutated from the best", choices=("regenerate", "mutate")
    )
    absent: float = option(0.8, "chance that a drawn gene is -1", least=0, most=1)
    mutation: float = option(0.1, "chance that a gene is drawn again in a mutation", least=0, most=1)
    distinct: bool = option(True, "whether newcomers equal to someone alive are drawn again")
    train_batches: int = option(25, "training batches of an individual in a cycle", least=0)
    evaluation_batches: int = option(
        1, "held-out batches an individual is evaluated on in a cycle; evaluation=whole takes all", least=1
    )
    evaluation: str = option(
        "whole",
        "whole: each individual on everything held out, ranked by its loss; ranked by its error, own: each on batches "
        "of its own, or shared: all of a cycle on the same",
        choices=("whole", "own", "shared"),
    )
    racing: int = option(
        10,
        "with evaluation=whole: training batches of the first round of the race that ranks the best in the end; the "
        "better half has twice as many in the next; 0 ranks them as the search left them",
        least=0,
        before=0,
    )
    learning_rate: float = option(0.01, "of the first cycle", above=0, reach=MOST_RATE)
    last_learning_rate: float = option(0.001, "of the last cycle; a cosine lies between", least=0, reach=MOST_RATE)
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

    @property
    def by_loss(self) -> bool:
        """Whether individuals are ranked by their loss first."""
        return self.evaluation == "whole"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.survivors + self.recombined > self.population:
            raise OptionError(
                f"survivors={self.survivors} and recombined={self.recombined} are together more than "
                f"population={self.population}"
            )


PAPER: dict[str, Any] = {"renewal": "regenerate", "evaluation": "own", "learning_rate": 0.05}


def learning_rate(options: EvolutionOptions, cycle: int) -> float:
    """The learning rate of a cycle, cycles counted from 1: a cosine from the first to the last.

    Examples
    --------
    >>> [round(learning_rate(EvolutionOptions(cycles=3), cycle), 4) for cycle in (1, 2, 3)]
    [0.01, 0.0055, 0.001]
    """
    share = (cycle - 1) / max(options.cycles - 1, 1)
    return options.last_learning_rate + (options.learning_rate - options.last_learning_rate) * 0.5 * (
        1 + cos(pi * share)
    )
