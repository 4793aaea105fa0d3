"""Functions of the user's own in the place of names: the loss, the measure of errors. No file holds them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from neurograph.errors import OptionError

from .objectives import Objective, objective_of

OWN = {"loss": "a loss", "error": "a measure of errors"}
NOTHING_OWN: Mapping[str, Any] = MappingProxyType({})


class Chosen(Protocol):
    """Options that name a loss and a measure."""

    @property
    def loss(self) -> str: ...
    @property
    def error(self) -> str: ...


def taken_own(settings: dict[str, Any]) -> dict[str, Any]:
    """Take the functions out of settings, so that the rest are options; name -> function."""
    return {name: settings.pop(name) for name in OWN if callable(settings.get(name))}


def given_own(**functions: Any) -> dict[str, Any]:
    """Those that are given, by name; `OptionError` for what cannot be called."""
    odd = next((name for name, f in functions.items() if f is not None and not callable(f)), None)
    if odd is not None:
        raise OptionError(f"{odd} must be a function of answers and targets, not {functions[odd]!r}: names are options")
    return {name: function for name, function in functions.items() if function is not None}


def names_of(own: Mapping[str, Any]) -> dict[str, str]:
    """What a run's configuration says of them."""
    return {f"own_{name}": getattr(f, "__qualname__", type(f).__qualname__) for name, f in own.items()}


def check_own(path: Path, config: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Refuse, by `OptionError`, to go on with a run with other functions than it began with.

    Parameters
    ----------
    path
        Of the run.
    config
        Its configuration.
    own
        name -> function, or None.
    """
    for name, what in OWN.items():
        given, begun = own.get(name) is not None, f"own_{name}" in config
        if given != begun:
            how = f"{what} of its own ({config.get(f'own_{name}')})" if begun else f"{what} by name"
            raise OptionError(f"{path} was begun with {how}: resume it with that")


def objective_with(options: Chosen, own: Mapping[str, Any] = NOTHING_OWN) -> Objective:
    """The objective of the options, functions of one's own going before names."""
    return objective_of(own.get("loss") or options.loss, own.get("error") or options.error)
