"""What a data set is, and how a part of it is held out."""

import functools
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from neurograph.errors import DataError, OptionError

from .checks import check_examples, check_part, check_targets
from .whitening import even_contrast, whitening


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set with its fixed test part: classes to tell apart, or numbers to predict.

    Torch tensors rather than arrays: the loop indexes them and moves them to a device as they are.

    Parameters
    ----------
    name
        As given to `load`.
    train_x, test_x
        (n, ...) float32, each example of `input_shape`, pixels in [0, 1].
    train_y, test_y
        (n,) int64 class numbers; or (n, targets) float32 numbers. The test part may be empty: nothing is tested then.
    input_shape
        Of one example: (channels, height, width), or (features,) when flat.
    classes
        How many classes or targets there are: the network's outputs.
    image_shape
        (channels, height, width) of images that are given as rows of pixels; () where they are not.

    Arrays are taken as well. Numbers of another type are converted: whole examples and all floating numbers to float32,
    class numbers to int64, also where they came as floating numbers.

    Raises
    ------
    DataError
        No training examples, fewer targets than examples, another shape, a class that is not there, a number that is
        not finite or changes in float32: naming the part and the row.
    """

    name: str
    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    input_shape: tuple[int, ...]
    classes: int
    image_shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        kinds = set()
        for part in ("train", "test"):
            given = getattr(self, f"{part}_x"), getattr(self, f"{part}_y")
            try:
                x, y = check_part(*given, part, self.input_shape, self.classes)
            except DataError as error:
                raise DataError(f"data set {self.name!r}: {error}") from None
            object.__setattr__(self, f"{part}_x", x)
            object.__setattr__(self, f"{part}_y", y)
            kinds.add(y.is_floating_point())
        if len(kinds) > 1:
            raise DataError(f"data set {self.name!r}: train_y and test_y must both be classes or both be numbers")

    def fingerprint(self) -> int:
        """CRC-32 of all examples and targets, whether flat or not."""
        parts = (self.train_x, self.train_y, self.test_x, self.test_y)
        return functools.reduce(lambda crc, x: zlib.crc32(x.contiguous().numpy().data, crc), parts, 0)

    def flat(self) -> "Dataset":
        """The same examples as rows of features, which is what a network of scalar neurons takes."""
        train, test = self.train_x.flatten(1), self.test_x.flatten(1)
        images = self.input_shape if len(self.input_shape) == 3 else self.image_shape
        return replace(self, train_x=train, test_x=test, input_shape=tuple(train.shape[1:]), image_shape=images)

    def standardised(self) -> "Dataset":
        """The same examples, each channel (or feature) less its mean and over its deviation in the training part.

        Zeros that cropping and cutting out put into an image are then its mean. What never varies becomes zero.
        """
        over = [0, *range(2, self.train_x.dim())]
        variance, mean = torch.var_mean(self.train_x, over, correction=0, keepdim=True)
        scale = torch.where(variance > 0, variance.rsqrt(), 0.0)
        train, test = (x.sub(mean).mul_(scale) for x in (self.train_x, self.test_x))
        return replace(self, train_x=train, test_x=test)

    def whitened(self, ridge: float = 0.1) -> "Dataset":
        """The same examples with even contrast, their features uncorrelated in the training part.

        Parameters
        ----------
        ridge
            See `whitening`; examples have a variance of one when it is added.

        Raises
        ------
        OptionError
            For a ridge that is not above 0.
        """
        train, test = (even_contrast(x.flatten(1)) for x in (self.train_x, self.test_x))
        mean, matrix = whitening(train, ridge)
        train, test = (x.sub_(mean).mm(matrix).view(len(x), *self.input_shape) for x in (train, test))
        return replace(self, train_x=train, test_x=test)


@dataclass(frozen=True, eq=False)
class Split:
    """The examples a network learns from and those it is watched on.

    Parameters
    ----------
    train_x, validation_x
        (n, ...) float32.
    train_y, validation_y
        (n,) int64, or (n, targets) float32.
    image_shape
        As in `Dataset`: rows of pixels can be cropped, mirrored and cut out from like the images they were.

    Class numbers of any type become int64, whole examples float32; floating numbers stay as they are.

    Raises
    ------
    DataError
        Nothing to learn from, fewer targets than examples, a negative class, a number that is not finite: naming the
        part and the row.
    OptionError
        For an image shape of more or fewer pixels than an example has features.
    """

    train_x: Tensor
    train_y: Tensor
    validation_x: Tensor
    validation_y: Tensor
    image_shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for part in ("train", "validation"):
            x = check_examples(getattr(self, f"{part}_x"), f"{part}_x")
            object.__setattr__(self, f"{part}_x", x)
            object.__setattr__(self, f"{part}_y", check_targets(getattr(self, f"{part}_y"), f"{part}_y", len(x)))
        if not len(self.train_y):
            raise DataError("train_x has no examples")
        pixels, features = math.prod(self.image_shape), math.prod(self.train_x.shape[1:])
        if self.image_shape and pixels != features:
            raise OptionError(f"images of {self.image_shape} have {pixels} pixels, the examples {features} features")

    def to(self, device: torch.device | str) -> "Split":
        """The same examples on a device."""
        return self.mapped(lambda x: x.to(device))

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "Split":
        """The same, with every tensor of examples or targets changed."""
        return replace(self, **{name: change(x) for name, x in vars(self).items() if isinstance(x, Tensor)})


def hold_out(dataset: Dataset, fraction: float, seed: int = 0) -> Split:
    """Split the training part into examples to learn from and examples to validate on; the test part is not touched.

    Parameters
    ----------
    dataset
        Whose training part is split.
    fraction
        Share of every class to hold out, in [0, 1); 0 holds nothing out.
    seed
        Which examples are held out.

    Raises
    ------
    OptionError
        For a fraction outside [0, 1), or one that leaves a class without examples to learn from.

    Examples
    --------
    >>> from neurograph.search import datasets
    >>> split = datasets.hold_out(datasets.load("digits"), 0.2)
    >>> len(split.train_y), len(split.validation_y)
    (1077, 269)
    """
    x, y = dataset.train_x, dataset.train_y
    labels = np.zeros(len(y), np.int64) if y.is_floating_point() else y.numpy()  # numbers to predict are one class
    learn, watch = stratified(labels, fraction, seed)
    return Split(x[learn], y[learn], x[watch], y[watch], dataset.image_shape)


def stratified(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions kept and positions held out, each ascending, with the same share of every class held out.

    Parameters
    ----------
    labels
        (n,) class numbers.
    fraction
        Share to hold out, in [0, 1).
    seed
        Which of a class are held out.

    Raises
    ------
    OptionError
        For a fraction outside [0, 1), or one that takes all of a class.

    Examples
    --------
    >>> kept, held = stratified(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 0.25, seed=0)
    >>> len(kept), len(held)
    (6, 2)
    """
    if not 0.0 <= fraction < 1.0:
        raise OptionError(f"the share to hold out must be at least 0 and below 1, not {fraction!r}")
    generator = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = int(fraction * len(members) + 0.5)
        if count == len(members):
            raise OptionError(f"holding out {fraction:g} of class {label} takes all its {count} examples")
        held[generator.permutation(members)[:count]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def evenly(labels: np.ndarray, count: int, seed: int, ascending: bool = True) -> np.ndarray:
    """Positions of `count` examples, about the same share of every class.

    Parameters
    ----------
    labels
        (n,) class numbers.
    count
        How many, at most n.
    seed
        Which of a class are taken.
    ascending
        Whether they stand as they lie in the data; else the classes stand in turn, so that every stretch of them has
        about the same share of each.

    Examples
    --------
    >>> labels = np.repeat([0, 1], 50)
    >>> labels[evenly(labels, 5, seed=0)]
    array([0, 0, 0, 1, 1])
    """
    generator = np.random.default_rng(seed)
    turn = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turn[generator.permutation(members)] = (np.arange(len(members)) + 0.5) / len(members)
    chosen = np.argsort(turn, kind="stable")[:count]
    return np.sort(chosen) if ascending else chosen
