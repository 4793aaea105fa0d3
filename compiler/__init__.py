"""The compiler: how a network of neurons runs, at the speed of the hardware, in PyTorch."""

from compiler.build import compile
from compiler.cost import Calibration
from compiler.network import CompiledNetwork
from compiler.reference import reference

__all__ = ["Calibration", "CompiledNetwork", "compile", "reference"]
