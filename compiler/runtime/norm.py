"""Neurons with a batch norm, with dropout, or that are feature maps: what happens to their sum."""

import torch
import torch.nn.functional as F
from torch import Tensor

from neurograph.errors import CompileError

from ..lowering.maps import per_channel
from ..lowering.vector import add_vector, read_vector, vector_slots
from ..planning.program import NeuronsPlan
from ..regions.status import FIXED
from ..slots import RUNNING, Slots
from .neurons import NeuronUnit

SCALE = ("gamma", "beta")


def drop(x: Tensor, rate: float, channelwise: bool) -> Tensor:
    """Dropout as torch does it, with torch's generator: of single values, or of whole maps."""
    return F.dropout2d(x, rate) if channelwise else F.dropout(x, rate)


class RichNeuronUnit(NeuronUnit):
    """Neurons with more than a bias and an activation.

    Running statistics are buffers, moved by every forward in train mode, also those of neurons that are not trainable:
    as in torch, what is frozen is gamma and beta.
    """

    def __init__(self, plan: NeuronsPlan, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(plan, dtype, device)
        self.norm, self.rate, self.channelwise = plan.norm, plan.dropout, plan.channelwise
        if plan.norm is not None:
            assert plan.scale is not None
            for name in SCALE:
                add_vector(self, name, plan.scale, dtype, device)
            for name, _ in RUNNING:
                self.register_buffer(name, torch.zeros(len(plan.keys), dtype=dtype, device=device), persistent=False)

    @property
    def moves(self) -> bool:
        """Whether a forward in train mode moves its numbers."""
        return self.norm is not None

    def finish(self, total: Tensor) -> Tensor:
        if self.norm is not None:
            total = self._normalised(total, *self.norm)
        if self.function is not None:
            total = self.function(total)
        elif self.sloped is not None:
            slope = read_vector(self, "slope")
            assert slope is not None
            total = self.sloped(total, per_channel(slope, total))
        return drop(total, self.rate, self.channelwise) if self.rate and self.training else total

    def _normalised(self, x: Tensor, eps: float, momentum: float) -> Tensor:
        buffers = self._buffers
        if self.training and x.shape[1] and x.numel() == x.shape[1]:
            raise CompileError(
                f"population {self.population!r}: batch norm in training needs more than one value per channel, and a "
                f"tensor of shape {tuple(x.shape)} holds one: give it a larger batch, or call net.eval()"
            )
        scale, shift = (read_vector(self, name) for name in SCALE)
        statistics = buffers["running_mean"], buffers["running_var"]
        return F.batch_norm(x, *statistics, scale, shift, self.training, momentum, eps)

    def slots(self) -> list[Slots]:
        plan, found = self.plan, super().slots()
        if plan.norm is None or plan.scale is None:
            return found
        for name in SCALE:
            found += vector_slots(self, name, (name, ()), plan.keys, plan.scale)
        return found + [Slots(quantity, self, quantity[0], plan.keys, None, False) for quantity in RUNNING]


def neurons_unit(plan: NeuronsPlan, dtype: torch.dtype, device: torch.device) -> NeuronUnit:
    """The unit of a block's neurons; the plainest one that does."""
    rich = plan.norm is not None or plan.dropout or plan.shape
    assert plan.scale is None or not (plan.scale == FIXED).any()
    return (RichNeuronUnit if rich else NeuronUnit)(plan, dtype, device)
