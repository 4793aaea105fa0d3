"""The contracts of lowerings, of bundles and of regions, for the tests of packages that bring one; they need pytest.

Random networks to try it on are in `networks` and `maps`, the comparison with the reference is in `reference`.
"""

from .lowerings import LoweringContract
from .regions import RegionLoweringContract

__all__ = ["LoweringContract", "RegionLoweringContract"]
