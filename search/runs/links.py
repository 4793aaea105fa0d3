"""Links in run directories: none may lead out, since what is written there would be written elsewhere."""

import os
from pathlib import Path

from neurograph.errors import FileError


def refuse_links_out(folder: str | Path) -> None:
    """Refuse a directory, which may come from anybody, where a link in it leads out of it.

    The directory itself may be reached by links, and links inside may lead to what is inside.

    Parameters
    ----------
    folder
        The directory; all folders in it are looked through.

    Raises
    ------
    FileError
        Naming the first such link, and where it leads.
    """
    inside = os.path.realpath(folder)
    for place, folders, files in os.walk(inside):  # which follows no links
        for name in sorted((*folders, *files)):
            path = os.path.join(place, name)
            if os.path.islink(path) and not Path(os.path.realpath(path)).is_relative_to(inside):
                raise FileError(
                    f"{Path(folder) / os.path.relpath(path, inside)} is a link that leads out of the run directory, to "
                    f"{os.path.realpath(path)}, where nothing shall be written: put a copy in its place, or remove it"
                )
