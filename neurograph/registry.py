"""Parts by name: those of this package, and those that installed packages bring as entry points.

A package of anybody's adds a part by a line of its own pyproject.toml, without touching this one::

    [project.entry-points."neurograph.edits"]
    Halve = "my_package:Halve"
"""

import importlib.metadata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints
from threading import RLock
from typing import Any, TypeVar
from warnings import warn

Part = TypeVar("Part")


@cache
def _announced() -> Any:
    """What all installed packages announce; every package is looked into for that, so it is done once."""
    return importlib.metadata.entry_points()


def entry_points(*, group: str) -> EntryPoints:
    """What installed packages announce for one group."""
    return _announced().select(group=group)


class PluginWarning(UserWarning):
    """A part that an installed package announces and that cannot be had."""


class Registry(Mapping[str, Part]):
    """Parts of one kind by name, in a fixed order: ours first, then those of installed packages.

    Other packages are looked at when somebody asks for a name that is not ours, or for all names; each part is imported
    once. One that cannot be imported, or whose name is taken, is left out with a `PluginWarning`; the rest go on.

    Parameters
    ----------
    group
        Of the entry points, such as "neurograph.edits".
    own
        Our parts.
    fits
        Whether what an entry point names is such a part; anything is, where there is no such question.
    variants
        All that one part makes, by name, from its name and itself; itself alone, unless given.

    Examples
    --------
    >>> greetings = Registry("examples.greetings", {"hello": "Hello!"})
    >>> greetings["hello"], "good bye" in greetings, list(greetings)
    ('Hello!', False, ['hello'])
    """

    def __init__(
        self,
        group: str,
        own: Mapping[Any, Part],
        *,
        fits: Callable[[Any], bool] | None = None,
        variants: Callable[[str, Any], Mapping[str, Part]] = lambda name, part: {name: part},
    ) -> None:
        self.group = group
        self._fits, self._variants, self._lock = fits, variants, RLock()
        self._own = {name: made for key, part in own.items() for name, made in variants(key, part).items()}
        self._foreign: dict[str, Part] | None = None

    def add(self, parts: Mapping[str, Part]) -> None:
        """Add parts of ours that are defined in a higher layer."""
        self._own.update(parts)

    @contextmanager
    def lending(self, parts: Mapping[str, Part]) -> Iterator[None]:
        """Let parts be known for a while, over those of the same names: for the tests of who writes some."""
        before = self._own
        self._own = {**before, **parts}
        try:
            yield
        finally:
            self._own = before

    def __getitem__(self, name: str) -> Part:
        return self._own[name] if name in self._own else self.foreign[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._own, *self.foreign))

    def __len__(self) -> int:
        return len(self._own) + len(self.foreign)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self.foreign

    @property
    def foreign(self) -> Mapping[str, Part]:
        """The parts of installed packages."""
        with self._lock:
            if self._foreign is None:
                self._foreign = {}  # a package that asks for this registry while it is imported sees ours alone
                self._foreign = self._found()
            return self._foreign

    def _found(self) -> dict[str, Part]:
        found: dict[str, Part] = {}
        for point in sorted(entry_points(group=self.group), key=lambda point: (point.name, point.value)):
            part = self._loaded(point)
            for name, made in ({} if part is None else self._variants(point.name, part)).items():
                if name in self._own or name in found:
                    self._warn(point, f"the name {name!r} is taken")
                else:
                    found[name] = made
        return found

    def _loaded(self, point: EntryPoint) -> Any:
        try:
            part = point.load()
        except Exception as error:  # whatever somebody's module raises while it is imported
            return self._warn(point, f"{type(error).__name__}: {error}")
        if self._fits is not None and not self._fits(part):
            return self._warn(point, f"{part!r} is no such part")
        return part

    def _warn(self, point: EntryPoint, why: str) -> None:
        package = point.dist.name if point.dist else "a package"
        warn(
            f"{package} brings {point.value} as {point.name!r} of {self.group}, which is left out: {why}",
            PluginWarning,
            stacklevel=2,
        )
