"""Native kernels: in C for the processor, in CUDA C and Triton for CUDA (`cuda/`), and the operators that PyTorch sees.

Where none could be built the operators compute the same by PyTorch's own, more slowly.
"""

from .library import instruction_set

__all__ = ["instruction_set"]
