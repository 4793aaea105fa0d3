"""What a person wants to know about a network, in one screen."""

from compiler.inspection.inspect import inspect
from compiler.inspection.report import Growth, Inspection, Population, Sheet, Wiring, plain, sheets

__all__ = ["Growth", "Inspection", "Population", "Sheet", "Wiring", "inspect", "plain", "sheets"]
