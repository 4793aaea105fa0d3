"""Which format a file has: by the name that is asked for, or by its ending."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from neurograph.errors import FileError, did_you_mean, listed


class HasEndings(Protocol):
    """A format, or whatever else files of some endings go to."""

    @property
    def endings(self) -> tuple[str, ...]:
        """In small letters and without the dot."""
        ...


Chosen = TypeVar("Chosen", bound=HasEndings)


@dataclass(frozen=True)
class Refusals:
    """What is answered where there is no such format.

    Parameters
    ----------
    name
        To an unknown name: "{name!r} is no ...; known are ...".
    own
        What takes files of the project's own format.
    ending
        To an unknown ending, with the path.
    """

    name: str
    own: str
    ending: str


def chosen(
    formats: Mapping[str, Chosen], path: str | Path, name: str | None, refusals: Refusals, hint: str = ""
) -> Chosen:
    """The format of that name, or of the path's ending; `FileError` naming the known ones and then the hint."""
    known = listed(formats, len(formats)) + hint
    if name is not None:
        if name.lower() in formats:
            return formats[name.lower()]
        raise FileError(f"{name!r} {refusals.name}{did_you_mean(name, formats)}; known are {known}")
    ending = Path(path).suffix.lstrip(".").lower()
    if ending == "safetensors":
        raise FileError(f"{path}: this is the project's own format; {refusals.own}")
    for found in formats.values():
        if ending in found.endings:
            return found
    raise FileError(f"cannot tell from its ending {refusals.ending} {path}; known formats are {known}")
