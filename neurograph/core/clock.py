"""The clock of a graph: its version and how often its values were written, and who is up to date with both."""

from typing import Protocol
from weakref import WeakKeyDictionary

LOST = -1  # the version of a watcher whose moment was rolled back: no version is ever that again


class Watcher(Protocol):
    """What runs on a graph as it was at some moment."""

    def turn(self, fresh: bool) -> None:
        """Remember whether the graph is as it was then, so that asking costs nothing; the clock calls this."""
        ...

    def __hash__(self) -> int: ...


class Clock:
    """How far a graph has come.

    Whatever moves it goes through `edit`, `write` or `unwrite`, which turn every watcher fresh or stale. Going on makes
    nobody fresh; what goes back, because a mutation was rolled back, makes fresh again who was fresh then.

    Attributes
    ----------
    version
        Of the structure.
    writes
        How many times values were written; set back where the writes were rolled back and nobody had read them.
    """

    __slots__ = ("_any_fresh", "_watchers", "version", "writes")

    def __init__(self, version: int = 0) -> None:
        self.version, self.writes, self._any_fresh = version, 0, False
        self._watchers: WeakKeyDictionary[Watcher, tuple[int, int]] = WeakKeyDictionary()

    def note(self, watcher: Watcher, version: int | None = None, writes: int | None = None) -> None:
        """Let a watcher, held weakly, be up to date with now, or with a version and a count of writes."""
        moment = self.version if version is None else version, self.writes if writes is None else writes
        self._watchers[watcher] = moment
        self._look(watcher, moment)

    def noted(self, watcher: Watcher) -> tuple[int, int]:
        """The version and the count of writes that a watcher is up to date with."""
        return self._watchers[watcher]

    def edit(self, version: int) -> None:
        """Be at another version of the structure: a later one, or an earlier one that was rolled back to."""
        back = version <= self.version
        if self._any_fresh:  # first of all: who is interrupted here has nobody fresh who is not
            self._nobody_is_fresh()
        self.version = version
        if not back:
            return
        for watcher, (seen, writes) in tuple(self._watchers.items()):
            self._watchers[watcher] = moment = (seen if seen <= version else LOST, writes)
            self._look(watcher, moment)

    def write(self) -> None:
        """Count one more write of values."""
        if self._any_fresh:
            self._nobody_is_fresh()
        self.writes += 1

    def unwrite(self, writes: int) -> None:
        """Be back at an earlier count of writes."""
        if self._any_fresh:
            self._nobody_is_fresh()
        self.writes = writes
        for watcher, moment in tuple(self._watchers.items()):
            self._look(watcher, moment)

    def abandon(self) -> None:
        """Let nobody ever be fresh again who is a watcher now."""
        self._nobody_is_fresh()
        for watcher in tuple(self._watchers):
            self._watchers[watcher] = LOST, self.writes

    def was_noted_since(self, writes: int) -> bool:
        """Whether anybody is up to date with more writes than these."""
        return any(seen > writes for _, seen in self._watchers.values())

    def _look(self, watcher: Watcher, moment: tuple[int, int]) -> None:
        fresh = moment == (self.version, self.writes)
        self._any_fresh = self._any_fresh or fresh
        watcher.turn(fresh)

    def _nobody_is_fresh(self) -> None:
        for watcher in tuple(self._watchers):
            watcher.turn(False)
        self._any_fresh = False
