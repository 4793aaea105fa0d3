"""DEAP's toolbox with the operators of the paper, each to be replaced by registering another."""

import numpy as np
from deap import base, tools

from . import operators
from .genes import Space
from .options import EvolutionOptions


def make_toolbox(space: Space, options: EvolutionOptions | None = None) -> base.Toolbox:
    """The paper's operators, as the search calls them.

    | name | is called as | returns |
    |---|---|---|
    | `individual` | `individual()` | a new `Individual` |
    | `mate` | `mate(first, second)` | two, of which the first is taken; they may be changed in place |
    | `mutate` | `mutate(individual)` | a tuple of one; it may be changed in place |
    | `select` | `select(individuals, count)` | the best, the very best first |
    | `evaluate` | `evaluate(turn)` | see `search.nhn.locations.turns`; registered by `search` where you have not |
    | `map` | `map(evaluate, turns)` | results in order; an executor's, where `search` is given one |

    A turn of one reads as its individual's genes do, and (error,) is an answer, so DEAP's `evaluate(individual)` will
    do. DEAP's own operators fit, but draw from Python's global `random`: register functions that draw from
    `toolbox.generator`, and the same seed gives the same search, resumed or not.

    Parameters
    ----------
    space
        Where genomes come from.
    options
        See `EvolutionOptions`.

    Returns
    -------
    deap.base.Toolbox
        With the generator of all its randomness as `generator`.

    Examples
    --------
    >>> from neurograph.search.nhn.locations.genes import Table
    >>> toolbox = make_toolbox(Table((("stem",), ("stem", "layer0"))))
    >>> def flip(individual):
    ...     individual.reverse()
    ...     return (individual,)
    >>> toolbox.register("mutate", flip)
    """
    options = options or EvolutionOptions()
    toolbox, generator = base.Toolbox(), np.random.default_rng(options.seed)
    toolbox.generator = generator  # type: ignore[attr-defined]
    toolbox.register("individual", operators.individual, space, options.absent, generator)
    toolbox.register("mate", operators.recombine, generator=generator)
    toolbox.register(
        "mutate", operators.mutate, space=space, chance=options.mutation, absent=options.absent, generator=generator
    )
    toolbox.register("select", tools.selBest)
    return toolbox
