"""A fitness of DEAP's that statistics can be made of at any time."""

from math import nan
from typing import Any

from deap import base


class Fitness(base.Fitness):
    """As DEAP's; of an individual that was not evaluated yet the values are NaN, as many as there are objectives.

    DEAP's own has none then, so that a `tools.Statistics` over a population with newcomers cannot put its values side
    by side. `valid` says which they are, as ever.
    """

    weights = (1.0,)

    def _read(self) -> tuple[float, ...]:
        return self.getValues() if self.valid else (nan,) * len(self.weights)

    def _write(self, values: Any) -> None:
        self.setValues(values)

    def _clear(self) -> None:
        self.delValues()

    values = property(_read, _write, _clear, base.Fitness.values.__doc__)
