"""Whose weights newborn neurons take: MetaNet's weights learning, one method a file.

A new one is a file here and a line below; `Newborns` says what it answers. One with options is a frozen dataclass, and
stands below with its defaults.
"""

from dataclasses import is_dataclass, replace
from typing import Any

from neurograph.errors import OptionError
from neurograph.initializers.newborns.base import Growth, NewbornInitializer, Newborns
from neurograph.initializers.newborns.firefly import Firefly
from neurograph.initializers.newborns.fresh import Fresh
from neurograph.initializers.newborns.gradmax import GradMax
from neurograph.initializers.newborns.kernel_ridge import KernelRidge
from neurograph.initializers.newborns.random_parameterization import random_parameterization
from neurograph.initializers.newborns.representational_power import (
    higher_representational_power,
    representational_power,
)
from neurograph.registry import Registry

NEWBORN_INITIALIZERS: Registry[NewbornInitializer] = Registry(
    "neurograph.newborns",
    {
        "random": random_parameterization,
        "representational": higher_representational_power,
        "kernel_ridge": KernelRidge(),
        "fresh": Fresh(),
        "gradmax": GradMax(),
        "firefly": Firefly(),
    },
    fits=callable,
)


def newborn_initializer(name: str, **options: Any) -> NewbornInitializer:
    """The initializer of that name with these options; raises `OptionError` naming those there are.

    Examples
    --------
    >>> newborn_initializer("kernel_ridge", ridge=0.5)
    KernelRidge(ridge=0.5, bandwidth=None, noise=0.0)
    """
    if name not in NEWBORN_INITIALIZERS:
        raise OptionError(f"no initializer {name!r} of newborns; there are {', '.join(NEWBORN_INITIALIZERS)}")
    found: Any = NEWBORN_INITIALIZERS[name]
    if not options:
        return found
    if not is_dataclass(found) or isinstance(found, type):
        raise OptionError(f"initializer {name!r} has no options, and was given {', '.join(options)}")
    try:
        chosen: Any = replace(found, **options)
    except TypeError as err:
        raise OptionError(f"initializer {name!r}: {err}") from None
    return chosen


__all__ = [
    "NEWBORN_INITIALIZERS",
    "Firefly",
    "Fresh",
    "GradMax",
    "Growth",
    "KernelRidge",
    "NewbornInitializer",
    "Newborns",
    "higher_representational_power",
    "newborn_initializer",
    "random_parameterization",
    "representational_power",
]
