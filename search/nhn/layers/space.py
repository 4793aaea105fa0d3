"""The space that is searched: macro networks of one size, and which genes belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurograph import NeuronGraph
from neurograph.builders.enas import OPERATIONS, Gene, enas_macro, read_genes
from neurograph.errors import OptionError

from ...options import Checked, option

Genes = tuple[Gene, ...]


@dataclass(frozen=True)
class MacroSpace(Checked):
    """All macro networks of one size (ENAS's macro search space); see `neurograph.builders.enas_macro`.

    With L layers and k operations there are k^L 2^(L(L-1)/2) of them.

    Raises
    ------
    OptionError
        For an impossible size or operation, naming the option.

    Examples
    --------
    >>> space = MacroSpace(layers=3)
    >>> space.size
    1728
    >>> space.genes([["conv3"], ["conv5", 0], ["maximum", 0, 1]])[2]
    Gene(operation='maximum', skips=(1,))
    """

    layers: int = option(12, "layers of the network", least=1, reach=64)
    operations: tuple[str, ...] = option(OPERATIONS, "those a layer may have; convolutions alone can be pruned later")
    segments: int = option(3, "parts of the network, between which the maps are halved", least=1, reach=16)
    channels: int = option(36, "of every layer of the first segment", least=1, reach=2**16)
    widen: int = option(1, "factor on the channels from a segment to the next", least=1, reach=64)
    stem: int = option(0, "channels of the stem; 0 means as many as a layer has", least=0, reach=2**16)
    read_out: str = option(
        "grouped", "how maps become numbers: their average, or a kernel of their size", choices=("average", "grouped")
    )
    inputs: int = option(3, "channels of the images", least=1, reach=2**16)
    image: int = option(32, "side of the images in pixels", least=1, reach=2**16)
    classes: int = option(10, "outputs", least=1, reach=2**20)

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = [name for name in self.operations if name not in OPERATIONS]
        if unknown or not self.operations or len(set(self.operations)) < len(self.operations):
            raise OptionError(f"operations must be different ones of {', '.join(OPERATIONS)}, not {self.operations!r}")
        if self.layers < self.segments:
            raise OptionError(f"layers={self.layers} cannot stand in segments={self.segments}")
        if self.segments > 1 and self.channels % 2:
            raise OptionError(f"channels must be even, for a reduction makes them in two halves, not {self.channels}")
        if self.image % 2 ** (self.segments - 1):
            raise OptionError(
                f"segments={self.segments}: images of side {self.image} cannot be halved {self.segments - 1} times; "
                "choose fewer"
            )

    @property
    def size(self) -> int:
        """How many networks there are."""
        return len(self.operations) ** self.layers * 2 ** (self.layers * (self.layers - 1) // 2)

    @property
    def reads(self) -> np.ndarray:
        """(layers * (layers - 1) / 2, 2) every pair of a layer and an earlier one that it may read."""
        return np.argwhere(np.tri(self.layers, k=-1, dtype=bool))

    def segment(self, layer: int) -> int:
        """The segment of a layer: they stand in them equally, and what is left over in the last."""
        return min(layer // (self.layers // self.segments), self.segments - 1)

    def width(self, segment: int) -> int:
        """The channels of a segment's layers."""
        return self.channels * self.widen**segment

    def side(self, segment: int) -> int:
        """The side of a segment's maps in pixels."""
        return self.image >> segment

    def genes(self, genes: Sequence) -> Genes:
        """Genes in any form of `read_genes`, checked to be of this space.

        Raises
        ------
        OptionError
            Too many or too few layers, an operation that is not among this space's, and what `read_genes` refuses.
        """
        read = read_genes(genes)
        if len(read) != self.layers:
            raise OptionError(f"these genes are of {len(read)} layers, and the space is of {self.layers}")
        for layer, gene in enumerate(read):
            if gene.operation not in self.operations:
                allowed = ", ".join(self.operations)
                raise OptionError(
                    f"layer {layer}: {gene.operation} is not an operation of this space; there are {allowed}"
                )
        return read

    def draw(self, rng: np.random.Generator) -> Genes:
        """Genes at random, each network of the space as likely as any other."""
        return tuple(
            Gene(self._operation(rng), tuple(np.flatnonzero(rng.random(layer) < 0.5).tolist()))
            for layer in range(self.layers)
        )

    def mutate(self, genes: Genes, rng: np.random.Generator) -> Genes:
        """Other genes that differ in one operation or in whether one layer reads one other, either as likely."""
        by_operation = len(self.operations) > 1 and (self.layers == 1 or rng.random() < 0.5)
        if not by_operation and self.layers == 1:
            raise OptionError("a space of one layer and one operation has one network: there is nothing to search")
        made = list(genes)
        if by_operation:
            layer = int(rng.integers(self.layers))
            others = [name for name in self.operations if name != genes[layer].operation]
            made[layer] = replace(genes[layer], operation=others[rng.integers(len(others))])
        else:
            layer, earlier = (int(each) for each in self.reads[rng.integers(len(self.reads))])
            made[layer] = replace(genes[layer], skips=tuple(sorted({*genes[layer].skips} ^ {earlier})))
        return tuple(made)

    def graph(self, genes: Sequence, seed: int = 0, initializer: str = "he_smooth") -> NeuronGraph:
        """The network of some genes, freshly initialised."""
        return enas_macro(
            self.genes(genes),
            self.channels,
            seed,
            segments=self.segments,
            widen=self.widen,
            stem=self.stem or None,
            read_out=self.read_out,
            classes=self.classes,
            inputs=self.inputs,
            size=self.image,
            initializer=initializer,
        )

    def _operation(self, rng: np.random.Generator) -> str:
        return self.operations[rng.integers(len(self.operations))]


def sketch(genes: Genes, space: MacroSpace, boundaries: bool = True) -> str:
    """A network as text, a line a layer: its operation and the layers it also reads; and, if wanted, where maps halve.

    Examples
    --------
    >>> space = MacroSpace(layers=4, segments=2)
    >>> print(sketch(space.genes([["conv3"], ["maximum", 1], ["conv5", 0, 1], [4, 1, 0, 0]]), space))
    0 conv3
    1 maximum + 0
      maps of 32 x 32 become 16 x 16
    2 conv5 + 1
    3 average + 0
    """
    lines, width = [], len(str(space.layers - 1))
    for layer, gene in enumerate(genes):
        segment = space.segment(layer)
        if boundaries and layer and segment > space.segment(layer - 1):
            before, after = space.side(segment - 1), space.side(segment)
            lines.append(f"{'':{width}} maps of {before} x {before} become {after} x {after}")
        lines.append(f"{layer:{width}} {' + '.join([gene.operation, *map(str, gene.skips)])}")
    return "\n".join(lines)
