"""The picture of a search for a layer hierarchy, drawn again from its directory."""

from ...datasets import Dataset
from ...datasets.same import same_data
from ...options import read_options, stored
from ...runs import Run
from .options import HierarchyOptions
from .picture import draw_search


def redraw_hierarchy(run: Run, data: Dataset | None = None) -> bool:
    """Draw the errors of a search so far, and the best network; False where there is no epoch yet.

    Parameters
    ----------
    run
        Its directory.
    data
        What it searches on; loaded by its name when None.

    Raises
    ------
    DataError
        The data are not where they are looked for, or others.
    """
    config, rows = run.config(), run.metrics()
    if not rows:
        return False
    options = read_options(HierarchyOptions, settings=stored(HierarchyOptions, config["options"]))
    space, result = options.space(same_data(config, data)), config.get("result") or {}
    genes = space.genes(result["genes"] if "genes" in result else rows[-1]["search"]["best_genes"])
    draw_search(rows, genes, space, run.pictures / "search.png")
    return True
