"""Standard output that may close or fill up while a command prints: a reader who leaves stops no training."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from neurograph.errors import FileError


class Output:
    """A text stream whose reader may go away; all else is the stream's own.

    Parameters
    ----------
    stream
        Standard output or standard error.
    silent
        Whether any failure only ends the printing; of standard error, which is where failures are reported.

    Raises
    ------
    FileError
        From `write` and `flush`: what is printed cannot be written, and that is not because its reader has left.
    """

    def __init__(self, stream: TextIO, silent: bool = False) -> None:
        self._stream, self._silent = stream, silent
        self._failure: FileError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Print some text, or drop it where nobody reads."""
        with self._failures_reported():
            try:
                self._stream.write(text)
            except UnicodeEncodeError:  # a name that is no text, as files and neurons may have
                encoding = self._stream.encoding
                self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Hand on what was printed; raises a failure again that whoever printed has passed over, as argparse does."""
        if self._failure:
            raise self._failure
        with self._failures_reported():
            self._stream.flush()

    @contextmanager
    def _failures_reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._drop_from_here()
            if not self._silent and not isinstance(error, BrokenPipeError):
                self._failure = FileError(f"standard output: cannot be written: {error.strerror}")
                raise self._failure from None

    def _drop_from_here(self) -> None:
        """Let what the stream still holds, and all that follows, go nowhere: Python writes it out as it ends."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def watched(name: str, silent: bool = False) -> Iterator[None]:
    """`sys.stdout` or `sys.stderr`, by name, as an `Output`; what was printed is handed on at the end."""
    before = getattr(sys, name)
    output = before and Output(before, silent)
    setattr(sys, name, output)
    try:
        yield
        _hand_on(output)
    except SystemExit:  # of argparse, which has printed its help or what is wrong
        _hand_on(output)
        raise
    finally:
        setattr(sys, name, before)


def _hand_on(output: Output | None) -> None:
    if output:
        output.flush()
