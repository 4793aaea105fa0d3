from collections import Counter

import numpy as np
import pytest

from neurograph.builders import enas_macro
from neurograph.builders.enas import OPERATIONS, Gene, gene_rows, read_genes
from neurograph.errors import OptionError
from search.nhn.layers import MacroSpace, sketch


def small(**options):
    return MacroSpace(**{"layers": 4, "segments": 2, "channels": 4, "image": 8} | options)


def test_genes_are_what_the_builder_takes():
    space = small()
    genes = space.genes([["conv3"], ["maximum", 1], [2, 0, 1], ["average", 1, 0, 1]])
    built = enas_macro(genes, 4, 3, segments=2, size=8, read_out="grouped", initializer="he_smooth")
    graph = space.graph(genes, seed=3)
    assert graph.wiring_digest() == built.wiring_digest()
    assert (graph.arrays().pools[0] == built.arrays().pools[0]).all()
    assert read_genes(gene_rows(genes)) == genes == space.genes([0, 5, 1, 2, 0, 1, 4, 1, 0, 1])


@pytest.mark.parametrize(
    ("genes", "why"),
    [
        ([["conv3"], ["conv3", 0]], "of 2 layers, and the space is of 4"),
        ([Gene("conv3")] * 5, "of 5 layers"),
        ([[0], [0, 0], [0, 0, 0], [1, 0, 0, 0]], "layer 3: separable3 is not an operation of this space"),
        ([[0], [0, 0], [0, 0, 0], [0, 0, 0]], "layer 3 needs an operation and 3 bits"),
        ([Gene("conv3"), Gene("conv3", (1,)), *[Gene("conv3")] * 2], "layer 1: .*earlier layers"),
        ([Gene("conv3"), Gene("conv3", (2,)), *[Gene("conv3")] * 2], "layer 1: .*earlier layers"),
        ([*[Gene("conv3")] * 3, Gene("conv3", (1, 0))], "layer 3: .*rising"),
        ([*[Gene("conv3")] * 3, Gene("conv3", (1, 1))], "layer 3: .*rising"),
    ],
)
def test_genes_that_are_not_of_the_space_are_refused(genes, why):
    with pytest.raises(OptionError, match=why):
        small(operations=("conv3", "conv5")).genes(genes)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"layers": 1}, "layers=1 cannot stand in segments=2"),
        ({"channels": 5}, "channels must be even"),
        ({"image": 9}, "segments=2: images of side 9 cannot be halved 1 times"),
        ({"operations": ("conv3", "conv7")}, "operations must be different ones of conv3"),
        ({"operations": ("conv3", "conv3")}, "operations must be different"),
        ({"operations": ()}, "operations must be"),
        ({"read_out": "max"}, "read_out must be one of average, grouped"),
        ({"layers": 0}, "layers must be a whole number, at least 1"),
    ],
)
def test_impossible_spaces_are_refused(options, why):
    with pytest.raises(OptionError, match=why):
        small(**options)


def test_every_network_is_as_likely_as_any_other():
    space, rng = small(layers=2, segments=1, operations=("conv3", "average")), np.random.default_rng(0)
    assert space.size == 8
    found = Counter(space.draw(rng) for _ in range(4000))
    assert len(found) == 8
    assert all(count == pytest.approx(500, abs=100) for count in found.values())


def test_mutants_differ_in_one_place():
    space, rng = small(), np.random.default_rng(0)
    genes, kinds = space.draw(rng), Counter()
    for _ in range(2000):
        mutant = space.mutate(genes, rng)
        assert space.genes(mutant) == mutant
        [changed] = [layer for layer in range(4) if mutant[layer] != genes[layer]]
        operation = mutant[changed].operation != genes[changed].operation
        reads = {*mutant[changed].skips} ^ {*genes[changed].skips}
        assert len(reads) + operation == 1
        kinds["operation" if operation else (changed, *reads)] += 1
    assert kinds.pop("operation") == pytest.approx(1000, abs=100)
    assert len(kinds) == 6 == len(space.reads)
    assert all(count == pytest.approx(1000 / 6, abs=50) for count in kinds.values())


def test_what_can_mutate_where_there_is_little():
    rng = np.random.default_rng(0)
    one = small(layers=1, segments=1)
    assert one.mutate(one.genes([["conv3"]]), rng)[0].operation != "conv3"
    same = small(operations=("conv3",))
    assert same.mutate(same.draw(rng), rng)[0] == Gene("conv3")
    nothing = small(layers=1, segments=1, operations=("conv3",))
    with pytest.raises(OptionError, match="nothing to search"):
        nothing.mutate(nothing.draw(rng), rng)


def test_segments_are_the_builders():
    space = small(layers=7, segments=3, widen=2)
    graph = space.graph([Gene("average")] * 7)
    for layer in range(7):
        names = graph.population(f"layer{layer}")
        segment = space.segment(layer)
        assert len(names) == space.width(segment)
        assert graph.nodes[names[0]]["shape"] == (space.side(segment),) * 2


def test_a_sketch_names_every_layer():
    space = small()
    text = sketch(space.genes([[0], [1, 1], [2, 0, 1], [3, 1, 0, 1]]), space).splitlines()
    assert text == [
        "0 conv3",
        "1 separable3 + 0",
        "  maps of 8 x 8 become 4 x 4",
        "2 conv5 + 1",
        "3 separable5 + 0 + 2",
    ]
    assert set(OPERATIONS) > {line.split()[1] for line in text if line[0] != " "}
