"""The modules of a supernet: each makes one population of the graph from the maps of others.

They hold what is shared by every network that has that population. Batch norm always takes the batch's own statistics:
running ones would mix those of all networks that pass through. A module's `wiring` says which synapses its weights are:

    full      from every channel of its sources to each of its own: weights (to, from, ...)
    own       from the channel at the same place: weights (to, 1, ...)
    halves    factorised reduction: full, the second half of the channels from pixels between those of the first
    none      no weights
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, track_running_stats=False)


class Unit(nn.Module):
    """A convolution, batch norm, ReLU."""

    wiring = "full"

    def __init__(self, sources: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(sources, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = _norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of the same size."""
        return self.norm(self.convolution(x)).relu()

    def weights(self) -> Tensor:
        """(to, from, kernel, kernel)."""
        return self.convolution.weight


class Joined(nn.Module):
    """A 1 x 1 convolution over the concatenation of any of some layers, batch norm, ReLU.

    The columns of each layer are a Parameter of their own, so that those of layers that are not read have no gradient
    and neither momentum nor weight decay moves them.
    """

    wiring = "full"

    def __init__(self, sources: int, channels: int) -> None:
        super().__init__()
        self.columns = nn.ParameterList(torch.empty(channels, channels, 1, 1) for _ in range(sources))
        self.norm = _norm(channels)

    def forward(self, *sources: Tensor, read: tuple[int, ...]) -> Tensor:
        """The layers that are read, in order, then the operation."""
        return self.norm(F.conv2d(torch.cat(sources, 1), self.weights(read))).relu()

    def weights(self, read: tuple[int, ...]) -> Tensor:
        """(to, from, 1, 1) with the columns of the layers that are read, then the operation's."""
        return torch.cat([*(self.columns[layer] for layer in read), self.columns[-1]], 1)


class Depthwise(nn.Module):
    """A kernel a channel, without a norm."""

    wiring = "own"

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of the same size."""
        return self.convolution(x)

    def weights(self) -> Tensor:
        """(to, 1, kernel, kernel)."""
        return self.convolution.weight


class Reduced(nn.Module):
    """Factorised reduction to half the side: 1 x 1 kernels on every second pixel and on those between; batch norm."""

    wiring = "halves"

    def __init__(self, sources: int, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(sources, channels, 1, bias=False)
        self.norm = _norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps of half the side."""
        weight = self.convolution.weight
        half = len(weight) // 2
        parts = F.conv2d(x[:, :, ::2, ::2], weight[:half]), F.conv2d(x[:, :, 1::2, 1::2], weight[half:])
        return self.norm(torch.cat(parts, 1))

    def weights(self) -> Tensor:
        """(to, from, 1, 1)."""
        return self.convolution.weight


class Pool(nn.Module):
    """The average or maximum of 3 x 3 pixels; those beyond the edge do not count."""

    wiring = "none"

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """Maps of the same size."""
        if self.kind == "average":
            return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return F.max_pool2d(x, 3, 1, 1)


class Average(nn.Module):
    """Global average pooling."""

    wiring = "none"

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels)."""
        return x.mean((2, 3))


class Grouped(nn.Module):
    """A kernel a channel, as large as the maps ("Neuron hierarchical networks", 2.2)."""

    wiring = "own"

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, side, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels)."""
        return self.convolution(x).flatten(1)

    def weights(self) -> Tensor:
        """(to, 1, side, side)."""
        return self.convolution.weight


class Output(nn.Linear):
    """The last layer."""

    wiring = "full"

    def weights(self) -> Tensor:
        """(to, from)."""
        return self.weight
