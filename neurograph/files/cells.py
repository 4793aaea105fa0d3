"""Values as cells of a table, and back: numbers and truth values as they are, and text too.

Text that would be read as something else, or that UTF-8 cannot hold, stands in quotation marks, as JSON has it.
"""

import json
import re
from typing import Any

_WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-?inf|nan", re.ASCII)
_TRUTHS = {"True": True, "False": False}


def as_cell(value: Any, typed: bool = True) -> str:
    """A value as text; `typed` unless a reader knows already what type it is of.

    Examples
    --------
    >>> as_cell(0.5), as_cell("mine"), as_cell("0.5"), as_cell("0.5", typed=False), as_cell("")
    ('0.5', 'mine', '"0.5"', '0.5', '""')
    """
    if not isinstance(value, str):
        return str(value)
    looks_other = typed and not isinstance(_literal(value), str)
    return json.dumps(value) if looks_other or value[:1] in ("", '"') or not _is_text(value) else value


def from_cell(cell: str, typed: bool = True) -> Any:
    """The value of a cell that `as_cell` made, or anybody.

    Examples
    --------
    >>> from_cell("3"), from_cell('"3"'), from_cell("3", typed=False), from_cell("True"), from_cell('"half')
    (3, '3', '3', True, '"half')
    """
    if cell.startswith('"'):
        try:
            held = json.loads(cell)
        except ValueError:
            return cell
        return held if isinstance(held, str) else cell
    return _literal(cell) if typed else cell


def _literal(cell: str) -> Any:
    if cell in _TRUTHS:
        return _TRUTHS[cell]
    if _WHOLE.fullmatch(cell):
        return int(cell)
    return float(cell) if _NUMBER.fullmatch(cell) else cell


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
