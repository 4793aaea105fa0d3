import re
from itertools import pairwise

import numpy as np
import pytest
import torch.nn.functional as F

from neurograph.builders import parameter_count, vgg
from neurograph.builders.vgg import BLOCKS
from neurograph.errors import OptionError
from tests.neurograph.builders import plain


@pytest.mark.parametrize("depth", BLOCKS)
def test_the_docstrings_table(depth):
    row = re.search(rf"\| {depth} \| ([\d ]+) \| ([\d,]+) \| ([\d,]+) \|", vgg.__doc__ or "")
    assert row and tuple(map(int, row[1].split())) == BLOCKS[depth]
    plainly, normed = (int(number.replace(",", "")) for number in row.groups()[1:])
    widths = [3, *np.repeat((64, 128, 256, 512, 512), BLOCKS[depth])]
    convolutions = sum(9 * a * b + b for a, b in pairwise(widths))
    assert plainly == convolutions + 5130
    assert normed - plainly == 2 * sum(widths[1:])


@pytest.mark.parametrize(("depth", "batch_norm", "count"), [(11, True, 9_231_114), (16, False, 14_719_818)])
def test_full_networks_have_the_tables_counts(depth, batch_norm, count):
    g = vgg(depth, batch_norm)
    assert parameter_count(g) == count
    assert not g.journal.entries


@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_is_what_torch_computes(batch_norm):
    g = plain.shaken(vgg(15, batch_norm, classes=3, seed=1, width=1 / 32))
    x = y = plain.images(g)
    below = "input"
    for block, count in enumerate(BLOCKS[15], 1):
        for place in range(1, count + 1):
            y = plain.conv(g, below, (here := f"conv{block}_{place}"), y, padding=1)
            y, below = (plain.norm(g, here, y) if batch_norm else y).relu(), here
        y, below = F.max_pool2d(y, 2), f"pool{block}"
    assert (plain.out(g, x) - plain.linear(g, "pool5", "output", y)).abs().max() < 1e-12


def test_larger_images_are_read_whole():
    g = vgg(11, width=1 / 64, size=64)
    assert g.nodes[g.population("pool5")[0]]["shape"] == (2, 2)
    assert np.shape(g[g.population("pool5")[0]][g.population("output")[0]]["weight"]) == (2, 2)
    small = vgg(11, width=1 / 64)
    assert small.nodes[small.population("pool5")[0]]["shape"] == ()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"depth": 12}, "no VGG of depth 12"), ({"size": 48}, "multiple of 32"), ({"width": 0.0}, "width")],
)
def test_impossible_options_are_refused(wrong, why):
    with pytest.raises(OptionError, match=why):
        vgg(**wrong)
