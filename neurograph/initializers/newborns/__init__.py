"""Whose weights newborn neurons take: MetaNet's weights learning, one method a file.

A new one is a file here and a line below; `Newborns` says what it answers.
"""

from neurograph.errors import OptionError
from neurograph.initializers.newborns.base import Growth, NewbornInitializer, Newborns
from neurograph.initializers.newborns.random_parameterization import random_parameterization
from neurograph.initializers.newborns.representational_power import (
    higher_representational_power,
    representational_power,
)

NEWBORN_INITIALIZERS: dict[str, NewbornInitializer] = {
    "random": random_parameterization,
    "representational": higher_representational_power,
}


def newborn_initializer(name: str) -> NewbornInitializer:
    """The initializer of that name; raises `OptionError` naming those there are."""
    if name not in NEWBORN_INITIALIZERS:
        raise OptionError(f"no initializer {name!r} of newborns; there are {', '.join(NEWBORN_INITIALIZERS)}")
    return NEWBORN_INITIALIZERS[name]


__all__ = [
    "NEWBORN_INITIALIZERS",
    "Growth",
    "NewbornInitializer",
    "Newborns",
    "higher_representational_power",
    "newborn_initializer",
    "random_parameterization",
    "representational_power",
]
