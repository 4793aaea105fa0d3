"""Networks as people write them: the torch side of the round trips."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LeNet5(nn.Module):
    def __init__(self, width: int = 1) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6 * width, 5, padding=2), nn.Conv2d(6 * width, 16 * width, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400 * width, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


class VGG(nn.Module):
    PLAN = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)

    def __init__(self, batch_norm: bool, width: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        below = 3
        for filters in self.PLAN:
            if not filters:
                layers.append(nn.MaxPool2d(2, 2))
                continue
            channels = int(filters * width)
            layers += [nn.Conv2d(below, channels, 3, padding=1), *([nn.BatchNorm2d(channels)] if batch_norm else [])]
            layers.append(nn.ReLU(inplace=True))
            below = channels
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(below, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.features(x), 1))


class Basic(nn.Module):
    """A residual block; shortcut "B" projects, "A" strides and pads with channels of zeros."""

    def __init__(self, below: int, channels: int, stride: int, shortcut: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(below, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.more = channels - below
        self.downsample = None
        if shortcut == "B" and (stride > 1 or self.more):
            self.downsample = nn.Sequential(nn.Conv2d(below, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if self.downsample is not None:
            identity = self.downsample(x)
        elif self.stride > 1:
            half = self.more // 2
            identity = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, self.more - half))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, blocks: tuple[int, ...], widths: tuple[int, ...], shortcut: str, stem: str = "cifar") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        if stem == "imagenet":
            self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem == "imagenet" else nn.Identity()
        below, layers = widths[0], []
        for place, (count, width) in enumerate(zip(blocks, widths, strict=True)):
            parts = []
            for block in range(count):
                parts.append(Basic(below, width, 2 if place and not block else 1, shortcut))
                below = width
            layers.append(nn.Sequential(*parts))
        self.layers = nn.ModuleList(layers)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(below, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for layer in self.layers:
            x = layer(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Dense(nn.Module):
    def __init__(self, below: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(below), nn.Conv2d(below, 2 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(2 * growth), nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(y)))], 1)


class DenseNet(nn.Module):
    def __init__(self, growth: int = 4) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 2 * growth, 3, padding=1, bias=False)
        self.block1 = nn.Sequential(Dense(2 * growth, growth), Dense(3 * growth, growth))
        self.transition = nn.Sequential(
            nn.BatchNorm2d(4 * growth), nn.ReLU(), nn.Conv2d(4 * growth, 2 * growth, 1, bias=False), nn.AvgPool2d(2)
        )
        self.block2 = nn.Sequential(Dense(2 * growth, growth), Dense(3 * growth, growth))
        self.norm, self.classifier = nn.BatchNorm2d(4 * growth), nn.Linear(4 * growth, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block2(self.transition(self.block1(self.stem(x))))
        return self.classifier(F.adaptive_avg_pool2d(F.relu(self.norm(x)), 1).flatten(1))


class Inverted(nn.Module):
    def __init__(self, below: int, channels: int, stride: int, expand: int) -> None:
        super().__init__()
        wide = below * expand
        self.residual = stride == 1 and below == channels
        self.conv = nn.Sequential(
            nn.Conv2d(below, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
            nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNet(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU6(inplace=True)),
            Inverted(width, width, 1, 2),
            Inverted(width, 2 * width, 2, 3),
            Inverted(2 * width, 2 * width, 1, 2),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * width, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))


class SkipMLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(7, 12), nn.Linear(12, 12), nn.Linear(19, 5)
        self.norm, self.prelu = nn.BatchNorm1d(12), nn.PReLU(12)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = F.gelu(self.one(x))
        z = self.prelu(self.norm(self.two(y))) * 0.5 + y
        return self.three(torch.cat([x, z], 1)), z
