"""Networks of PyTorch's own modules, and of ONNX, read as graphs; one handler an operator."""

from .lift import lift
from .onnx import from_onnx

__all__ = ["from_onnx", "lift"]
