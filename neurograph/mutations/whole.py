"""Verbs that happen whole or not at all, wherever an exception comes from."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from neurograph.mutations.savepoint import Savepoint

Verb = TypeVar("Verb", bound=Callable[..., Any])


def whole(verb: Verb, entry: bool = False) -> Verb:
    """A method of a graph that leaves the graph as it was where it raises, or is interrupted at any line.

    What it did is taken back by the inner handler. The outer one is there for an interrupt that comes in the inner
    one's own lines. The commit is the last line that runs.

    Parameters
    ----------
    verb
        The method. Each of its effects is recorded before its first write.
    entry
        Whether it writes an entry of the journal itself, so that its effects are no part of a run of raw mutations.
    """

    @wraps(verb)
    def run(self, *args, **kwargs):
        savepoint = Savepoint(self, entry)
        try:
            try:
                self._savepoint = savepoint
                result = verb(self, *args, **kwargs)
                return self._commit(savepoint) or result
            except BaseException:
                self._abandon(savepoint)
                raise
        except BaseException:
            self._abandon(savepoint)
            raise

    return cast("Verb", run)


def whole_entry(verb: Verb) -> Verb:
    """A method of a graph that writes an entry of the journal, whole or not at all."""
    return whole(verb, entry=True)
