"""One network that holds the weights of every network of a macro space (Pham et al. 2018, section 2.3).

Each layer has all operations, each with a 1 x 1 convolution of its own, reductions to the later segments, and columns
for every earlier layer that it might read. Genes choose a path: steps that make the populations of the macro network
with those genes, by the same names and in the same order, so that a path's weights are that network's weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neurograph.builders.enas import Gene
from neurograph.initializers import Weights, from_name

from .modules import Average, Depthwise, Grouped, Joined, Output, Pool, Reduced, Unit
from .space import Genes, MacroSpace


@dataclass(frozen=True, eq=False)
class SupernetStep:
    """One population made from others.

    Parameters
    ----------
    name
        The population, as `enas_macro` names it.
    sources
        The populations it reads.
    module
        Makes it.
    options
        Further arguments of the module's `forward` and `weights`.
    """

    name: str
    sources: tuple[str, ...]
    module: nn.Module
    options: dict[str, tuple[int, ...]]

    def weights(self) -> Tensor:
        """The weights it reads them through; see `search.nhn.layers.modules`."""
        weights: Callable[..., Tensor] = self.module.weights  # type: ignore[assignment]
        return weights(**self.options)


class Layer(nn.Module):
    """Everything that may stand in the place of one layer."""

    def __init__(self, space: MacroSpace, number: int, sources: int) -> None:
        super().__init__()
        segment = space.segment(number)
        channels = space.width(segment)
        below = sources if number == 0 else channels
        self.reduces = nn.ModuleDict({name: Unit(below, channels, 1) for name in space.operations})
        self.depthwise = nn.ModuleDict()
        self.operations = nn.ModuleDict()
        for name in space.operations:
            if name.startswith("separable"):
                self.depthwise[name] = Depthwise(channels, int(name[-1]))
            self.operations[name] = _operation(name, channels)
        self.joined = Joined(number + 1, channels)
        later = range(segment + 1, space.segments)
        self.reductions = nn.ModuleDict({str(s): Reduced(space.width(s - 1), space.width(s)) for s in later})


def _operation(name: str, channels: int) -> nn.Module:
    if name in ("average", "maximum"):
        return Pool(name)
    return Unit(channels, channels, int(name[-1]) if name.startswith("conv") else 1)


class Supernet(nn.Module):
    """All networks of a space, sharing weights. It has no running statistics: train and eval mode compute the same.

    Parameters
    ----------
    space
        What networks there are.
    seed
        Of the weights.
    initializer
        A name from `neurograph.initializers`.
    device
        Where it is made; "meta" makes one without memory, to measure what it would need.

    Examples
    --------
    >>> space = MacroSpace(layers=3, channels=4, image=8)
    >>> net = Supernet(space)
    >>> net(torch.zeros(2, 3, 8, 8), space.genes([["conv3"], ["maximum", 1], ["separable5", 0, 1]])).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, space: MacroSpace, seed: int = 0, initializer: str = "he_smooth", device: torch.device | str = "cpu"
    ) -> None:
        super().__init__()
        self.space = space
        stem = space.stem or space.channels
        last = space.segments - 1
        with torch.device("meta"):  # torch's own initialisation would draw from its global generator
            self.stem = Unit(space.inputs, stem, 3)
            self.layers = nn.ModuleList(Layer(space, number, stem) for number in range(space.layers))
            grouped = space.read_out == "grouped"
            self.read = Grouped(space.width(last), space.side(last)) if grouped else Average()
            self.output = Output(space.width(last), space.classes)
        if torch.device(device).type != "meta":
            self.to_empty(device=device)
            initialise(self, from_name(initializer, seed))

    def forward(self, x: Tensor, genes: Genes) -> Tensor:
        """(n, classes) of the network with those genes.

        Parameters
        ----------
        x
            (n, inputs, image, image).
        genes
            As `space.genes` returns them.
        """
        values = {"input": x.contiguous(memory_format=torch.channels_last)}  # batch norm and pools are faster so
        for step in self.path(genes):
            values[step.name] = step.module(*(values[source] for source in step.sources), **step.options)
        return values["output"]

    def layer(self, number: int) -> Layer:
        """What may stand in the place of one layer."""
        return self.layers[number]  # type: ignore[return-value]

    def path(self, genes: Genes) -> list[SupernetStep]:
        """The steps of the network with those genes, each after those it reads, as `enas_macro` adds populations."""
        path = _Path(self)
        path.add("stem", "input", module=self.stem)
        for number, gene in enumerate(genes):
            path.layer(number, gene)
        path.add("read", f"layer{len(genes) - 1}", module=self.read)
        path.add("output", "read", module=self.output)
        return path.steps


class _Path:
    """Steps as they are put one behind another."""

    def __init__(self, net: Supernet) -> None:
        self.net = net
        self.steps: list[SupernetStep] = []
        self.made: set[str] = set()

    def add(self, name: str, *sources: str, module: nn.Module, **options: tuple[int, ...]) -> str:
        self.steps.append(SupernetStep(name, sources, module, options))
        self.made.add(name)
        return name

    def at(self, number: int, segment: int) -> str:
        """The population that holds a layer at the size of a segment; its reductions are made where first read."""
        name = f"layer{number}"
        for later in range(self.net.space.segment(number) + 1, segment + 1):
            reduced = f"layer{number}.at{later}"
            if reduced not in self.made:
                self.add(reduced, name, module=self.net.layer(number).reductions[str(later)])
            name = reduced
        return name

    def layer(self, number: int, gene: Gene) -> None:
        name, layer, segment = f"layer{number}", self.net.layer(number), self.net.space.segment(number)
        below = self.at(number - 1, segment) if number else "stem"
        below = self.add(f"{name}.reduce", below, module=layer.reduces[gene.operation])
        if gene.operation in layer.depthwise:
            below = self.add(f"{name}.depthwise", below, module=layer.depthwise[gene.operation])
        end = self.add(f"{name}.operation" if gene.skips else name, below, module=layer.operations[gene.operation])
        if gene.skips:
            skips = [self.at(earlier, segment) for earlier in gene.skips]
            self.add(name, *skips, end, module=layer.joined, read=gene.skips)


def initialise(net: Supernet, draw: Weights) -> None:
    """Fill every weight from an initializer, norms with ones and zeros, the output's bias with zeros."""
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.fill_(1.0)
                module.bias.zero_()
            elif isinstance(module, Joined):
                read = tuple(range(len(module.columns) - 1))
                drawn = _drawn(draw, module.weights(read), "relu")
                for column, part in zip(module.columns, drawn.split(len(drawn), 1), strict=True):
                    column.copy_(part)
            elif isinstance(module, Unit | Depthwise | Reduced | Grouped | Output):
                weight = module.weights()
                weight.copy_(_drawn(draw, weight, "relu" if isinstance(module, Unit) else "identity"))
        net.output.bias.zero_()


def _drawn(draw: Weights, like: Tensor, activation: str) -> Tensor:
    """Weights (to, from, ...), drawn as initializers do: (from, to, ...)."""
    to, sources, *kernel = like.shape
    return torch.from_numpy(draw((sources, to, *kernel), activation)).transpose(0, 1)
