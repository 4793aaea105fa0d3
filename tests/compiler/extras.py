"""What is not installed everywhere: tests that need it say so when they are skipped."""

from importlib.util import find_spec

import pytest

needs_torch_sparse = pytest.mark.skipif(
    find_spec("torch_sparse") is None,
    reason="torch-sparse is not installed: `make test-torch-sparse` builds it from source (ten minutes or more)",
)
