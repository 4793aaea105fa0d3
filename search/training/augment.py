"""Images changed at random, the same for the same seed and epoch: crops, mirror images, holes.

What happens to an example in an epoch is drawn for all of them at once, before the first batch, so it depends neither
on how they are batched nor on the device; a batch is then changed where it lies, without a loop over its images.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F

from neurograph.errors import OptionError

from .seeds import generator


@dataclass(frozen=True)
class Augmentation:
    """What may happen to an image of an epoch.

    Parameters
    ----------
    crop
        Zeros put around it, in pixels a side, before it is cut back to its size at a random place.
    flip
        Whether every second one, at random, is mirrored left to right.
    cutout
        Side in pixels of the square that becomes zero; its centre is anywhere in the image, so it may hang over the
        edge (DeVries and Taylor 2017, "Improved regularization of convolutional neural networks with cutout").
    """

    crop: int = 0
    flip: bool = False
    cutout: int = 0

    def __bool__(self) -> bool:
        return bool(self.crop or self.flip or self.cutout)

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse, by `OptionError`, examples of a shape that this cannot be done to."""
        if self and len(shape) != 3:
            raise OptionError(
                f"crop, flip and cutout change images of (channels, height, width), and the examples are {shape}: "
                "set crop=0, flip=false and cutout=0, or give the network images"
            )
        for name, size in (("crop", self.crop), ("cutout", self.cutout)):
            if self and size > min(shape[1:]):
                raise OptionError(f"{name}={size} is more than the images have: {shape[1]} x {shape[2]} pixels")


@dataclass(frozen=True, eq=False)
class Changes:
    """How each of n images is changed; int64 (n,) but `mirrored`, which is bool.

    Parameters
    ----------
    top, left
        Where the crop begins in the padded image.
    mirrored
        Whether it is mirrored.
    row, column
        Centre of the hole, in the image as cropped and mirrored.
    """

    top: Tensor
    left: Tensor
    mirrored: Tensor
    row: Tensor
    column: Tensor

    def of(self, batch: Tensor) -> "Changes":
        """The changes of some of the images, by their positions."""
        return Changes(*(getattr(self, field.name)[batch] for field in fields(self)))


def draw_changes(
    how: Augmentation, count: int, size: tuple[int, ...], seed: int, epoch: int, device: torch.device | str = "cpu"
) -> Changes:
    """The changes of an epoch, drawn on the CPU whatever the device they are put on.

    Parameters
    ----------
    how
        What may happen.
    count
        How many images there are.
    size
        Their height and width.
    seed, epoch
        What the draw depends on, besides `how`, `count` and `size`.
    """
    numbers = generator(seed, "changes of images", epoch)
    corners = torch.randint(2 * how.crop + 1, (2, count), generator=numbers)
    mirrored = torch.rand(count, generator=numbers) < 0.5 if how.flip else torch.zeros(count, dtype=torch.bool)
    centre = [torch.randint(side, (count,), generator=numbers) for side in size]
    return Changes(*(each.to(device) for each in (*corners, mirrored, *centre)))


def changed(images: Tensor, how: Augmentation, changes: Changes) -> Tensor:
    """Images after their changes.

    Parameters
    ----------
    images
        (n, channels, height, width); they stay as they are.
    how
        What `changes` were drawn for.
    changes
        One for each image.

    Examples
    --------
    >>> image = torch.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    >>> at = [torch.tensor([value]) for value in (2, 1, True, 0, 0)]  # a row further down than where it was; mirrored
    >>> changed(image, Augmentation(crop=1, flip=True), Changes(*at)).tolist()
    [[[[4.0, 3.0], [0.0, 0.0]]]]
    """
    if how.crop or how.flip:
        images = _placed(images, how.crop, changes)
    return images.masked_fill(_holes(images, how.cutout, changes), 0.0) if how.cutout else images


def _placed(images: Tensor, crop: int, changes: Changes) -> Tensor:
    """Crops, mirrored or not: one gather over the pixels, which is several times as fast as indexing by four arrays."""
    n, channels, height, width = images.shape
    across = torch.arange(width, device=images.device)
    columns = torch.where(changes.mirrored[:, None], width - 1 - across, across) + changes.left[:, None]
    rows = torch.arange(height, device=images.device) + changes.top[:, None]
    pixels = (rows[:, :, None] * (width + 2 * crop) + columns[:, None, :]).reshape(n, 1, height * width)
    padded = F.pad(images, (crop, crop, crop, crop)).flatten(2)
    return padded.gather(2, pixels.expand(n, channels, -1)).view(n, channels, height, width)


def _holes(images: Tensor, side: int, changes: Changes) -> Tensor:
    """(n, 1, height, width) bool: the pixels of `side` rows and columns around each centre."""
    inside = []
    for length, centre in zip(images.shape[2:], (changes.row, changes.column), strict=True):
        first = centre[:, None] - side // 2
        along = torch.arange(length, device=images.device)
        inside.append((along >= first) & (along < first + side))
    return (inside[0][:, :, None] & inside[1][:, None, :])[:, None]
