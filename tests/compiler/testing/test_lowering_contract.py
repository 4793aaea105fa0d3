"""Our own lowerings keep the contract that other packages are offered."""

from compiler.testing import LoweringContract


class TestDense(LoweringContract):
    name = "dense"


class TestSparse(LoweringContract):
    name = "sparse"
