"""Where add-on neurons may go: genes, and what genomes of them mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import networkx as nx
import numpy as np

from neurograph.analysis.segments import Segment, population_wiring, segments
from neurograph.edits.support.windows import same_padding
from neurograph.errors import EditError, OptionError, listed
from neurograph.network import NeuronGraph

Genome = tuple[int, ...]
Place = tuple[str, str, int]


@dataclass(frozen=True, init=False)
class Locations:
    """The places between the layers of a network where add-on neurons may go ("Neuron hierarchical networks", 3).

    There is a gene for each layer and kernel size. -1 says that no add-ons of that size feed the layer; 0 that they
    read the segment's own input (the stem, or what the pooling before it gave); i > 0 that they read the segment's i-th
    layer, which must come before. Three segments of four layers and two sizes make 24 genes and, but for -1,
    (4!)^6 = 1.9e8 genomes.

    Parameters
    ----------
    graph
        The network, pruned or not.
    kernels
        Kernel sizes, odd and different.
    layers
        Populations that are layers, in the order of their genes within a segment. Unless given: those named "layer0",
        "layer1", ..., as `enas_macro` names the ends of its layers; where there are none, all that read others of their
        segment.

    Raises
    ------
    OptionError, EditError, MissingError
        No kernel size, one twice or an even one; no segment in which anything could be added; a layer that is not
        there or is no map.

    Examples
    --------
    >>> from neurograph.builders import enas_macro
    >>> locations = Locations(enas_macro([["conv3"], ["conv3", 0], ["conv3", 0, 0]], channels=4, segments=1, size=8))
    >>> locations.genes[2], locations.choices(2)
    (('layer2', 3), ('stem', 'layer0', 'layer1'))
    >>> locations.places((-1, 0, -1, -1, -1, 2))
    [('stem', 'layer1', 3), ('layer1', 'layer2', 5)]
    """

    genes: tuple[tuple[str, int], ...]
    allowed: tuple[tuple[str, ...], ...]

    def __init__(
        self, graph: NeuronGraph, kernels: Sequence[int] = (3, 5), layers: Sequence[str] | None = None
    ) -> None:
        if not kernels or len(set(kernels)) < len(kernels):
            raise OptionError(f"kernels must be different sizes, one at least, not {tuple(kernels)}")
        for size in kernels:
            same_padding((size, size))
        rows = _rows(graph, layers)
        object.__setattr__(self, "genes", tuple((layer, size) for size in kernels for layer, _ in rows))
        object.__setattr__(self, "allowed", tuple(reads for _ in kernels for _, reads in rows))

    @property
    def gene_count(self) -> int:
        """How many genes a genome has."""
        return len(self.genes)

    @property
    def size(self) -> int:
        """How many genomes there are with add-ons at every gene; the paper's count."""
        return prod(len(reads) for reads in self.allowed)

    def choices(self, gene: int) -> tuple[str, ...]:
        """The populations that the add-ons of a gene may read; its value is a place among them, or -1."""
        return self.allowed[gene]

    def check(self, genome: Sequence[int]) -> Genome:
        """The genome as a tuple of ints; `OptionError` where it is none of these locations."""
        if len(genome) != len(self.genes):
            raise OptionError(f"a genome has {len(self.genes)} genes here, not {len(genome)}")
        for at, value in enumerate(genome):
            (layer, size), reads = self.genes[at], self.allowed[at]
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or not -1 <= value < len(reads):
                which = f"gene {at}, for {size} x {size} kernels into {layer!r}, is {value!r}"
                if isinstance(value, int | np.integer) and value >= len(reads):
                    which += ", which would point forward or across segments"
                raise OptionError(f"{which}; it may be -1 or a place among {listed(reads, len(reads))}")
        return tuple(int(value) for value in genome)

    def places(self, genome: Sequence[int]) -> list[Place]:
        """(population read, layer fed, kernel size) of all add-ons of a genome, in the order of genes."""
        checked = zip(self.check(genome), self.genes, self.allowed, strict=True)
        return [(reads[value], layer, size) for value, (layer, size), reads in checked if value >= 0]

    def every_place(self) -> list[Place]:
        """All places that a gene may name, in the order of genes and choices."""
        both = zip(self.genes, self.allowed, strict=True)
        return [(read, layer, size) for (layer, size), reads in both for read in reads]


def _rows(graph: NeuronGraph, layers: Sequence[str] | None) -> list[tuple[str, tuple[str, ...]]]:
    """Each layer, with the populations that its add-ons may read."""
    found = segments(graph)
    if layers is None:
        layers = sorted((n for n in graph.populations if re.fullmatch(r"layer\d+", n)), key=lambda n: int(n[5:])) or [
            name for segment in found for name in segment.populations if name not in segment.entries
        ]
    home = {name: segment for segment in found for name in segment.populations}
    for name in layers:
        graph.population(name)
        if name not in home:
            raise EditError(f"layer {name!r} is in no segment: its neurons are data, or no maps of one shape")
    wiring = population_wiring(graph)
    rows = []
    for segment in found:
        mine = [name for name in layers if home[name] is segment]
        first = _own_input(wiring, segment, mine)
        before = [] if first is None else [first]
        for name in mine:
            if before:
                rows.append((name, tuple(before)))
            before.append(name)
    if not rows:
        raise EditError(
            "this network has no segment in which add-on neurons could go: it takes two populations of feature maps of "
            "one shape, one behind the other"
        )
    _check_order(wiring, rows)
    return rows


def _own_input(wiring: nx.DiGraph, segment: Segment, layers: list[str]) -> str | None:
    """What a segment's first layer reads of all that comes before: of several entries, the one that lies deepest."""
    entries = [name for name in segment.entries if name not in layers]
    if layers:
        ancestors = nx.ancestors(wiring, layers[0])
        entries = [name for name in entries if name in ancestors]
    return max(entries, key=lambda name: len(nx.ancestors(wiring, name)), default=None)


def _check_order(wiring: nx.DiGraph, rows: list[tuple[str, tuple[str, ...]]]) -> None:
    for name, reads in rows:
        behind = [read for read in reads if nx.has_path(wiring, name, read)]
        if behind:
            raise EditError(f"{listed(behind)} come after {name!r}; name layers in the order in which values flow")
