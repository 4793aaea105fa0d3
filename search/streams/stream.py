"""What a stream is: batches by their step, what a network must take and answer, and where tasks begin."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from neurograph.errors import DataError

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Stream:
    """Batches that come one after the other, to be learned from once each.

    Parameters
    ----------
    name
        What it is called in runs.
    since
        From a step, counted from 0, to the batches from there on: (x, y) each, see `Dataset` for what they are. Called
        with the same step it gives the same batches, so that a run can be gone on with.
    input_shape
        Of one example.
    outputs
        Classes to tell apart, or numbers to predict.
    steps
        How many batches there are; None where nobody knows.
    task_steps
        Batches from one change to the next; None where there are no tasks, or none of one length.
    pass_steps
        Batches in which each example of a task is seen once; None where that is the whole task.
    tests
        From a task, counted from 0, to what is asked after it: examples and targets; None where there is nothing.
    about
        What it was made with, as plain values.
    """

    name: str
    since: Callable[[int], Iterator[Any]]
    input_shape: tuple[int, ...]
    outputs: int
    steps: int | None = None
    task_steps: int | None = None
    pass_steps: int | None = None
    tests: Callable[[int], Batch] | None = None
    about: dict[str, Any] | None = None

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """The batches from a step on, each checked: of one shape and kind, and with classes that there are.

        Raises
        ------
        DataError
            Naming the step, and what was there before.
        """
        known: tuple[Any, ...] | None = None
        for step, batch in enumerate(self.since(start), start):
            x, y = pair(batch, step, self.name)
            kind = (tuple(x.shape[1:]), x.dtype, tuple(y.shape[1:]), y.dtype)
            if tuple(x.shape[1:]) != tuple(self.input_shape):
                raise DataError(
                    f"step {step} of {self.name}: examples of shape {tuple(x.shape[1:])}, and until then "
                    f"{tuple(self.input_shape)}: a stream keeps its shape"
                )
            if known is not None and kind != known:
                raise DataError(
                    f"step {step} of {self.name}: examples of {kind[1]} and targets of shape {kind[2]} and {kind[3]}, "
                    f"and until then {known[1]}, {known[2]} and {known[3]}"
                )
            self._check_targets(y, step)
            if not bool(x.isfinite().all()):
                raise DataError(f"step {step} of {self.name}: an example holds a number that is not finite")
            known = kind
            yield x, y

    def _check_targets(self, y: Tensor, step: int) -> None:
        if y.is_floating_point():
            if y[:1].numel() != self.outputs or not bool(y.isfinite().all()):
                raise DataError(f"step {step} of {self.name}: targets are not {self.outputs} finite numbers each")
        elif int(y.min()) < 0 or int(y.max()) >= self.outputs:
            odd = int(y.min()) if int(y.min()) < 0 else int(y.max())
            raise DataError(
                f"step {step} of {self.name}: class {odd}, and there are {self.outputs}, counted from 0: make the "
                "stream with outputs= for all classes that will come, and the network with as many"
            )

    def task_of(self, step: int) -> int:
        """Which task a step belongs to, counted from 0."""
        return step // self.task_steps if self.task_steps else 0


def pair(batch: Any, step: int, name: str) -> Batch:
    """The examples and targets of a batch."""
    if not isinstance(batch, tuple | list) or len(batch) != 2 or not all(isinstance(part, Tensor) for part in batch):
        raise DataError(f"step {step} of {name}: a batch is a pair of tensors (x, y), not {type(batch).__name__}")
    x, y = batch
    if not len(x) or len(x) != len(y):
        raise DataError(f"step {step} of {name}: {len(x)} examples and {len(y)} targets")
    return x, y
