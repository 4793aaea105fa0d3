"""What is not installed everywhere: tests that need it say so when they are skipped."""

from importlib.util import find_spec

import pytest
import torch

from compiler.lowering.kernels.library import available

needs_torch_sparse = pytest.mark.skipif(
    find_spec("torch_sparse") is None,
    reason="torch-sparse is not installed: `make test-torch-sparse` builds it from source (ten minutes or more)",
)
needs_kernels = pytest.mark.skipif(
    not available("sparse_conv", torch.float32),
    reason="the native kernels are not built: `python setup.py build_ext --inplace`, with a C compiler",
)
NEEDS = {"torch_sparse": needs_torch_sparse, "conv_sparse": needs_kernels}  # of lowerings
