"""The compiler: how a network of neurons runs, at the speed of the hardware, in PyTorch."""

from compiler import exports
from compiler.build import compile
from compiler.cost import Calibration
from compiler.ema import EMA
from compiler.lifting import lift
from compiler.network import CompiledNetwork
from compiler.record import record
from compiler.reference import reference

__all__ = ["EMA", "Calibration", "CompiledNetwork", "compile", "exports", "lift", "record", "reference"]
