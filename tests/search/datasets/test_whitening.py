"""Whitening beside numpy in float64."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neurograph.errors import OptionError
from search.datasets import load

DIGITS = load("digits:400")


def by_numpy(train, examples, ridge):
    def even(x):
        x = x.reshape(len(x), -1).astype(np.float64)
        return (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)

    seen = even(train)
    rest = seen - seen.mean(0)
    _, values, directions = np.linalg.svd(rest, full_matrices=True)
    scale = 1 / np.sqrt(values**2 / len(rest) + ridge)
    return (even(examples) - seen.mean(0)) @ (directions.T * scale) @ directions


@pytest.mark.parametrize("ridge", [0.1, 1.0])
def test_both_parts_are_whitened_by_the_training_part(ridge):
    made = DIGITS.whitened(ridge)
    for part in ("train_x", "test_x"):
        given, found = getattr(DIGITS, part), getattr(made, part)
        assert found.shape == given.shape and found.dtype == torch.float32
        expected = by_numpy(DIGITS.train_x.numpy(), given.numpy(), ridge)
        assert np.abs(found.flatten(1).numpy() - expected).max() < 1e-4
    assert torch.equal(DIGITS.train_x, load("digits:400").train_x), "the data given are left as they were"


def test_features_are_uncorrelated_where_they_vary_by_more_than_the_ridge():
    rows = DIGITS.whitened(ridge=1e-6).train_x.flatten(1).double()
    variances = torch.linalg.eigvalsh(rows.T @ rows / len(rows))
    assert (variances > 0.999).sum() > 50, "of 64 pixels, a few are always empty"
    assert variances.max() < 1.001


def test_rows_of_pixels_are_whitened_like_images():
    images, rows = DIGITS.whitened(), DIGITS.flat().whitened()
    assert torch.equal(rows.train_x, images.flat().train_x)
    assert rows.image_shape == (1, 8, 8)


def test_an_image_without_contrast_is_harmless():
    blank = torch.full((2, 1, 8, 8), 0.3)
    data = replace(DIGITS, train_x=torch.cat([blank, DIGITS.train_x[2:]])).whitened()
    assert data.train_x.isfinite().all()
    assert torch.allclose(data.train_x[0], data.train_x[1])
    rest = DIGITS.train_x[2:].flatten(1)
    assert torch.allclose(data.train_x.flatten(1).mean(0), torch.zeros(64), atol=1e-4)
    assert data.train_x[0].abs().max() < 10 * rest.std()


@pytest.mark.parametrize("ridge", [0.0, -1.0, float("nan")])
def test_a_ridge_that_is_not_above_0_is_refused(ridge):
    with pytest.raises(OptionError, match="ridge for whitening must be above 0"):
        DIGITS.whitened(ridge)
