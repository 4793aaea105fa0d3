import pytest

from neurograph import NeuronGraph
from neurograph.builders import enas_macro, mlp, vgg
from neurograph.errors import EditError, MissingError, OptionError
from search.nhn.addons import Locations


def macro(layers, segments, channels=2):
    return enas_macro([["conv3"] + [1] * i for i in range(layers)], channels=channels, segments=segments, size=8)


def test_the_papers_network_has_the_papers_number_of_places():
    locations = Locations(enas_macro([["conv3"] + [0] * i for i in range(12)], channels=2, size=8))
    assert locations.gene_count == 24
    assert locations.size == 24**6  # "1.9e8"
    assert locations.genes[0] == ("layer0", 3)
    assert locations.genes[23] == ("layer11", 5)
    assert locations.choices(0) == ("stem",)
    assert locations.choices(4) == ("layer3.at1",)  # what the pooling before the segment gives
    assert locations.choices(19) == ("layer3.at1", "layer4", "layer5", "layer6")
    assert len(locations.every_place()) == 2 * 3 * 10


def test_skips_from_earlier_segments_are_no_input_of_a_segment():
    locations = Locations(macro(6, 3))  # every layer reads all before, through reductions of its own
    assert [locations.choices(i)[0] for i in range(6)] == ["stem"] * 2 + ["layer1.at1"] * 2 + ["layer3.at2"] * 2


def test_genomes_are_read_as_places_and_refused_where_they_are_none():
    locations = Locations(macro(4, 2))
    assert locations.places((-1, 1, 0, -1, -1, -1, -1, 1)) == [
        ("layer0", "layer1", 3),
        ("layer1.at1", "layer2", 3),
        ("layer2", "layer3", 5),
    ]
    assert locations.check([-1] * 8) == (-1,) * 8
    with pytest.raises(OptionError, match="8 genes here, not 7"):
        locations.check((0,) * 7)
    with pytest.raises(OptionError, match=r"gene 2, for 3 x 3 kernels into 'layer2', is 1.*forward or across"):
        locations.check((0, 0, 1, 0, 0, 0, 0, 0))
    for odd in (-2, 0.0, True, None):
        with pytest.raises(OptionError, match="it may be -1 or a place among"):
            locations.check((odd,) + (0,) * 7)


def test_any_network_of_maps_has_locations():
    locations = Locations(vgg(11, width=1 / 32), kernels=(3,))
    places = [("pool1", "conv2_1", 3), ("pool2", "conv3_1", 3), ("pool2", "conv3_2", 3), ("conv3_1", "conv3_2", 3)]
    assert locations.every_place()[:4] == places
    assert len(locations.every_place()) == 10
    chosen = Locations(macro(4, 1), kernels=(5,), layers=("layer1", "layer3"))
    assert chosen.genes == (("layer1", 5), ("layer3", 5))
    assert chosen.choices(1) == ("stem", "layer1")


def test_what_has_no_places_is_refused():
    g = macro(4, 2)
    with pytest.raises(EditError, match="no segment in which"):
        Locations(mlp([4, 3, 2]))
    with pytest.raises(EditError, match="no segment in which"):
        Locations(NeuronGraph())
    with pytest.raises(MissingError, match="no population 'nobody'"):
        Locations(g, layers=["nobody"])
    with pytest.raises(EditError, match="'output' is in no segment"):
        Locations(g, layers=["output"])
    with pytest.raises(EditError, match="name layers in the order"):
        Locations(g, layers=["layer1", "layer0"])
    with pytest.raises(OptionError, match="no middle"):
        Locations(g, kernels=(4,))
