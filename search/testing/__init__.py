"""Contracts of metrics and of methods, for the tests of packages that bring some; they need pytest."""

from .growth import MethodContract, MetricContract

__all__ = ["MethodContract", "MetricContract"]
