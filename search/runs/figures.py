"""The calibration that a run's networks are planned by: kept with it, so that resuming it plans them alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from neurograph.errors import FileError

from ...compiler.lowering.rates import Calibration
from ...compiler.planning.calibration import as_plain, from_plain, using
from ...compiler.planning.cost import FIRST, default_calibration
from .jsonfiles import read_json, write_json
from .run import Run

KEPT = "calibration.json"
_NAMES = {"cpu": "figures", "cuda": "cuda"}  # of the figures in that file, by type of device


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
    found: dict[str, Calibration] = {}
    config = run.config()
    kept = {"cpu": config.get("calibration"), "cuda": config.get("calibration_cuda")}

    def figures(device: str, outer: Callable[[], Calibration]) -> Calibration:
        if kept[device] != KEPT:
            return FIRST if device == "cpu" else default_calibration(device)
        if device not in found:
            found[device] = _kept_or_keep(run, device, outer)
        return found[device]

    with using(partial(figures, "cpu")), using(partial(figures, "cuda"), "cuda"):
        yield


def _kept_or_keep(run: Run, device: str, outer: Callable[[], Calibration]) -> Calibration:
    """The figures that the run's file has for a type of device, put there now where it has none."""
    path, name, held = run.path / KEPT, _NAMES[device], {}
    if path.exists():
        held = read_json(path)
    if name not in held and (not path.exists() or set(held) & set(_NAMES.values())):
        held[name] = as_plain(outer())
        write_json(path, held)
    try:
        return from_plain(held.get(name), device)
    except ValueError as error:
        raise FileError(f"{path} is damaged: {error}") from None
