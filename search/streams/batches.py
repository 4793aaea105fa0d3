"""A stream of anything that can be iterated over."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from neurograph.errors import DataError, OptionError

from .stream import Stream, pair


def from_batches(
    batches: Iterable[Any] | Callable[[], Iterable[Any]],
    *,
    outputs: int | None = None,
    name: str = "batches",
    repeat: bool = False,
    task_steps: int | None = None,
) -> Stream:
    """A stream of batches (x, y) from a list, a `torch.utils.data.DataLoader`, a generator, or what makes one.

    Parameters
    ----------
    batches
        The batches, or a callable that returns them from the beginning. To go on with a run it is iterated over anew
        and what was learned from already is passed over, so it has to give the same batches again; what can be read but
        once (a generator) serves one run from its beginning.
    outputs
        Classes, or numbers to predict; None: as many as the first batch has, which is right for numbers only where
        later batches are alike, and for classes only where the first has the highest.
    name
        What it is called in runs.
    repeat
        Whether it begins again when it ends.
    task_steps
        Batches from one change to the next, where it is known.

    Raises
    ------
    DataError
        No batch, or one that is no pair of tensors.
    OptionError
        A repetition of what can be read but once.

    Examples
    --------
    >>> import torch
    >>> stream = from_batches([(torch.zeros(2, 3), torch.tensor([0, 1]))], repeat=True)
    >>> [len(x) for x, _ in islice(stream.batches(), 3)], stream.outputs
    ([2, 2, 2], 2)
    """
    if not callable(batches) and not isinstance(batches, Iterable):
        raise DataError(f"batches must be a list of them, or what makes one, not {type(batches).__name__}")
    once = iter(batches) if not callable(batches) and iter(batches) is batches else None
    if repeat and once is not None:
        raise OptionError("repeat: a generator can be read but once; give a list, or a callable that makes it anew")
    begin: Callable[[], Iterator[Any]] = lambda: iter(batches() if callable(batches) else batches)  # noqa: E731
    source = once if once is not None else begin()
    first = next(source, None)
    if first is None:
        raise DataError(f"{name}: there is no batch in it")
    x, y = pair(first, 0, name)
    if outputs is None:
        outputs = y[:1].numel() if y.is_floating_point() else int(y.max()) + 1
    ahead = [chain([first], source)] if once is not None else []

    def since(start: int) -> Iterator[Any]:
        if once is None:
            found = begin()
        elif ahead:
            found = ahead.pop()
        else:
            raise DataError(f"{name}: it has been read already and can be read but once: give a list, or a callable")
        if repeat:
            found = chain(found, chain.from_iterable(begin() for _ in iter(int, 1)))
        return islice(found, start, None)

    return Stream(name, since, tuple(x.shape[1:]), outputs, None, task_steps)
