"""What several lowerings do with feature maps, (batch, channels, height, width)."""

import torch
from torch import Tensor

from .transforms import transformed


def pick(x: Tensor, columns: Tensor) -> Tensor:
    """Some neurons of (batch, neurons, ...), in the memory format of x."""
    if x.dim() == 4 and not transformed() and _channels_last(x):
        return x.permute(0, 2, 3, 1).index_select(3, columns).permute(0, 3, 1, 2)
    return x.index_select(1, columns)


def _channels_last(x: Tensor) -> bool:
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def per_channel(vector: Tensor, x: Tensor) -> Tensor:
    """(neurons,) numbers in a shape that broadcasts over (batch, neurons, ...)."""
    return vector.view(-1, 1, 1) if x.dim() == 4 else vector


def add_bias(x: Tensor, bias: Tensor) -> Tensor:
    """One number more for each neuron of (batch, neurons, ...)."""
    return x + per_channel(bias, x)
