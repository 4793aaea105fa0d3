"""Errors with their units, in words: percent of something, or a measure by its name."""

from collections.abc import Iterable, Mapping
from typing import Any

PERCENT = "%"


def unit_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """The unit of the errors in rows of metrics: their "unit", which rows in percent of the examples do without."""
    named = (row.get("unit") for row in rows)
    return next((unit for unit in named if isinstance(unit, str)), PERCENT)


def with_unit(value: float, unit: str = PERCENT) -> str:
    """An error as people read it.

    Parameters
    ----------
    value
        The error.
    unit
        "%" and of what, if not of the examples; else the name of the measure; "" where it has none.

    Examples
    --------
    >>> with_unit(3.214), with_unit(131.0, "% of the targets' variance"), with_unit(0.25, "mae")
    ('3.21%', "131.00% of the targets' variance", '0.25 (mae)')
    """
    if unit.startswith(PERCENT):
        return f"{value:.2f}{unit}"
    return f"{value:.4g} ({unit})" if unit else f"{value:.4g}"
