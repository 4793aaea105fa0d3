"""Lower representational power: the neurons whose activations vary least."""

from dataclasses import dataclass

import numpy as np

from neurograph.edits.selectors.base import Selection
from neurograph.initializers.newborns import representational_power
from neurograph.options import number, one_of, whole

MEASURES = ("mean", "share", "count")


@dataclass(frozen=True)
class LowRepresentationalPower:
    """w~_l = F_low(w_l, nu), MetaNet's eq. 14: neurons whose activation variance is below a level nu.

    The paper does not say in what nu is measured; here it can be any of three.

    Parameters
    ----------
    nu
        The level.
    measure
        "mean": neurons go whose variance is below nu times the population's mean variance. "share": the nu-th part of
        the population goes, rounded down, the least varying first. "count": nu neurons go.

    Raises
    ------
    OptionError
        A level that is negative, a share above one, a count that is not whole.

    Examples
    --------
    >>> from neurograph.analysis.observations import Observations
    >>> seen = Observations(np.arange(4), np.zeros(4), np.array([1.0, 0.02, 1.0, 0.01]))
    >>> selection = Selection(None, np.arange(4), np.random.default_rng(0), seen)
    >>> LowRepresentationalPower(nu=0.1)(selection).tolist()
    [3, 1]
    >>> LowRepresentationalPower(nu=1, measure="count")(selection).tolist()
    [3]
    """

    nu: float = 0.1
    measure: str = "mean"

    def __post_init__(self) -> None:
        one_of("measure", self.measure, MEASURES)
        if self.measure == "count":
            whole("nu", self.nu, 0)
        else:
            number("nu", self.nu, 0.0, 1.0 if self.measure == "share" else float("inf"))

    def __call__(self, selection: Selection) -> np.ndarray:
        power = representational_power(selection.observations, selection.keys)
        ranking = np.argsort(power, kind="stable")
        if self.measure == "mean":
            count = int((power < self.nu * power.mean()).sum())
        else:
            count = int(self.nu * len(power)) if self.measure == "share" else int(self.nu)
        return selection.keys[ranking[:count]]
