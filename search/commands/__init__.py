"""The commands: one file each, a thin wrapper over one public function, and one line here."""

from collections.abc import Callable
from typing import Any

from search.commands import compile, expand, metabolize, resume

COMMANDS: tuple[Callable[[Any], None], ...] = (
    metabolize.add,
    expand.add,
    resume.add,
    compile.add,
)

__all__ = ["COMMANDS"]
