"""The commands: one file each, a thin wrapper over one public function, and one line here."""

from collections.abc import Callable
from typing import Any

from . import (
    calibrate,
    compile,
    export,
    imports,
    inspect,
    pictures,
    resume,
    search,
    starting,
    streams,
    view,
    watch,
)

COMMANDS: tuple[Callable[[Any], None], ...] = (
    starting.add,
    streams.add,
    search.add,
    resume.add,
    pictures.add,
    compile.add,
    export.add,
    imports.add,
    inspect.add,
    view.add,
    watch.add,
    calibrate.add,
)

__all__ = ["COMMANDS"]
