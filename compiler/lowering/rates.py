"""Rates of cost formulas, in seconds per unit of work: shipped beside each formula, measured on each machine.

RATES = Rates("dense", call=(15e-6, 45e-6), product=(63e-12, 0.1e-12), weight=(0.31e-9, 0.001e-9))
call, product, weight = RATES.of(calibration)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from .spec import Number

LARGEST = 1e6  # seconds that a rate may be: sums of rates times sizes stay numbers

Sample = tuple[int, int, float, int] | tuple[int, int, float, int, int]  # see `Lowering.samples`


class Rates:
    """The rates of one formula.

    Parameters
    ----------
    prefix
        What their names in a calibration begin with: "dense" and `call` make "dense_call".
    factors
        Which of them are no seconds but multiply others, and are never measured.
    later
        Those that files from before them lack, and what they are then: what was planned is planned so again.
    shipped
        Name -> seconds on the CPU and on CUDA, or one number for both.

    Examples
    --------
    >>> rates = Rates("toy", call=(1e-6, 2e-6), product=1e-12)
    >>> rates.of(Calibration("cpu"))
    (1e-06, 1e-12)
    >>> rates.of(Calibration("mine", {"toy_call": 5e-6}))
    (5e-06, 1e-12)
    """

    def __init__(
        self,
        prefix: str,
        *,
        factors: Iterable[str] = (),
        later: Mapping[str, float] = MappingProxyType({}),
        **shipped: float | tuple[float, float],
    ) -> None:
        self.prefix = prefix
        pairs = {name: given if isinstance(given, tuple) else (given, given) for name, given in shipped.items()}
        self.cpu = {f"{prefix}_{name}": cpu for name, (cpu, _) in pairs.items()}
        self.cuda = {f"{prefix}_{name}": cuda for name, (_, cuda) in pairs.items()}
        self.factors = frozenset(f"{prefix}_{name}" for name in factors)
        self.later = {f"{prefix}_{name}": seconds for name, seconds in later.items()}

    def shipped(self, device: str) -> dict[str, float]:
        """Name in a calibration -> seconds, for a type of device."""
        return self.cpu if device == "cpu" else self.cuda

    def of(self, calibration: "Calibration") -> tuple[float, ...]:
        """The rates by a calibration, in the order they were declared; those that it does not have are as shipped."""
        found = calibration.taken.get(self.prefix)
        if found is None:
            rates = self.shipped(calibration.device) | calibration.rates
            found = calibration.taken[self.prefix] = tuple(rates[name] for name in self.cpu)
        return found


@dataclass(frozen=True)
class Calibration:
    """Seconds per unit of work on one machine and device.

    Parameters
    ----------
    name
        What it was measured on.
    rates
        Name -> seconds, of every formula it knows: "dense_call", "dense_product", ... A formula whose rates it does not
        know, of a package that was not there, goes by those that it ships.
    device
        "cpu" or "cuda".

    Examples
    --------
    >>> from neurograph.compiler.planning.cost import CPU
    >>> CPU.dense_call, CPU.with_rates(dense_call=1.0).dense_call
    (1.5e-05, 1.0)
    """

    name: str
    rates: dict[str, float] = field(default_factory=dict)
    device: str = "cpu"
    taken: dict[str, tuple[float, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.name, frozenset(self.rates.items()), self.device))

    def __getattr__(self, name: str) -> Any:
        rates = self.__dict__.get("rates", {})
        if name not in rates:
            raise AttributeError(f"there is no rate {name!r} in this calibration")
        return rates[name]

    def with_rates(self, name: str | None = None, /, **rates: float) -> "Calibration":
        """The same with some rates changed, and perhaps another name; `TypeError` for a rate that it does not have."""
        if odd := rates.keys() - self.rates.keys():
            raise TypeError(f"a calibration has no rate {sorted(odd)[0]!r}")
        return replace(self, name=self.name if name is None else name, rates={**self.rates, **rates})


GATHER = Rates("gather", call=(12e-6, 35e-6), value=(1.5e-9, 0.007e-9))


def gathering(calibration: Calibration, values: Number, calls: Number = 1) -> Number:
    """Seconds for picking `values` numbers (neurons times rows) out of blocks, forward and backward."""
    call, value = GATHER.of(calibration)
    return call * calls + value * values
