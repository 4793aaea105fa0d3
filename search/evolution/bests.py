"""The best of each generation, which a run directory keeps: a graph file for each individual that was it."""

import os
import re
from pathlib import Path

from neurograph.errors import FileError, reason

from .individual import Individual

FOLDER = "bests"
MOST, LIMIT = 500, 64 * 10**6  # networks and bytes that a run keeps
_NAME = re.compile(r"generation-(\d+)-individual-(\d+)\.safetensors")


def keep_best(run: Path, generation: int, best: Individual) -> None:
    """Keep the best of a generation; nothing where it is the best that was kept last, or failed.

    Beyond 500 networks or 64 MB every second one goes, but for the first and the newest.

    Parameters
    ----------
    run
        The run directory.
    generation
        Which.
    best
        Of those that live in it.

    Raises
    ------
    FileError
        The folder cannot be written.
    """
    known = kept(run)
    if best.failure is not None or (known and known[-1][1] == best.number):
        return
    try:
        (run / FOLDER).mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot make the folder {run / FOLDER}: {reason(error)}") from None
    path = run / FOLDER / f"generation-{generation}-individual-{best.number}.safetensors"
    best.graph.save(path)
    _thin([*(one for _, _, one in known), path])


def kept(run: Path) -> list[tuple[int, int, Path]]:
    """(generation, number of the individual, its graph's file) of the bests that a run has, oldest first.

    Raises
    ------
    FileError
        The folder cannot be read.
    """
    try:
        names = os.listdir(run / FOLDER) if (run / FOLDER).is_dir() else []
    except OSError as error:
        raise FileError(f"cannot read {run / FOLDER}: {reason(error)}") from None
    found = [(name, match) for name in names if (match := _NAME.fullmatch(name))]
    return sorted((int(match[1]), int(match[2]), run / FOLDER / name) for name, match in found)


def forget_after(run: Path, generation: int) -> None:
    """Remove the bests of later generations: the run goes on from there."""
    _remove([path for at, _, path in kept(run) if at > generation])


def _thin(paths: list[Path]) -> None:
    """Remove every second file while there are too many."""
    sizes = {path: path.stat().st_size for path in paths}
    while len(paths) > 2 and (len(paths) > MOST or sum(sizes[path] for path in paths) > LIMIT):
        _remove(paths[1:-1:2])
        paths = [*paths[:-1:2], paths[-1]]


def _remove(paths: list[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise FileError(f"{path} cannot be removed: {reason(error)}") from None
