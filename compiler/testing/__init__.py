"""The contract of a lowering, for the tests of packages that bring one; it needs pytest.

Random networks to try it on are in `networks` and `maps`, the comparison with the reference is in `reference`.
"""

from .lowerings import LoweringContract

__all__ = ["LoweringContract"]
