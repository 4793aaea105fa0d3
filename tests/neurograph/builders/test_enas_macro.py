import numpy as np
import pytest
import torch
import torch.nn.functional as F

from neurograph.builders import enas_macro, parameter_count
from neurograph.builders.enas import OPERATIONS, Gene, read_genes
from neurograph.errors import OptionError
from tests.neurograph.builders import plain

BEST = """
    1
    2 1
    3 0 0
    5 1 0 1
    4 0 1 0 1
    0 1 0 0 0 1
"""


def small(**options):
    genes = [int(number) for number in BEST.split()]
    return plain.shaken(enas_macro(genes, **{"channels": 4, "seed": 1, "size": 12, "classes": 3} | options))


class Plain:
    """The same network as torch calls, straight from the genes."""

    def __init__(self, graph, segments, genes=BEST):
        self.graph, self.genes = graph, read_genes([int(number) for number in genes.split()])
        self.segments = segments

    def unit(self, target, sources, y, padding=0):
        names = [name for source in sources for name in self.graph.population(source)]
        y = F.conv2d(y, plain.kernels(self.graph, names, target), padding=padding)
        return plain.norm(self.graph, target, y).relu()

    def at(self, name, segment):
        """A layer's end, reduced to a segment, and the population that holds it."""
        found, here = self.ends[name]
        below = name
        for s in range(here + 1, segment + 1):
            made = f"{name}.at{s}"
            one, other = self.graph.population(made)[:2], self.graph.population(made)[2:]
            rows = [
                F.conv2d(part, torch.stack([self.kernel(source, target) for target in names]))
                for part, source, names in (
                    (found[:, :, ::2, ::2], below, one),
                    (found[:, :, 1::2, 1::2], f"{made}.between", other),
                )
            ]
            found, below = plain.norm(self.graph, made, torch.cat(rows, 1)), made
        return found, below

    def kernel(self, source, target):
        return torch.stack([torch.tensor(self.graph[u][target]["weight"]) for u in self.graph.population(source)])

    def layer(self, number, gene):
        segment = min(number // (len(self.genes) // self.segments), self.segments - 1)
        y, below = self.at(f"layer{number - 1}" if number else "stem", segment)
        name = f"layer{number}"
        y = self.unit(f"{name}.reduce", [below], y)
        end = f"{name}.operation" if gene.skips else name
        if gene.operation == "average":
            y = F.avg_pool2d(y, 3, 1, 1, count_include_pad=False)
        elif gene.operation == "maximum":
            y = F.max_pool2d(y, 3, 1, 1)
        elif gene.operation.startswith("conv"):
            y = self.unit(end, [f"{name}.reduce"], y, int(gene.operation[-1]) // 2)
        else:
            kernels = plain.own(self.graph, f"{name}.reduce", f"{name}.depthwise")
            y = F.conv2d(y, kernels, padding=kernels.shape[-1] // 2, groups=len(kernels))
            y = self.unit(end, [f"{name}.depthwise"], y)
        if gene.skips:
            parts = [self.at(f"layer{skip}", segment) for skip in gene.skips]
            y = self.unit(name, [*(p for _, p in parts), end], torch.cat([*(p for p, _ in parts), y], 1))
        self.ends[name] = y, segment

    def __call__(self, x):
        self.ends = {"stem": (self.unit("stem", ["input"], x, 1), 0)}
        for number, gene in enumerate(self.genes):
            self.layer(number, gene)
        return self.ends[f"layer{len(self.genes) - 1}"][0]


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("read_out", ["average", "grouped"])
def test_it_is_what_torch_computes(segments, read_out):
    g = small(segments=segments, read_out=read_out)
    x = plain.images(g)
    maps = Plain(g, segments)(x)
    if read_out == "average":
        read = maps.mean((2, 3))
    else:
        last = f"layer{len(BEST.strip().splitlines()) - 1}"
        read = F.conv2d(maps, plain.own(g, last, "read"), groups=4).flatten(1)
    assert (plain.out(g, x) - plain.linear(g, "read", "output", read)).abs().max() < 1e-12


def test_every_operation_occurs_in_the_network_above():
    assert {gene.operation for gene in read_genes([int(n) for n in BEST.split()])} == set(OPERATIONS)


def test_the_docstrings_parameter_count():
    c, rows = 36, [["conv3"], ["conv3", 0], ["conv3", 0, 0]]
    stem, layers, reductions = 27 * c + 2 * c, 3 * (10 * c * c + 4 * c), 2 * (c * c + 2 * c)
    count = parameter_count(enas_macro(rows))
    assert count == stem + layers + reductions + 10 * (c + 1) and f"{count:,}" in (enas_macro.__doc__ or "")
    grouped = parameter_count(enas_macro(rows, read_out="grouped"))
    assert grouped - count == c * 8 * 8


def test_parameters_of_operations_and_skips():
    c = 6
    sizes = [parameter_count(enas_macro([[op]], channels=c, segments=1)) for op in OPERATIONS]
    conv3, separable3, conv5, separable5, average, maximum = sizes
    assert average == maximum == 27 * c + 2 * c + c * c + 2 * c + 10 * (c + 1)
    assert (conv3 - average, conv5 - average) == (9 * c * c + 2 * c, 25 * c * c + 2 * c)
    assert (separable3 - average, separable5 - average) == (9 * c + c * c + 2 * c, 25 * c + c * c + 2 * c)
    without, one, two = (
        parameter_count(enas_macro([[4], [4, 0], [4, a, b]], channels=c, segments=1))
        for a, b in ((0, 0), (0, 1), (1, 1))
    )
    assert (one - without, two - without) == (2 * c * c + 2 * c, 3 * c * c + 2 * c)


def test_channels_widen_and_maps_shrink_at_a_boundary():
    g = small(widen=2, stem=3)
    kinds = {name: (len(names), g.nodes[names[0]]["shape"]) for name, names in g.populations.items()}
    assert kinds["stem"] == (3, (12, 12))
    assert [kinds[f"layer{i}"] for i in (1, 2, 5)] == [(4, (12, 12)), (8, (6, 6)), (16, (3, 3))]
    assert kinds["layer0.at1"] == (8, (6, 6)) and kinds["layer0.at2"] == (16, (3, 3))


def test_genes_in_three_forms():
    rows = read_genes([["separable3"], [2, 1]])
    assert read_genes(np.array([1, 2, 1])) == rows
    assert rows == (Gene("separable3"), Gene("conv5", (0,))) == read_genes([1, 2, 1]) == read_genes(rows)


@pytest.mark.parametrize(
    ("genes", "options", "why"),
    [
        ([], {}, "empty"),
        ([[0], [0]], {}, "layer 1 needs an operation and 1 bits"),
        ([0, 0], {}, "layer 1 needs"),
        ([["conv7"]], {}, "no operation 'conv7'"),
        ([[0], [0, 2]], {}, "0 or 1"),
        ([[6]], {}, "no operation 6"),
        ([[0]], {}, "1 layers cannot stand in 3 segments"),
        ([[0], [0, 0]], {"segments": 2, "channels": 3}, "even"),
        ([[0], [0, 0]], {"segments": 2, "size": 5}, "cannot be halved"),
        ([[0]], {"segments": 1, "read_out": "max"}, "read_out"),
        ([Gene("conv3", (0,))], {"segments": 1}, "earlier layers"),
    ],
)
def test_impossible_options_are_refused(genes, options, why):
    with pytest.raises(OptionError, match=why):
        enas_macro(genes, **options)
