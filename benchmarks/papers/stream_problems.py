"""Streams on which networks are compared, each with the network that is to keep up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from torch.nn import functional as F

from search.datasets import Dataset, load
from search.streams import Stream, bit_flipping, class_incremental, class_pairs, permuted_pixels, random_labels


@dataclass(frozen=True)
class Problem:
    """A stream and the network that is to keep up with it.

    Parameters
    ----------
    about
        What it is, in a line.
    sizes
        Of the layers.
    stream
        From a seed and a number of tasks to the stream.
    tasks
        How many.
    judged
        What is compared: "last pass" (accuracy of a task's last pass), "online", "test", or "error" (online).
    learning
        Learning rates that networks whose neurons die and are born are tried with.
    births
        Of a population a thousand steps, that they are tried with.
    """

    about: str
    sizes: tuple[int, ...]
    stream: Callable[[int, int], Stream]
    tasks: int
    judged: str = "last pass"
    learning: tuple[float, ...] = (7e-4, 1e-3, 1.4e-3, 2e-3)
    births: tuple[float, float] = (30.0, 100.0)


@cache
def images(name: str) -> Dataset:
    """A data set as rows of pixels, read once."""
    return load(name).flat()


@cache
def small_mnist(side: int = 2) -> Dataset:
    """MNIST, squares of pixels averaged, as rows of pixels."""
    data = load("mnist")
    pooled = [F.avg_pool2d(x, side).flatten(1) for x in (data.train_x, data.test_x)]
    size = tuple(pooled[0].shape[1:])
    return replace(data, name=f"mnist/{side}", train_x=pooled[0], test_x=pooled[1], input_shape=size)


PROBLEMS: dict[str, Problem] = {
    "random labels, small": Problem(
        "28 tasks of 240 images of MNIST (14 x 14, pixels averaged) with random labels, 12 passes each, batches of 16",
        (196, 64, 64, 64, 10),
        lambda seed, tasks: random_labels(small_mnist(), tasks, 240, 12, 16, seed),
        28,
        learning=(2e-3, 3e-3, 4e-3, 6e-3),
        births=(40.0, 64.0),
    ),
    "random labels": Problem(
        "24 tasks of 640 images of MNIST with random labels, 15 passes each, batches of 16",
        (784, 100, 100, 100, 10),
        lambda seed, tasks: random_labels(images("mnist"), tasks, 640, 15, 16, seed),
        24,
    ),
    "permuted pixels": Problem(
        "40 tasks of 10,000 images of MNIST, the pixels of each task in another order, one pass, batches of 16",
        (784, 100, 100, 100, 10),
        lambda seed, tasks: permuted_pixels(images("mnist"), tasks, 10_000, 16, seed),
        40,
        "online",
    ),
    "pairs of classes": Problem(
        "45 pairs of CIFAR-10's classes, 300 batches of 32 each; accuracy on the pair's test images after its task",
        (3072, 100, 100, 2),
        lambda seed, tasks: class_pairs(images("cifar10"), tasks, 300, 32, seed),
        45,
        "test",
    ),
    "classes that come": Problem(
        "CIFAR-10, two classes more a task, 3 passes; accuracy on the test images of all classes so far",
        (3072, 100, 100, 10),
        lambda seed, tasks: class_incremental(images("cifar10"), 2, 3, 32, seed),
        5,
        "test",
    ),
    "bit flipping": Problem(
        "the slowly changing regression at its published settings; online error in percent of the targets' variation",
        (21, 5, 1),
        lambda seed, tasks: bit_flipping(tasks * 10_000, seed=seed),
        100,
        "error",
    ),
}
