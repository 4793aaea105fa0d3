"""The commands, by what they are for: one file each, a thin wrapper over one public function, and one line here."""

from collections.abc import Callable
from typing import Any

from . import (
    calibrate,
    compile,
    completion,
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

COMMANDS: dict[str, tuple[Callable[[Any], None], ...]] = {
    "train and grow": (starting.add, streams.add, search.add, resume.add),
    "look at it": (inspect.add, view.add, watch.add, pictures.add, compile.add),
    "take it elsewhere": (export.add, imports.add),
    "set up": (calibrate.add, completion.add),
}

__all__ = ["COMMANDS"]
