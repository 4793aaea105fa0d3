"""Work as plain data: which importable function builds the worker, and what it is given."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from threading import RLock
from typing import Any

import torch

from neurograph.errors import FileError, OptionError

from ...compiler.planning.calibration import as_plain, current, from_plain, using
from ...compiler.planning.cost import CUDA
from ..runs.jsonfiles import digest_of_file
from .outcomes import Failed, reason_of

_MARK = "_builds_workers"
_BUILT: dict[tuple[str, str], Any] = {}  # one, and what it has built: a process works for one search; models are large
_BUSY: list[tuple[str, str]] = []  # what is being built or called, each within the one before it
_LOCK = RLock()  # a Dask worker may have several threads, and what was built is not made for that


def builder(function: Callable) -> Callable:
    """Mark a function as one that builds workers; `Task` calls no other, whatever a file names.

    Examples
    --------
    >>> @builder
    ... def squares():
    ...     return lambda number: number * number
    """
    setattr(function, _MARK, True)
    return function


@dataclass(frozen=True)
class Task:
    """A function of one item that any process can run: it holds no model, no data and no code, only where to find them.

    The first call in a process builds the worker, the next ones use it again as long as the files that it names hold
    what they held. So a task can be handed to every `map`
    that pickles its function: a process pool's, Dask's, Ray's. A call never raises; see `Failed`.

    Parameters
    ----------
    function
        The builder, as `package.module:name`: an importable function marked by `builder`. It returns a function of one
        item.
    arguments
        What the builder is given, by name: plain JSON.
    threads
        How many threads torch may use for it; None leaves that alone. Sums depend on the number, so equal results
        need equal numbers.
    calibration
        The figures that its networks are planned by: those in use where the task is made, so that every process plans
        alike and none measures itself. On CUDA devices they are planned by the shipped figures, for the same reason.
    files
        Names of the arguments that are paths of files: a run directory keeps copies of these, and a worker is built
        anew once one of them holds something else.

    Raises
    ------
    OptionError
        For arguments that are not JSON, or a function that is not there or not marked.

    Examples
    --------
    >>> Task("neurograph.search.executors.task:scaling", {"factor": 3})(7)
    21
    """

    function: str
    arguments: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None
    files: tuple[str, ...] = ()
    calibration: dict[str, Any] = field(default_factory=lambda: as_plain(current()), repr=False)

    def __post_init__(self) -> None:
        try:
            plain = json.loads(json.dumps(self.arguments))
        except (TypeError, ValueError) as error:
            raise OptionError(f"the arguments of {self.function} must be plain JSON: {error}") from None
        if plain != self.arguments:
            raise OptionError(
                f"the arguments of {self.function} change when they are written as JSON: use lists for tuples, and "
                "texts for names"
            )

    @property
    def key(self) -> str:
        """What is built, as one line of JSON."""
        return json.dumps([self.function, self.arguments, self.calibration], sort_keys=True)

    def built(self) -> Any:
        """The worker: what the builder returned, made once a process for these arguments and contents of files."""
        with _LOCK, self._planned():
            return self._built()

    def __call__(self, item: Any) -> Any:
        """The worker's answer to the item, or `Failed` where it raised."""
        with _LOCK, self._planned():
            before = torch.get_num_threads()
            try:
                torch.set_num_threads(self.threads or before)
                worker = self._built()
                with self._busy((self.key, self._contents())):
                    return worker(item)
            except Exception as error:
                return Failed(reason_of(error))
            finally:
                torch.set_num_threads(before)

    @contextmanager
    def _planned(self) -> Iterator[None]:
        figures = from_plain(self.calibration)
        with using(lambda outer: figures), using(lambda outer: CUDA, "cuda"):
            yield

    def _built(self) -> Any:
        key = self.key, self._contents()
        if key in _BUILT:
            return _BUILT[key]
        if key in _BUSY:
            raise OptionError(f"{self.function} builds itself, with the same arguments, before it is built")
        for known in [one for one in _BUILT if one not in _BUSY]:
            del _BUILT[known]
        with self._busy(key):
            made = _found(self.function)(**self.arguments)
        _BUILT[key] = made
        return made

    @contextmanager
    def _busy(self, key: tuple[str, str]) -> Iterator[None]:
        """While this is built or called, what it builds or calls leaves it in place."""
        _BUSY.append(key)
        try:
            yield
        finally:
            _BUSY.pop()

    def _contents(self) -> str:
        """What the files hold, as one line of JSON; a file that is gone counts as it was when it was read."""
        found = {name: _digest(self.arguments.get(name)) for name in self.files}
        known = next((json.loads(contents) for key, contents in _BUILT if key == self.key), {})
        return json.dumps({name: known.get(name) if now is None else now for name, now in found.items()})


def _digest(path: Any) -> str | None:
    """Of the file's content; None where it cannot be read, of which the builder has more to say."""
    try:
        return digest_of_file(path)
    except (TypeError, FileError):
        return None


def _found(path: str) -> Callable:
    module, _, name = path.partition(":")
    if not module or not name:
        raise OptionError(f"a task's function is written package.module:name, and {path!r} is not")
    if module == "__main__":
        raise OptionError(f"{path} is in the script itself, which no worker can import: move {name} into a module")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise OptionError(f"{path} cannot be imported: {error}") from None
    if not getattr(function, _MARK, False):
        raise OptionError(f"{path} does not build workers: mark it by search.executors.builder")
    return function


@builder
def scaling(factor: float) -> Callable[[float], float]:
    """The smallest worker there is: multiplies by a factor."""
    return lambda item: item * factor
