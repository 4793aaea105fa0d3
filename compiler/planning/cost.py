"""Which lowering is cheapest, by the formulas that each states and by a machine's rates.

The formulas give one training step (forward and backward) of a layer, in seconds. The density alone never decides: a
call has a price, so has a value moved, and both depend on the batch.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from neurograph.errors import CompileError

from ..lowering import SHIPPED
from ..lowering.rates import GATHER, Calibration, Rates
from ..lowering.spec import BundleSpec


def rates_of(lowerings: Iterable[Any]) -> list[Rates]:
    """The rates that some lowerings and the picking of neurons go by, each once."""
    return list(dict.fromkeys([*(rates for lowering in lowerings for rates in lowering.rates), GATHER]))


def shipped_rates(device: str) -> dict[str, float]:
    """Every rate of this package, as shipped for a type of device."""
    return {name: seconds for rates in rates_of(SHIPPED) for name, seconds in rates.shipped(device).items()}


def later_rates(families: Iterable[Rates]) -> dict[str, float]:
    """What rates are by figures from before there were any for them."""
    return {name: seconds for rates in families for name, seconds in rates.later.items()}


CPU = Calibration("cpu, 2 cores with AVX-512, MKL", shipped_rates("cpu"))
CUDA = Calibration("cuda: rates of one H200, feature maps estimated", shipped_rates("cuda"), "cuda")
CHANGED = {"grouped_call": 40e-6, "grouped_value": 0.7e-9}  # as they were first shipped
FIRST = Calibration(
    "cpu, as first shipped", CPU.rates | later_rates(rates_of(SHIPPED)) | CHANGED
)  # of runs without any


def default_calibration(device: str) -> Calibration:
    """The figures for a type of device ("cpu", "cuda")."""
    return CPU if device == "cpu" else CUDA


def legal(lowerings: Iterable[Any], spec: BundleSpec) -> list[Any]:
    """The lowerings that accept such a bundle."""
    return [lowering for lowering in lowerings if lowering.refuses(spec) is None]


def price(lowerings: Iterable[Any], spec: BundleSpec, calibration: Calibration) -> np.ndarray:
    """Seconds of the cheapest legal lowering, for every bundle of a spec that holds arrays."""
    found = [np.asarray(lowering.cost(spec, calibration), float) for lowering in legal(lowerings, spec)]
    if not found:
        return np.full(np.shape(spec.synapses), np.inf)
    return np.minimum.reduce(found)


def offers(
    lowerings: Iterable[Any], spec: BundleSpec, calibration: Calibration, pinned: str | None, where: str
) -> list[tuple[float, Any]]:
    """The lowerings that can run one bundle, and their predicted seconds.

    Parameters
    ----------
    lowerings
        Those to choose from.
    spec
        The bundle.
    calibration
        The machine.
    pinned
        The name of the only one wanted, or None.
    where
        The bundle in words, for errors.

    Raises
    ------
    CompileError
        Where the pinned one does not exist or refuses the bundle, with its reason.
    """
    lowerings = list(lowerings)
    if pinned is not None:
        found = {lowering.name: lowering for lowering in lowerings}.get(pinned)
        if found is None:
            raise CompileError(
                f"{where}: no lowering is called {pinned!r}; there are {', '.join(x.name for x in lowerings)}"
            )
        if reason := found.refuses(spec):
            fit = ", ".join(x.name for x in legal(lowerings, spec))
            raise CompileError(f"{where}: lowering {pinned!r} cannot run it: {reason}; {fit} can")
        return [(float(found.cost(spec, calibration)), found)]
    made = [(float(x.cost(spec, calibration)), x) for x in lowerings if x.refuses(spec) is None]
    if not made:
        reasons = "; ".join(f"{x.name}: {x.refuses(spec)}" for x in lowerings)
        raise CompileError(f"{where}: no lowering can run it ({reasons})")
    return made


def format_seconds(seconds: float) -> str:
    """Seconds as people read them: microseconds, or milliseconds from one on."""
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
