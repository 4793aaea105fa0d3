"""A search for genomes as a page: the best of each cycle, and which of its genes changed."""

from collections.abc import Sequence
from typing import Any

from neurograph import NeuronGraph
from neurograph.errors import NeuroGraphError
from neurograph.view.generations import Best, Bred, Generations

from ...runs import Run, restored_from
from ..addons import Locations
from .genes import ABSENT, Space


def cycles_of(run: Run) -> Generations:
    """What a page shows of a search for genomes.

    Raises
    ------
    FileError
        A file of the run is damaged.
    """
    config, space = run.config(), space_of(run)
    with restored_from(run.path / "metrics.jsonl"):
        rows = run.metrics()
        bred = [
            Bred(at, row["cycle"], (), one["error"], one["born"])
            for at, (row, one) in enumerate((row, one) for row in rows for one in row["individuals"])
        ]
        bests, before = [], ()
        for row in rows:
            genes = tuple(row["best"])
            bests.append(Best(row["cycle"], row["error"], None, _changed(genes, before, space), genes, before))
            before = genes
    title = f"Search for genomes, {config.get('data') or run.path.name}"
    return Generations(title, "error", True, "cycle", bred, bests, percent=True)


def space_of(run: Run) -> Space | None:
    """The space of a search for the places of add-ons, as its directory has it; None for other searches."""
    arguments = run.config().get("task", {}).get("arguments", {})
    graph = run.path / "task-graph.safetensors"
    if not graph.exists() or not isinstance(arguments.get("kernels"), list):
        return None
    try:
        return Locations(NeuronGraph.load(graph), arguments["kernels"], arguments.get("layers"))
    except (NeuroGraphError, TypeError):
        return None


def _changed(genes: Sequence[int], before: Sequence[int], space: Space | None) -> str:
    """What set the best apart from the one before it: nothing where it is the same."""
    if not before:
        return "the first"
    parts = [_gene(at, old, new, space) for at, (old, new) in enumerate(zip(before, genes, strict=False)) if old != new]
    return "; ".join(parts)


def _gene(at: int, old: int, new: int, space: Any) -> str:
    if not isinstance(space, Locations) or at >= space.gene_count:
        return f"gene {at + 1}: {old} to {new}"
    layer, size = space.genes[at]
    read = [_read(space.choices(at), value) for value in (old, new)]
    return f"{layer}, {size}x{size}: {read[0]} to {read[1]}"


def _read(choices: Sequence[str], value: int) -> str:
    if value == ABSENT:
        return "none"
    return f"from {choices[value]}" if 0 <= value < len(choices) else str(value)
