import numpy as np
import pytest
from scipy.ndimage import convolve

from neurograph.initializers import from_name, he_normal, he_smooth, smoothed

GAUSSIAN = np.outer([1, 2, 1], [1, 2, 1]) / 16


@pytest.mark.parametrize("side", [3, 5])
def test_it_is_a_gaussian_filter_up_to_one_factor(side):
    kernels = np.random.default_rng(0).normal(size=(4, side, side))
    expected = np.stack([convolve(kernel, GAUSSIAN, mode="nearest") for kernel in kernels])
    factor = smoothed(kernels) / expected
    assert factor == pytest.approx(np.full_like(factor, factor[0, 0, 0]))
    assert factor[0, 0, 0] > 1


@pytest.mark.parametrize("side", [3, 5])
def test_the_variance_stays_and_neighbours_agree(side):
    shape = (30, 400, side, side)
    drawn, smooth = (of(shape, "relu", np.random.default_rng(1)) for of in (he_normal, he_smooth))
    assert np.square(smooth).mean() == pytest.approx(np.square(drawn).mean(), rel=0.02)
    agreement = (smooth[..., :-1] * smooth[..., 1:]).mean() / np.square(smooth).mean()
    assert agreement > 0.5 > 0.05 > abs((drawn[..., :-1] * drawn[..., 1:]).mean() / np.square(drawn).mean())


def test_a_flat_kernel_stays_flat():
    assert np.ptp(smoothed(np.full((5, 5), 3.0))) == pytest.approx(0.0)


@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 1, 1), (1, 3, 8, 8), (2, 3, 3, 5)])
def test_other_weights_are_left_as_he_draws_them(shape):
    assert (from_name("he_smooth", 3)(shape, "relu") == from_name("he_normal", 3)(shape, "relu")).all()
