"""Streams made of a data set of images: labels drawn at random, pixels in another order."""

from collections.abc import Iterator

import torch

from neurograph.errors import OptionError

from ..datasets import Dataset
from ..training.seeds import generator
from .stream import Batch, Stream


def random_labels(
    data: Dataset, tasks: int = 24, images: int = 640, passes: int = 15, batch_size: int = 16, seed: int = 0
) -> Stream:
    """Images with labels drawn at random, others each task: nothing carries over but the ability to learn.

    Parameters
    ----------
    data
        Where images and the number of classes come from; its training part.
    tasks
        How many.
    images
        Of one task, drawn anew for each.
    passes
        How often each image of a task comes, in another order each time.
    batch_size
        Images a batch.
    seed
        Of everything drawn.
    """
    _check(data, images, batch_size)
    if data.classes < 2:
        raise OptionError(f"labels are drawn of the classes that {data.name} has, and it has {data.classes}")
    a_pass = _steps(images, batch_size)
    count = len(data.train_y)

    def since(start: int) -> Iterator[Batch]:
        for task in range(start // (a_pass * passes), tasks):
            chosen = torch.randperm(count, generator=generator(seed, "images of a task", task))[:images]
            labels = torch.randint(data.classes, (images,), generator=generator(seed, "labels of a task", task))
            x = data.train_x[chosen]
            for number in range(passes):
                for batch, there in enumerate(
                    torch.randperm(images, generator=generator(seed, "order of a task", task, number)).split(batch_size)
                ):
                    if (task * passes + number) * a_pass + batch >= start:
                        yield x[there], labels[there]

    about = {"tasks": tasks, "images": images, "passes": passes, "batch_size": batch_size, "seed": seed}
    steps = tasks * passes * a_pass
    return Stream(
        f"random labels of {data.name}", since, data.input_shape, data.classes, steps, passes * a_pass, a_pass,
        about=about,
    )  # fmt: skip


def permuted_pixels(
    data: Dataset, tasks: int = 40, images: int | None = None, batch_size: int = 16, seed: int = 0
) -> Stream:
    """The images of a data set once a task, their pixels in an order of each task's own.

    Parameters
    ----------
    data
        Where images and labels come from; its training part.
    tasks
        How many.
    images
        Of one task, others each; None means all of them.
    batch_size
        Images a batch.
    seed
        Of everything drawn.
    """
    count = len(data.train_y)
    images = count if images is None else images
    _check(data, images, batch_size)
    a_task = _steps(images, batch_size)
    size = data.train_x[0].numel()

    def since(start: int) -> Iterator[Batch]:
        for task in range(start // a_task, tasks):
            pixels = torch.randperm(size, generator=generator(seed, "pixels of a task", task))
            order = torch.randperm(count, generator=generator(seed, "examples of a task", task))[:images]
            for batch, there in enumerate(order.split(batch_size)):
                if task * a_task + batch >= start:
                    x = data.train_x[there]
                    yield x.flatten(1)[:, pixels].reshape(x.shape), data.train_y[there]

    about = {"tasks": tasks, "images": images, "batch_size": batch_size, "seed": seed}
    name = f"permuted pixels of {data.name}"
    return Stream(name, since, data.input_shape, data.classes, tasks * a_task, a_task, about=about)


def _check(data: Dataset, images: int, batch_size: int) -> None:
    if images > len(data.train_y):
        raise OptionError(f"images={images}: {data.name} has {len(data.train_y)} training images")
    if images % batch_size == 1 and batch_size > 1:
        raise OptionError(f"images={images} in batches of {batch_size} leave one over: choose one more or one less")


def _steps(images: int, batch_size: int) -> int:
    return -(-images // batch_size)
