"""Batches by number: the same number is always the same batch, in whatever process."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from neurograph.errors import OptionError

from ...datasets import Split
from ...options import MOST_SEED, Checked, option
from ...training import Augmentation, changed, draw_changes, generator

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class BatchOptions(Checked):
    """What individuals are trained and evaluated on; the defaults are the paper's, on CIFAR-10.

    `option`'s texts below say what each field means. The paper evaluates on test images; here part of the training
    images is held out for that, so that the test images stay unseen.

    Raises
    ------
    OptionError
        For an impossible value, naming the option and its range.
    """

    batch_size: int = option(100, "examples of a training batch", least=1)
    evaluation_batch: int = option(500, "held-out examples of an evaluation batch, about", least=1)
    validation: float = option(0.1, "share of the training examples held out to evaluate on", above=0, below=1)
    standardise: bool = option(True, "whether each channel's mean and deviation are taken out of the images")
    crop: int = option(4, "zeros put around an image, each side, before it is cropped back at random", least=0)
    flip: bool = option(True, "whether every second image, at random, is mirrored")
    cutout: int = option(0, "side of the square cut out of every image; 0 means none", least=0)
    seed: int = option(0, "of what is held out, and of the order and the changes of images", least=0, reach=MOST_SEED)

    def augmentation(self) -> Augmentation:
        """What happens to training images."""
        return Augmentation(self.crop, self.flip, self.cutout)


class Walk:
    """A split as numbered batches.

    Training batches go through epoch after epoch, each in an order and with changes of its own; a last batch that would
    be smaller is left out. Evaluation batches begin again after the last; all are about as large as was asked, since
    scores on fewer examples would not compare.

    Parameters
    ----------
    split
        Training and held-out examples.
    options
        See `BatchOptions`.

    Raises
    ------
    OptionError
        Where there are fewer training examples than a batch has, or images are too small for their changes.
    """

    def __init__(self, split: Split, options: BatchOptions) -> None:
        self.split, self.options = split, options
        self.an_epoch = len(split.train_y) // options.batch_size
        if not self.an_epoch:
            raise OptionError(
                f"batch_size={options.batch_size} is more than the {len(split.train_y)} training examples"
            )
        if not len(split.validation_y):
            raise OptionError(f"validation={options.validation:g} holds out no examples to evaluate on")
        self.held_out = max(1, round(len(split.validation_y) / options.evaluation_batch))
        self._how, self._size = options.augmentation(), tuple(split.train_x.shape[2:])
        self._how.check(tuple(split.train_x.shape[1:]))
        self._order = torch.randperm(len(split.validation_y), generator=generator(options.seed, "held-out batches", 0))
        self._epoch = -1  # that of `_positions` and `_changes`: numbers mostly come in order

    def training(self, number: int) -> Batch:
        """A training batch: (batch_size, ...) and (batch_size,)."""
        epoch, place = divmod(number, self.an_epoch)
        if epoch != self._epoch:
            seed, count = self.options.seed, len(self.split.train_y)
            self._positions = torch.randperm(count, generator=generator(seed, "order of an epoch", epoch)).split(
                self.options.batch_size
            )
            self._changes = draw_changes(self._how, count, self._size, seed, epoch) if self._how else None
            self._epoch = epoch
        chosen = self._positions[place]
        images, targets = self.split.train_x[chosen], self.split.train_y[chosen]
        return (changed(images, self._how, self._changes.of(chosen)) if self._changes else images), targets

    def evaluation(self, numbers: Iterable[int]) -> Batch:
        """The held-out examples of some evaluation batches, each batch once."""
        parts = self._order.tensor_split(self.held_out)
        chosen = torch.cat([parts[at] for at in sorted({number % self.held_out for number in numbers})])
        return self.split.validation_x[chosen], self.split.validation_y[chosen]
