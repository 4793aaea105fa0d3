"""Triton kernels for irregular wiring on CUDA devices; in Triton's interpreter they run on a processor."""
