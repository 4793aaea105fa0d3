"""Our own metrics keep the contract that other packages are offered."""

from search.growth.expansion.metrics import METRICS
from search.testing import MetricContract

NAMES = [name for name in METRICS if not name.endswith("_reversed")]
globals().update({f"Test_{name}": type(f"Test_{name}", (MetricContract,), {"name": name}) for name in NAMES})
