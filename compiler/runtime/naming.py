"""Inputs and outputs by the names of their populations."""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from torch import Tensor

from neurograph.errors import CompileError, did_you_mean


def run_by_name(net: Any, given: Any, *state: Any) -> Any:
    """Run a network with inputs by name.

    Parameters
    ----------
    net
        A `CompiledNetwork`.
    given
        Input population -> tensor, in any order.
    state
        Of a network that remembers, if any.

    Returns
    -------
    tuple
        A named tuple of a tensor per output population, also of a single one; the fields are the populations' names, or
        their places, "_0", where these are no names of Python's. Beside it the next state, where there is one.

    Raises
    ------
    CompileError
        An input that is missing, or that there is none of; as a call with tensors.
    """
    many = len(net.memory.ports) if net.memory else 0
    ports = net.program.inputs, net.program.outputs
    taken, made = (tuple(p.population for p in some[: len(some) - many]) for some in ports)
    found = net(*in_order(given, taken), *state)
    return (by_name(made, found[0]), found[1]) if many else by_name(made, found)


def in_order(given: Mapping[Any, Tensor], names: Sequence[str]) -> tuple[Tensor, ...]:
    """Tensors by name in the order in which a network takes them; `CompileError` where there is one too many or few."""
    wanted = ", ".join(map(repr, names))
    for name in given:
        if name not in names:
            meant = did_you_mean(name, names)
            raise CompileError(f"there is no input population {name!r}{meant}; the network takes {wanted}")
    missing = [name for name in names if name not in given]
    if missing:
        raise CompileError(f"input {missing[0]!r} is missing; the network takes {wanted}")
    return tuple(given[name] for name in names)


def by_name(names: tuple[str, ...], found: Any) -> Any:
    """Outputs as a named tuple; one of them may come bare."""
    return _kind(names)._make(found if isinstance(found, tuple) else (found,))


@lru_cache(maxsize=256)
def _kind(names: tuple[str, ...]) -> Any:
    return namedtuple("Outputs", names, rename=True)
