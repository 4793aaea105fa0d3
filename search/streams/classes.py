"""Streams in which classes come: more and more of them, or pairs one after the other."""

from collections.abc import Callable, Iterator
from itertools import combinations

import torch
from torch import Tensor

from neurograph.errors import OptionError

from ..datasets import Dataset
from ..training.seeds import generator
from .stream import Batch, Stream

_Examples = Callable[[int], tuple[Tensor, Tensor]]  # from a task to where its examples are, and their classes


def class_incremental(data: Dataset, each: int = 2, passes: int = 1, batch_size: int = 32, seed: int = 0) -> Stream:
    """More classes each task: all so far are learned, and asked after it.

    A pass is as many steps in every task as all training examples take, so that tasks are of one length: where there
    are fewer examples, they come again.

    Parameters
    ----------
    data
        Of classes.
    each
        Classes that a task brings; they come in an order drawn by the seed.
    passes
        Of each task.
    batch_size
        Examples a batch.
    seed
        Of everything drawn.
    """
    _check_classes(data)
    if data.classes % each:
        raise OptionError(f"each={each} does not divide the {data.classes} classes of {data.name}")
    order = torch.randperm(data.classes, generator=generator(seed, "classes"))
    so_far = lambda task: order[: (task + 1) * each]  # noqa: E731

    def examples(task: int) -> tuple[Tensor, Tensor]:
        there = torch.isin(data.train_y, so_far(task)).nonzero().squeeze(1)
        return there, data.train_y[there]

    def tests(task: int) -> Batch:
        there = torch.isin(data.test_y, so_far(task))
        return data.test_x[there], data.test_y[there]

    a_pass = -(-len(data.train_y) // batch_size)
    about = {"each": each, "passes": passes, "batch_size": batch_size, "seed": seed}
    tasks, since = (
        data.classes // each,
        _cycling(data, examples, data.classes // each, passes * a_pass, batch_size, seed),
    )
    name = f"classes of {data.name}, {each} more a task"
    steps = tasks * passes * a_pass
    return Stream(name, since, data.input_shape, data.classes, steps, passes * a_pass, a_pass, tests, about)


def class_pairs(
    data: Dataset, tasks: int | None = None, task_steps: int = 300, batch_size: int = 32, seed: int = 0
) -> Stream:
    """Pairs of classes, one after the other: its classes are 0 and 1, and asked after its task.

    Parameters
    ----------
    data
        Of classes.
    tasks
        How many pairs, in an order drawn by the seed; None means all.
    task_steps
        Batches of each.
    batch_size
        Examples a batch.
    seed
        Of everything drawn.
    """
    _check_classes(data)
    pairs = torch.tensor(list(combinations(range(data.classes), 2)))
    pairs = pairs[torch.randperm(len(pairs), generator=generator(seed, "classes"))]
    tasks = len(pairs) if tasks is None else tasks
    if tasks > len(pairs):
        raise OptionError(f"tasks={tasks}: {data.classes} classes make {len(pairs)} pairs")

    def of(y: Tensor, task: int) -> tuple[Tensor, Tensor]:
        there = torch.isin(y, pairs[task]).nonzero().squeeze(1)
        return there, (y[there] == pairs[task, 1]).long()

    def tests(task: int) -> Batch:
        there, labels = of(data.test_y, task)
        return data.test_x[there], labels

    about = {"tasks": tasks, "task_steps": task_steps, "batch_size": batch_size, "seed": seed}
    since = _cycling(data, lambda task: of(data.train_y, task), tasks, task_steps, batch_size, seed)
    name = f"pairs of classes of {data.name}"
    return Stream(name, since, data.input_shape, 2, tasks * task_steps, task_steps, None, tests, about)


def _cycling(
    data: Dataset, examples: _Examples, tasks: int, task_steps: int, batch_size: int, seed: int
) -> Callable[[int], Iterator[Batch]]:
    """Batches of tasks of one length, in which examples come again in another order when all have come."""

    def since(start: int) -> Iterator[Batch]:
        for task in range(start // task_steps, tasks):
            there, labels = examples(task)
            a_pass = max(1, len(there) // batch_size)
            for step in range(task_steps):
                number, batch = divmod(step, a_pass)
                if not batch:
                    order = torch.randperm(len(there), generator=generator(seed, "order of a pass", task, number))
                if task * task_steps + step >= start:
                    chosen = order[batch * batch_size : (batch + 1) * batch_size]
                    yield data.train_x[there[chosen]], labels[chosen]

    return since


def _check_classes(data: Dataset) -> None:
    if data.train_y.is_floating_point():
        raise OptionError(f"{data.name} has numbers to predict, and this stream is of classes")
