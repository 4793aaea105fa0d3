"""Kernels for irregular wiring on CUDA devices, in CUDA C and Triton; the tests run both on the processor."""
