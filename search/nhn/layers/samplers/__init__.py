"""Ways to choose which networks of a space to look at; a new one is a file and a line here."""

from collections.abc import Callable, Mapping

from neurograph.errors import OptionError
from neurograph.registry import Registry

from ..space import MacroSpace
from .base import Sampler
from .chance import Chance
from .controller import Controller
from .evolution import Evolution

SAMPLERS: Registry[Callable[..., Sampler]] = Registry(
    "neurograph.samplers", {"controller": Controller, "evolution": Evolution, "random": Chance}, fits=callable
)

__all__ = ["SAMPLERS", "Chance", "Controller", "Evolution", "Sampler", "make_sampler"]


def make_sampler(name: str, space: MacroSpace, seed: int, options: Mapping[str, float]) -> Sampler:
    """A sampler by name, with options of its own.

    Raises
    ------
    OptionError
        No such sampler; an option that it does not have.

    Examples
    --------
    >>> make_sampler("evolution", MacroSpace(), 0, {"population": 20}).space.layers
    12
    """
    if name not in SAMPLERS:
        raise OptionError(f"no sampler {name!r}; there are {', '.join(SAMPLERS)}")
    return SAMPLERS[name](space, seed, **options)
