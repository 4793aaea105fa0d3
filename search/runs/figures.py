"""The calibration that a run's networks are planned by: kept with it, so that resuming it plans them alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from compiler.lowering.rates import Calibration
from compiler.planning.calibration import as_plain, from_plain, using
from compiler.planning.cost import FIRST
from neurograph.errors import FileError
from search.runs.jsonfiles import read_json, write_json
from search.runs.run import Run

KEPT = "calibration.json"


@contextmanager
def figures_of(run: Run) -> Iterator[None]:
    """Within the block networks are planned by the run's own figures.

    They are those in use around the block, kept with the run when they are first asked for. Runs from before any were
    kept are planned by those that were shipped then.

    Raises
    ------
    FileError
        Where the run's configuration cannot be read; or, when they are asked for, its figures.
    """
    found: list[Calibration] = []

    def figures(outer: Callable[[], Calibration]) -> Calibration:
        if not found:
            path = run.path / KEPT
            if not path.exists():
                write_json(path, {"figures": as_plain(outer())})
            try:
                found.append(from_plain(read_json(path).get("figures")))
            except ValueError as error:
                raise FileError(f"{path} is damaged: {error}") from None
        return found[0]

    keeps = run.config().get("calibration") == KEPT
    with using(figures if keeps else lambda outer: FIRST):
        yield
