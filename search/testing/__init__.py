"""Contracts of metrics, methods, samplers and data sets, for tests of packages that bring some; they need pytest."""

import pytest

for part in ("data", "growth", "samplers"):
    pytest.register_assert_rewrite(f"{__name__}.{part}")  # what differs is shown, as in tests of one's own

from .data import DatasetContract  # noqa: E402
from .growth import MethodContract, MetricContract  # noqa: E402
from .samplers import SamplerContract  # noqa: E402

__all__ = ["DatasetContract", "MethodContract", "MetricContract", "SamplerContract"]
