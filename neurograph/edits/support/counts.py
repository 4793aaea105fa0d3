"""How many neurons a population grows by: a constant, or MetaNet's eq. 2."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor
from typing import Protocol

import numpy as np

from neurograph.errors import OptionError
from neurograph.options import number, whole


class CountPolicy(Protocol):
    """From how many neurons a population has to how many it gets."""

    def __call__(self, size: int, /) -> int:
        """At least 1."""
        ...


def error_variance(errors: Sequence[float]) -> float:
    """Var(E) of MetaNet's eq. 2: the variance of the errors of a metabolism cycle's epochs, c_b to c_g.

    Parameters
    ----------
    errors
        In percent, one for each epoch of the cycle. The unit matters: in percent a steady error gives a variance near 0
        and a falling one a variance above 1, so exp(-Var) tells them apart; as fractions every variance is near 0.

    Returns
    -------
    float
        Of the population (divided by n), in squared percent.

    Examples
    --------
    >>> error_variance([4.0, 2.0])
    1.0
    """
    return float(np.var(np.asarray(errors, np.float64)))


def dynamic_count(constant: int, rate: float, variance: float) -> int:
    """P_l = c_l (1 + exp(-theta_l Var(E))), MetaNet's eq. 2 with the paper's f, rounded to the nearest whole number.

    Parameters
    ----------
    constant
        c_l: a population grows by this many at least, and by twice as many at most.
    rate
        theta_l, the dynamic proliferation rate; the paper takes 1.
    variance
        Of the errors in percent; see `error_variance`.

    Examples
    --------
    >>> dynamic_count(8, 1.0, 0.0), dynamic_count(8, 1.0, 0.5), dynamic_count(8, 1.0, 50.0)
    (16, 13, 8)
    """
    return floor(constant * (1.0 + exp(-rate * variance)) + 0.5)


@dataclass(frozen=True)
class DynamicCount:
    """A count for `Proliferate` by how the error went: many newborns where it stands still, few where it falls.

    Parameters
    ----------
    constant
        c_l, at least 1.
    errors
        In percent, one for each epoch of the cycle, at least two; above 100 where what is measured can be (regression).
    rate
        theta_l, not negative.

    Raises
    ------
    OptionError
        Impossible values.

    Examples
    --------
    >>> DynamicCount(8, errors=[9.0, 9.0, 9.0])(size=64), DynamicCount(8, errors=[30.0, 9.0, 5.0])(size=64)
    (16, 8)
    """

    constant: int
    errors: Sequence[float]
    rate: float = 1.0

    def __post_init__(self) -> None:
        whole("constant", self.constant, 1)
        number("rate", self.rate, 0.0)
        object.__setattr__(self, "errors", tuple(number("errors", error, 0.0) for error in self.errors))
        if len(self.errors) < 2:
            raise OptionError(f"a variance needs the errors of two epochs at least, and there are {len(self.errors)}")

    def __call__(self, size: int) -> int:
        return dynamic_count(self.constant, self.rate, error_variance(self.errors))
