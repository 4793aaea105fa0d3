"""Contracts of metrics, methods, samplers and data sets, for tests of packages that bring some; they need pytest."""

from .data import DatasetContract
from .growth import MethodContract, MetricContract
from .samplers import SamplerContract

__all__ = ["DatasetContract", "MethodContract", "MetricContract", "SamplerContract"]
