from math import factorial, prod

import numpy as np
import pytest

from neurograph.builders import enas_macro
from neurograph.errors import OptionError
from search.nhn.addons import Locations
from search.nhn.locations import ABSENT, Seeds, Table
from search.nhn.locations.genes import draw_genome


def paper_locations():
    """Twelve layers in three segments, convolutions that read the one before."""
    genes = [["conv3"]] + [["conv3"] + [0] * n for n in range(1, 12)]
    return Locations(enas_macro(genes, channels=2, segments=3, size=8))


def test_the_papers_space():
    """24 genes; (4!)^6 = 1.9e8 choices of inputs, the segment's own counted (section 2.3)."""
    space = paper_locations()
    assert space.gene_count == 24
    assert [len(space.choices(gene)) for gene in range(24)] == [1, 2, 3, 4] * 6
    count = prod(len(space.choices(gene)) for gene in range(24))
    assert count == factorial(4) ** 6 == 191_102_976


def test_absent_genes_are_drawn_with_their_chance_and_the_rest_alike():
    space, generator = Table((("a", "b", "c", "d"),) * 5000), np.random.default_rng(0)
    drawn = np.array(draw_genome(space, 0.8, generator))
    assert abs((drawn == ABSENT).mean() - 0.8) < 0.02
    counts = np.bincount(drawn[drawn >= 0], minlength=4)
    assert counts.min() > 0.2 * counts.sum()
    assert (np.array(draw_genome(space, 0.0, generator)) >= 0).all()
    assert draw_genome(space, 0.8, np.random.default_rng(3)) == draw_genome(space, 0.8, np.random.default_rng(3))


@pytest.mark.parametrize(
    ("genome", "message"),
    [
        ((0,), "a genome has 2 genes here, not 1"),
        ((0, 2), "gene 1 is 2; it may be -1, or a place among stem, layer0"),
        ((-2, 0), "gene 0 is -2"),
        ((0, 1.0), "gene 1 is 1.0"),
        ((True, 0), "gene 0 is True"),
    ],
)
def test_wrong_genes(genome, message):
    with pytest.raises(OptionError, match=message):
        Table((("stem",), ("stem", "layer0"))).check(genome)


@pytest.mark.parametrize(
    ("genes", "message"),
    [
        ([0] * 23, "24 genes here, not 23"),
        ([0, 2] + [0] * 22, "gene 1, for 3 x 3 kernels into 'layer1', is 2, which would point forward"),
        ([0, 0, 0, 4] + [0] * 20, "across segments"),
        ([-2] + [0] * 23, "gene 0"),
    ],
)
def test_wrong_genes_of_a_network(genes, message):
    with pytest.raises(OptionError, match=message):
        paper_locations().check(genes)


def test_seeds():
    space = Seeds()
    (seed,) = draw_genome(space, 1.0, np.random.default_rng(0))
    assert 0 <= seed < space.most
    assert space.check([5]) == (5,)
    for wrong in ((-1,), (1, 2), (space.most,)):
        with pytest.raises(OptionError, match="one seed"):
            space.check(wrong)
