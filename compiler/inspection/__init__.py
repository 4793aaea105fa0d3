"""What a person wants to know about a network, in one screen."""

from compiler.inspection.facts import Growth, Inspection, Population, Wiring
from compiler.inspection.inspect import inspect
from compiler.inspection.tables import Sheet, plain, sheets

__all__ = ["Growth", "Inspection", "Population", "Sheet", "Wiring", "inspect", "plain", "sheets"]
