"""The commands: one file each, a thin wrapper over one public function, and one line here."""

from collections.abc import Callable
from typing import Any

from search.commands import (
    compile,
    expand,
    export,
    inspect,
    metabolize,
    morph,
    pictures,
    prune,
    prune_network,
    resume,
    search,
    train,
    view,
)

COMMANDS: tuple[Callable[[Any], None], ...] = (
    train.add,
    metabolize.add,
    expand.add,
    morph.add,
    prune.add,
    prune_network.add,
    search.add,
    resume.add,
    pictures.add,
    compile.add,
    export.add,
    inspect.add,
    view.add,
)

__all__ = ["COMMANDS"]
