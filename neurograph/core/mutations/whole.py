"""Verbs that happen whole or not at all, wherever an exception comes from."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from neurograph.core.mutations.savepoint import Savepoint
from neurograph.core.mutations.transactions import abandon, commit

Verb = TypeVar("Verb", bound=Callable[..., Any])


def whole(verb: Verb, entry: bool = False) -> Verb:
    """A method of a graph that leaves the graph as it was where it raises, or is interrupted at any line.

    What it did is taken back by the inner handler. The outer one is there for an interrupt that comes in the inner
    one's own lines. That it is to be taken back is noted first, which takes neither memory nor stack: where there is no
    more of them, so that the handlers fail too, whoever uses the graph next does it. The commit is the last line that
    runs.

    Parameters
    ----------
    verb
        The method. Each of its effects is recorded before its first write.
    entry
        Whether it writes an entry of the journal itself, so that its effects are no part of a run of raw mutations.
    """

    @wraps(verb)
    def run(self, *args, **kwargs):
        savepoint = None
        try:
            try:
                savepoint = Savepoint(self, entry)
                self._savepoint = savepoint
                result = verb(self, *args, **kwargs)
                return commit(self, savepoint) or result
            except BaseException:
                if savepoint is not None:
                    savepoint.given_up = True
                abandon(self, savepoint)
                raise
        except BaseException:
            if savepoint is not None:
                savepoint.given_up = True
            abandon(self, savepoint)
            raise

    return cast("Verb", run)


def in_turn(verb: Verb) -> Verb:
    """A method of a graph that sees to its own rollback, and that no other thread's mutation can come into.

    It gives the turn up as it commits, in the same assignment; here that is done where it raises.
    """

    @wraps(verb)
    def run(self, *args, **kwargs):
        try:
            try:
                self._take_turn()
                return verb(self, *args, **kwargs)
            except BaseException:
                self._leave_turn()
                raise
        except BaseException:
            self._leave_turn()
            raise

    return cast("Verb", run)


def whole_entry(verb: Verb) -> Verb:
    """A method of a graph that writes an entry of the journal, whole or not at all."""
    return whole(verb, entry=True)
