"""The picture of a search for genomes, drawn again from its directory."""

from ...executors.keeping import from_table
from ...runs import Run
from .picture import draw_search


def redraw(run: Run) -> bool:
    """Draw the errors of a search so far, and the best genome; False where there is no cycle yet.

    Its task is built again, for what genes mean.

    Raises
    ------
    FileError
        The directory names a builder that is not ours.
    """
    config, rows = run.config(), run.metrics()
    if not rows:
        return False
    space, result = from_table(config.get("task"), run.path).built().space, config.get("result") or []
    best = result[0]["genome"] if result else rows[-1]["best"]
    draw_search(rows, tuple(best), space, run.pictures / "search.png")
    return True
