from dataclasses import replace

import pytest
import torch
from torch import nn

from neurograph.errors import OptionError
from search.datasets import Split
from search.training import (
    Augmentation,
    Changes,
    Trainer,
    TrainingOptions,
    changed,
    draw_changes,
    generator,
    make_optimizer,
)

ALL = Augmentation(crop=2, flip=True, cutout=3)


def pictures(count=40, size=(6, 5)):
    """Pixels that all differ and of which none is zero."""
    return 1.0 + torch.arange(count * 3 * size[0] * size[1], dtype=torch.float32).reshape(count, 3, *size)


def one_by_one(images, how, changes):
    """The same with a loop over images and slices."""
    made = []
    for at, image in enumerate(images):
        top, left, mirrored, row, column = (getattr(changes, name)[at].item() for name in vars(changes))
        height, width = image.shape[1:]
        framed = torch.zeros(len(image), height + 2 * how.crop, width + 2 * how.crop)
        framed[:, how.crop : how.crop + height, how.crop : how.crop + width] = image
        cut = framed[:, top : top + height, left : left + width].clone()
        if mirrored:
            cut = torch.flip(cut, [2])
        if how.cutout:
            up, before = row - how.cutout // 2, column - how.cutout // 2
            cut[:, max(0, up) : max(0, up + how.cutout), max(0, before) : max(0, before + how.cutout)] = 0.0
        made.append(cut)
    return torch.stack(made)


@pytest.mark.parametrize("how", [ALL, Augmentation(crop=1), Augmentation(flip=True), Augmentation(cutout=4)], ids=str)
def test_it_is_what_slicing_each_image_gives(how):
    images = pictures()
    before = images.clone()
    changes = draw_changes(how, len(images), (6, 5), seed=1, epoch=2)
    made = changed(images, how, changes)
    assert torch.equal(made, one_by_one(images, how, changes))
    assert not torch.equal(made, images)
    assert torch.equal(images, before)


def test_nothing_asked_for_nothing_done():
    images = pictures(4)
    assert not Augmentation()
    assert torch.equal(changed(images, Augmentation(), draw_changes(Augmentation(), 4, (6, 5), 0, 1)), images)


def test_seed_and_epoch_decide_and_nothing_else():
    def drawn(seed=3, epoch=4):
        return torch.stack([*vars(draw_changes(ALL, 30, (6, 5), seed, epoch)).values()])

    first = drawn()
    torch.manual_seed(99)
    assert torch.equal(first, drawn())
    assert not torch.equal(first, drawn(seed=4)) and not torch.equal(first, drawn(epoch=5))


def test_how_examples_are_batched_makes_no_difference():
    images, changes = pictures(), draw_changes(ALL, 40, (6, 5), 0, 1)
    order = torch.randperm(40, generator=generator(5, "test"))
    parts = [changed(images[some], ALL, changes.of(some)) for some in order.split(7)]
    assert torch.equal(torch.cat(parts), changed(images, ALL, changes)[order])


def test_every_place_mirror_and_hole_comes_up_evenly():
    changes = draw_changes(ALL, 50_000, (6, 5), 0, 1)
    for name, values in (("top", 5), ("left", 5), ("mirrored", 2), ("row", 6), ("column", 5)):
        shares = getattr(changes, name).long().bincount() / 50_000
        assert len(shares) == values
        assert shares.tolist() == pytest.approx([1 / values] * values, abs=0.01)


def test_a_hole_may_hang_over_the_edge():
    nothing, far = torch.tensor([0]), torch.tensor([4])
    at = Changes(nothing, nothing, nothing.bool(), nothing, far)
    made = changed(pictures(1), Augmentation(cutout=3), at)[0, 0]
    assert (made == 0).nonzero().tolist() == [[0, 3], [0, 4], [1, 3], [1, 4]]


def test_what_does_not_fit_is_refused():
    with pytest.raises(OptionError, match=r"cutout=6 is more than the images have: 6 x 5"):
        Augmentation(cutout=6).check((3, 6, 5))
    with pytest.raises(OptionError, match=r"crop=9 is more"):
        Augmentation(crop=9).check((3, 6, 5))
    flat = Split(torch.zeros(4, 6), torch.zeros(4).long(), torch.zeros(0, 6), torch.zeros(0).long())
    with pytest.raises(OptionError, match=r"the examples are \(6,\)"):
        Trainer(nn.Linear(6, 2), flat, TrainingOptions(flip=True))
    Augmentation().check((6,))


class Seen(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(12, 2)
        self.batches = []
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x):
        if self.training:
            self.batches.append(x.detach().clone())
        else:
            self.validated = x.detach().clone()
        return self.last(x.flatten(1))


def image_split():
    x = torch.rand(40, 3, 2, 2, generator=generator(1, "test"))
    y = torch.randint(0, 2, (40,), generator=generator(2, "test"))
    return Split(x[:30], y[:30], x[30:], y[30:])


def test_a_trainer_changes_what_it_learns_from_and_not_what_it_validates_on():
    options = TrainingOptions(epochs=2, batch_size=10, crop=1, flip=True, cutout=1)
    net, split = Seen(), image_split()
    Trainer(net, split, options).run()
    first, second = torch.cat(net.batches[:3]), torch.cat(net.batches[3:])
    order = torch.randperm(30, generator=generator(0, "order of an epoch", 1))
    expected = changed(split.train_x, options.augmentation(), draw_changes(options.augmentation(), 30, (2, 2), 0, 1))
    assert torch.equal(first, expected[order])
    assert not torch.equal(first.sort(0).values, second.sort(0).values)
    assert torch.equal(net.validated, split.validation_x)


def test_rows_of_pixels_are_changed_like_the_images_they_were():
    options = TrainingOptions(epochs=2, batch_size=10, crop=1, flip=True, cutout=1)
    nets, images = (Seen(), Seen()), image_split()
    rows = replace(images.mapped(lambda x: x.flatten(1) if x.dim() > 1 else x), image_shape=(3, 2, 2))
    for net, split in zip(nets, (images, rows), strict=True):
        Trainer(net, split, options).run()
    seen, expected = (torch.cat(net.batches) for net in reversed(nets))
    assert seen.shape == (60, 12)
    assert torch.equal(seen, expected.flatten(1))
    with pytest.raises(OptionError, match=r"crop=3 is more than the images have: 2 x 2"):
        Trainer(Seen(), rows, TrainingOptions(crop=3))


def test_a_run_cut_in_two_gives_the_same_numbers():
    options = TrainingOptions(
        epochs=6, batch_size=8, optimizer="sgd", nesterov=True, schedule="restarts", restart_after=2, clip=0.5,
        label_smoothing=0.1, crop=1, flip=True, cutout=1, learning_rate=0.2, weight_decay=0.01,
    )  # fmt: skip
    whole = Trainer(Seen(), image_split(), options)
    whole.run()
    half = Trainer(Seen(), image_split(), options)
    for _ in range(3):
        half.run_epoch()
    net = Seen()
    net.load_state_dict(half.net.state_dict())
    optimizer = make_optimizer(net.parameters(), options)
    optimizer.load_state_dict(half.optimizer.state_dict())
    rest = Trainer(net, image_split(), options, optimizer=optimizer, rows=half.rows)
    rest.run()
    assert [{**row, "seconds": 0} for row in rest.rows] == [{**row, "seconds": 0} for row in whole.rows]
    for one, other in zip(rest.net.parameters(), whole.net.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.gpu
def test_a_gpu_makes_the_same_images():
    images, changes = pictures(), draw_changes(ALL, 40, (6, 5), 0, 1)
    there = changed(images.cuda(), ALL, draw_changes(ALL, 40, (6, 5), 0, 1, "cuda"))
    assert torch.equal(there.cpu(), changed(images, ALL, changes))
