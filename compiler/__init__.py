"""The compiler: how a network of neurons runs, at the speed of the hardware, in PyTorch."""

import neurograph  # noqa: F401  (first: makes this module's plain name an alias of the real one)

from . import exports
from .build import compile
from .compiled import CompiledNetwork
from .lifting import from_onnx, lift
from .lowering.rates import Calibration
from .population.build import compile_population
from .population.network import CompiledPopulation
from .reference import reference
from .runtime.acting import Actor
from .runtime.state import State
from .statistics.absent import AbsentGradients, absent_gradients
from .statistics.bottlenecks import Bottleneck, bottlenecks
from .statistics.examples import examples
from .statistics.record import record
from .statistics.strongest import strongest_absent
from .statistics.utility import RunningUtility
from .sync.ema import EMA

__all__ = [
    "EMA",
    "AbsentGradients",
    "Actor",
    "Bottleneck",
    "Calibration",
    "CompiledNetwork",
    "CompiledPopulation",
    "RunningUtility",
    "State",
    "absent_gradients",
    "bottlenecks",
    "compile",
    "compile_population",
    "examples",
    "exports",
    "from_onnx",
    "lift",
    "record",
    "reference",
    "strongest_absent",
]
