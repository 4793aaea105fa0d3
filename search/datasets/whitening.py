"""Taking out of images what their pixels have in common: light, contrast and correlation (ZCA)."""

import torch
from torch import Tensor

from neurograph.errors import OptionError

_NONE = 1e-10  # a variance that rounding makes; one pixel of 3,072, one step in 255 brighter than the rest, has 5e-9


def whitening(examples: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """The mean and the matrix that whiten examples.

    With the covariance V diag(l) V^T, the matrix is V diag(1 / sqrt(l + ridge)) V^T: of all matrices that whiten, the
    one that changes the examples least, so that images stay images (ZCA: Bell and Sejnowski, 1997, "The 'independent
    components' of natural scenes are edge filters"; Krizhevsky, 2009, "Learning multiple layers of features from tiny
    images", appendix A).

    Parameters
    ----------
    examples
        (n, features) float32.
    ridge
        Added to every variance: directions that vary by less are noise, and stay small.

    Returns
    -------
    mean : torch.Tensor
        (features,) float32.
    matrix : torch.Tensor
        (features, features) float32, symmetric.

    Raises
    ------
    OptionError
        For a ridge that is not above 0.
    """
    if not ridge > 0:
        raise OptionError(f"a ridge for whitening must be above 0, not {ridge!r}: examples may not vary in a direction")
    mean = examples.mean(0)
    rest = examples - mean
    variances, directions = torch.linalg.eigh((rest.T @ rest).div_(len(rest)).double())
    scale = variances.clamp_(min=0).add_(ridge).rsqrt_()
    return mean, ((directions * scale) @ directions.T).float()


def even_contrast(examples: Tensor) -> Tensor:
    """Each example less its own mean and over its own deviation; one that is the same all over becomes zero.

    Coates, Ng and Lee (2011), "An analysis of single-layer networks in unsupervised feature learning", section 3.2.1.

    Parameters
    ----------
    examples
        (n, features) float32.
    """
    variance, mean = torch.var_mean(examples, 1, correction=0, keepdim=True)
    return (examples - mean).mul_(torch.where(variance > _NONE, variance.rsqrt(), 0.0))
