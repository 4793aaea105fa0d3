"""When a product must be written in torch's own operators: under `torch.func` and forward-mode differentiation.

A lowering that is faster by an `autograd.Function` of its own has a second, plain form of the same product. Torch knows
every derivative of that, forward, backward, batched and of any order, so the plain form needs no rules here.
"""

import torch
from torch import Tensor
from torch._C._functorch import is_legacy_batchedtensor
from torch.autograd import forward_ad


def transformed(*gradients: Tensor) -> bool:
    """Whether a `torch.func` transform (vmap, grad, jvp, ...) or a level of forward-mode differentiation is open.

    Parameters
    ----------
    *gradients
        What a backward pass was given: with `is_grads_batched` these are many at once, which shows in them alone.
    """
    if torch.compiler.is_compiling():
        return False
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return True
    return any(is_legacy_batchedtensor(gradient) for gradient in gradients)
