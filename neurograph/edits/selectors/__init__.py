"""Which neurons autophagy eats: one way to choose a file.

A new one is a file here and a line below; `Selector` says what it answers.
"""

from collections.abc import Callable
from typing import Any

from neurograph.edits.selectors.base import Selection, Selector
from neurograph.edits.selectors.chance import Chance
from neurograph.edits.selectors.low_contribution import LowContribution
from neurograph.edits.selectors.low_representational_power import LowRepresentationalPower
from neurograph.edits.selectors.low_utility import LowUtility
from neurograph.edits.selectors.weight_density import WeightDensity
from neurograph.edits.selectors.weight_distribution import WeightDistribution
from neurograph.errors import OptionError
from neurograph.registry import Registry

SELECTORS: Registry[Callable[..., Selector]] = Registry(
    "neurograph.selectors",
    {
        "low_representational_power": LowRepresentationalPower,
        "weight_distribution": WeightDistribution,
        "weight_density": WeightDensity,
        "low_contribution": LowContribution,
        "low_utility": LowUtility,
        "chance": Chance,
    },
    fits=callable,
)


def selector(name: str, **options: Any) -> Selector:
    """The selector of that name with these options; raises `OptionError` where there is no such one.

    Examples
    --------
    >>> selector("low_representational_power", nu=0.05)
    LowRepresentationalPower(nu=0.05, measure='mean')
    """
    if name not in SELECTORS:
        raise OptionError(f"no selector {name!r}; there are {', '.join(SELECTORS)}")
    try:
        return SELECTORS[name](**options)
    except TypeError as err:
        raise OptionError(f"selector {name!r}: {err}") from None


__all__ = [
    "SELECTORS",
    "Chance",
    "LowContribution",
    "LowRepresentationalPower",
    "LowUtility",
    "Selection",
    "Selector",
    "WeightDensity",
    "WeightDistribution",
    "selector",
]
