"""What a stage comes of: by that it is known whether a result that lies there may be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurograph.files import container

from ...options import settled
from ...runs.jsonfiles import digest, digest_of_file
from .options import TABLES


@dataclass(frozen=True)
class Origin:
    """What one stage reads.

    Parameters
    ----------
    graph
        The stage whose network it begins with; None for the first.
    tables
        Tables of options.
    shared
        Options of all stages that it looks at itself; those that tables repeat (seed, device, ...) are there.
    """

    graph: str | None
    tables: tuple[str, ...]
    shared: tuple[str, ...] = ()


ORIGINS = {
    "layers": Origin(None, ("hierarchy",)),
    "trained": Origin("layers", ("train",)),
    "pruned": Origin("trained", ("prune",)),
    "retrained": Origin("pruned", ("retrain",), ("retrain_from", "initializer")),
    "add-ons": Origin("retrained", ("addons", "batches", "locations", "directions"), ("kernels",)),
    "final": Origin("add-ons", ("final",), ("final_from", "initializer")),
    "control": Origin("retrained", ("final",), ("final_from", "initializer", "ablations")),
}


def origin_of(stage: str, path: Path, options: Mapping[str, Any], fingerprint: int) -> str:
    """The digest of a stage's options and of the contents of its inputs, wherever they lie.

    Parameters
    ----------
    stage
        Its name.
    path
        The run directory of the pipeline, with all earlier stages.
    options
        Of the pipeline, as plain tables.
    fingerprint
        Of the data.

    Raises
    ------
    FileError
        The network of the stage before is missing or damaged: nothing is known of the stage then.
    """
    origin = ORIGINS[stage]
    graph = None if origin.graph is None else _digest(path / origin.graph / "graph.safetensors")
    chosen = {name: settled(TABLES[name], options[name]) for name in origin.tables}
    chosen |= {name: options[name] for name in origin.shared}
    return digest({"stage": stage, "graph": graph, "options": chosen, "data": fingerprint})


def _digest(graph: Path) -> str:
    container.read(graph)  # a flipped bit must not pass for another network
    return digest_of_file(graph)
