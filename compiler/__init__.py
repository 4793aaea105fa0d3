"""The compiler: how a network of neurons runs, at the speed of the hardware, in PyTorch."""

from compiler import exports
from compiler.build import compile
from compiler.compiled import CompiledNetwork
from compiler.lifting import lift
from compiler.lowering.rates import Calibration
from compiler.population.build import compile_population
from compiler.population.network import CompiledPopulation
from compiler.reference import reference
from compiler.runtime.acting import Actor
from compiler.runtime.state import State
from compiler.statistics.absent import AbsentGradients, absent_gradients
from compiler.statistics.record import record
from compiler.statistics.strongest import strongest_absent
from compiler.statistics.utility import RunningUtility
from compiler.sync.ema import EMA

__all__ = [
    "EMA",
    "AbsentGradients",
    "Actor",
    "Calibration",
    "CompiledNetwork",
    "CompiledPopulation",
    "RunningUtility",
    "State",
    "absent_gradients",
    "compile",
    "compile_population",
    "exports",
    "lift",
    "record",
    "reference",
    "strongest_absent",
]
