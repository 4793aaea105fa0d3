"""What a toolbox's operators answer, held against what the search needs of them: they may be a user's."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurograph.errors import OptionError

from .individual import Individual


def drawn(operator: Callable[[], Any]) -> Individual:
    """The newcomer that `individual` drew."""
    found = operator()
    if not isinstance(found, Individual):
        raise OptionError(f"the toolbox's individual must give an Individual of genes, not {_shown(found)}")
    return found


def selected(operator: Callable, population: Sequence[Individual], count: int) -> list[Individual]:
    """Exactly `count` individuals that `select` chose, in its order."""
    found = operator(population, count)
    if not _is_sequence(found) or not all(isinstance(one, Individual) for one in found):
        raise OptionError(f"the toolbox's select must give a list of {count} individuals, not {_shown(found)}")
    if len(found) != count:
        raise OptionError(
            f"the toolbox's select gave {len(found)} individuals of {len(population)}, and survivors={count} were "
            "asked for: it must give as many as its second argument says"
        )
    return list(found)


def mated(operator: Callable, first: Individual, second: Individual) -> Sequence[int]:
    """Genes of the first child that `mate` made of two parents."""
    return _first("mate", operator(first, second), "two individuals")


def mutated(operator: Callable, parent: Individual) -> Sequence[int]:
    """Genes of what `mutate` made of a parent."""
    return _first("mutate", operator(parent), "a tuple of one individual, as DEAP's do")


def _first(name: str, found: Any, wanted: str) -> Sequence[int]:
    if not _is_sequence(found) or not len(found) or not _is_sequence(found[0]):
        raise OptionError(f"the toolbox's {name} must give {wanted}, not {_shown(found)}")
    return found[0]


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
