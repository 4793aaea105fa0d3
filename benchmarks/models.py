"""The networks that convolution benchmarks run, as people write them in PyTorch."""

from torch import Tensor, nn
from torch.nn import functional as F


class LeNet5(nn.Module):
    """Two convolutions and two linear layers, 20-50-500-10 (LeCun's, in Caffe's sizes), on 28 x 28."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class VGG16(nn.Module):
    """Thirteen 3 x 3 convolutions with batch norm and one linear layer, on 32 x 32."""

    PLAN = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for step in self.PLAN:
            if isinstance(step, str):
                layers.append(nn.MaxPool2d(2))
                continue
            out = int(step * width)
            layers += [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
            channels = out
        self.features, self.head = nn.Sequential(*layers), nn.Linear(channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(1))


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut: the identity, or a strided 1 x 1 convolution."""

    def __init__(self, source: int, target: int, stride: int) -> None:
        super().__init__()
        self.one, self.one_norm = nn.Conv2d(source, target, 3, stride, 1, bias=False), nn.BatchNorm2d(target)
        self.two, self.two_norm = nn.Conv2d(target, target, 3, 1, 1, bias=False), nn.BatchNorm2d(target)
        self.short = None
        if stride != 1 or source != target:
            self.short = nn.Sequential(nn.Conv2d(source, target, 1, stride, bias=False), nn.BatchNorm2d(target))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.one_norm(self.one(x)))
        return F.relu(self.two_norm(self.two(y)) + (x if self.short is None else self.short(x)))


class ResNet20(nn.Module):
    """He et al. (2016), for CIFAR-10: three groups of three blocks of 16, 32 and 64 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        plan = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.blocks = nn.Sequential(*(Residual(*step) for step in plan))
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))
