"""The contract of a lowering, for the tests of packages that bring one; it needs pytest."""

from .lowerings import LoweringContract

__all__ = ["LoweringContract"]
