"""Exceptions at any line of the library: the n-th line that runs raises, and another while that is put right."""

import sys
from collections.abc import Callable
from pathlib import Path

import neurograph

ROOT = Path(neurograph.__file__).parents[1]
ROOTS = tuple(str(ROOT / name) for name in ("neurograph", "compiler"))


class Interrupt(BaseException):
    """What no handler of the library expects."""


class Tracer:
    """Counts the lines that run in the library and raises at some of them.

    Parameters
    ----------
    at
        Number of the line that raises, from 1; 0 for none.
    again
        Number of a line after that one which raises once more; 0 for none.
    """

    def __init__(self, at: int = 0, again: int = 0) -> None:
        self.left, self.again, self.lines, self.raised = at, again, 0, 0
        self.where: list[str] = []
        self.of_effects: list[int] = []  # numbers of the lines of `core/effects`: what an edit does to a graph

    def run(self, action: Callable[[], object]) -> bool:
        """Run something; returns whether a line of it raised."""
        before = sys.gettrace(), sys.getprofile()
        sys.setprofile(self._profile)
        sys.settrace(self._trace)
        try:
            action()
        except Interrupt:
            pass
        finally:
            sys.setprofile(before[1])  # first: it would start to trace again
            sys.settrace(before[0])
        return self.raised > 0

    def _trace(self, frame, event, arg):
        if not frame.f_code.co_filename.startswith(ROOTS):
            return None
        if event == "line":
            self.lines += 1
            self.left -= 1
            if "/core/effects/" in frame.f_code.co_filename:
                self.of_effects.append(self.lines)
            if self.left == 0:
                self.raised += 1
                if self.raised == 1:
                    self.left = self.again
                self.where.append(f"{frame.f_code.co_filename[len(str(ROOT)) :]}:{frame.f_lineno}")
                raise Interrupt(self.where[-1])
        return self._trace

    def _profile(self, frame, event, arg) -> None:
        """Python stops to trace once a tracer raises: start again, for the frames that are on the way as well."""
        if self.raised == 1 and self.left > 0 and sys.gettrace() is None:
            sys.settrace(self._trace)
            while frame is not None:
                if frame.f_code.co_filename.startswith(ROOTS):
                    frame.f_trace = self._trace
                frame = frame.f_back


def lines_of(action: Callable[[], object]) -> int:
    """How many lines of the library an action runs."""
    return counted(action).lines


def counted(action: Callable[[], object]) -> Tracer:
    """The tracer of an action none of whose lines raised."""
    tracer = Tracer()
    tracer.run(action)
    return tracer
