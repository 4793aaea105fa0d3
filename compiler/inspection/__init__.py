"""What a person wants to know about a network, in one screen."""

from .inspect import inspect
from .report import (
    GrowthSummary,
    Inspection,
    PopulationSummary,
    ReportTable,
    WiringSummary,
    plain,
    tables,
)

__all__ = [
    "GrowthSummary",
    "Inspection",
    "PopulationSummary",
    "ReportTable",
    "WiringSummary",
    "inspect",
    "plain",
    "tables",
]
