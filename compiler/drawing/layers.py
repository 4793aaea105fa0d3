"""What a network needs beside `torch.nn`: layers of plain operators, which `torch.export` and ONNX take.

Nothing here imports anything but torch: a package that is written for somebody else holds the source of those it uses.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MaskedLinear(nn.Linear):
    """A linear layer in which some pairs are not joined: their weights count as zero, whatever they are."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias)
        self.register_buffer("mask", torch.ones(outputs, inputs, dtype=torch.bool))

    def forward(self, input: Tensor) -> Tensor:
        """From (batch, inputs) to (batch, outputs)."""
        return F.linear(input, self.weight * self.mask, self.bias)


class MaskedConv2d(nn.Conv2d):
    """A convolution in which some pairs of channels are not joined: their kernels count as zero."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, kernel_size: tuple[int, int], **options) -> None:
        super().__init__(inputs, outputs, kernel_size, **options)
        self.register_buffer("mask", torch.ones(*self.weight.shape[:2], 1, 1, dtype=torch.bool))

    def forward(self, input: Tensor) -> Tensor:
        """From (batch, inputs, height, width) to (batch, outputs, height, width)."""
        return self._conv_forward(input, self.weight * self.mask, self.bias)


class Sparse(nn.Module):
    """Synapses so few that each output gathers its own: a table (outputs, fan-in) of sources and weights.

    Outputs with fewer synapses than others read a zero that is put behind the inputs.
    """

    source: Tensor

    def __init__(self, outputs: int, fan_in: int, ragged: bool = False) -> None:
        super().__init__()
        self.ragged = ragged
        self.weight = nn.Parameter(torch.zeros(outputs, fan_in))
        self.register_buffer("source", torch.zeros(outputs, fan_in, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, inputs) to (batch, outputs)."""
        x = F.pad(x, (0, 1)) if self.ragged else x
        contribution = x.index_select(1, self.source.flatten()).unflatten(1, self.source.shape)
        return (contribution * self.weight).sum(-1)


class Scatter(nn.Module):
    """Few synapses, of which some outputs have many more than others: what each contributes is added where it leads."""

    source: Tensor
    target: Tensor

    def __init__(self, outputs: int, synapses: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.weight = nn.Parameter(torch.zeros(synapses))
        self.register_buffer("source", torch.zeros(synapses, dtype=torch.long))
        self.register_buffer("target", torch.zeros(synapses, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, inputs) to (batch, outputs)."""
        contribution = x.index_select(1, self.source) * self.weight
        nothing = contribution.new_zeros(x.shape[0], self.outputs)
        return nothing.scatter_add(1, self.target.expand(x.shape[0], -1), contribution)


class Blocks(nn.Module):
    """Equal disjoint blocks, side by side, each a linear layer of its own."""

    def __init__(self, blocks: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(blocks, inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, blocks * inputs) to (batch, blocks * outputs)."""
        blocks, inputs, _ = self.weight.shape
        return (x.unflatten(1, (blocks, 1, inputs)) @ self.weight).flatten(1)


class Aggregate(nn.Module):
    """Neurons that multiply or average what their synapses bring, or take the largest or smallest of it.

    A table (outputs, fan-in) of sources and weights; places that no synapse has are empty. A neuron without synapses is
    0, or 1 where it multiplies.
    """

    source: Tensor
    empty: Tensor

    def __init__(self, how: str, outputs: int, fan_in: int) -> None:
        super().__init__()
        self.how = how
        self.weight = nn.Parameter(torch.zeros(outputs, fan_in))
        self.register_buffer("source", torch.zeros(outputs, fan_in, dtype=torch.long))
        self.register_buffer("empty", torch.zeros(outputs, fan_in, dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, inputs) to (batch, outputs)."""
        contribution = x.index_select(1, self.source.flatten()).unflatten(1, self.source.shape) * self.weight
        neutral = {"product": 1.0, "max": -torch.inf, "min": torch.inf, "mean": 0.0}
        contribution = contribution.masked_fill(self.empty, neutral[self.how])
        if self.how == "product":
            return contribution.prod(-1)
        if self.how == "mean":
            return contribution.sum(-1) / (~self.empty).sum(-1).clamp(min=1)
        extreme = contribution.amax(-1) if self.how == "max" else contribution.amin(-1)
        return extreme.masked_fill(self.empty.all(-1), 0.0)


class Pick(nn.Module):
    """Some columns (neurons or channels), in an order of their own."""

    column: Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("column", torch.zeros(columns, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, inputs, ...) to (batch, columns, ...)."""
        return x.index_select(1, self.column)


class Place(nn.Module):
    """Columns put in their places among others that are zero: a place of -1 stays empty."""

    column: Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("column", torch.zeros(columns, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, inputs, ...) to (batch, columns, ...)."""
        zero = torch.zeros_like(x[:, :1])
        return torch.cat([zero, x], 1).index_select(1, self.column + 1)


class Sum(nn.Module):
    """Each output adds up some of the inputs, as they are: a table (outputs, fan-in), -1 where there are fewer."""

    column: Tensor

    def __init__(self, outputs: int, fan_in: int) -> None:
        super().__init__()
        self.register_buffer("column", torch.zeros(outputs, fan_in, dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, inputs, ...) to (batch, outputs, ...)."""
        zero = torch.zeros_like(x[:, :1])
        contribution = torch.cat([zero, x], 1).index_select(1, self.column.flatten() + 1)
        return contribution.unflatten(1, self.column.shape).sum(2)


class Bias(nn.Module):
    """One number for each neuron or channel, added."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape: (batch, neurons) or (batch, channels, height, width)."""
        return x + self.bias


class Constant(nn.Module):
    """Neurons that nothing leads to: the same values for every row of the batch."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        """From any (batch, ...) to (batch, *shape)."""
        return self.value.expand(x.shape[0], *self.value.shape)
