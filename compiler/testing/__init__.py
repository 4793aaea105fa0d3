"""The contract of a lowering, for the tests of packages that bring one; it needs pytest."""

from compiler.testing.lowerings import LoweringContract

__all__ = ["LoweringContract"]
