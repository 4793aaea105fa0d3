"""The contracts of lowerings, of bundles and of regions, for the tests of packages that bring one; they need pytest.

Random networks to try it on are in `networks` and `maps`, the comparison with the reference is in `reference`.
"""

import pytest

for part in ("lowerings", "reference", "regions"):
    pytest.register_assert_rewrite(f"{__name__}.{part}")  # what differs is shown, as in tests of one's own

from .lowerings import LoweringContract  # noqa: E402
from .regions import RegionLoweringContract  # noqa: E402

__all__ = ["LoweringContract", "RegionLoweringContract"]
