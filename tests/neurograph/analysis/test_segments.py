import pytest

from neurograph import NeuronGraph
from neurograph.analysis.segments import population_wiring, segment_of, segments
from neurograph.builders import enas_macro, mlp, vgg
from neurograph.errors import EditError, MissingError


def test_poolings_part_segments():
    found = segments(vgg(11, width=1 / 32))
    assert [s.shape for s in found] == [(32, 32), (16, 16), (8, 8), (4, 4), (2, 2)]
    assert [s.populations for s in found][:3] == [("conv1_1",), ("pool1", "conv2_1"), ("pool2", "conv3_1", "conv3_2")]
    assert [s.entries for s in found][:3] == [(), ("pool1",), ("pool2",)]


def test_every_layer_lies_in_the_segment_of_its_maps():
    g = enas_macro([["conv3"] + [1] * i for i in range(6)], channels=4, size=8)
    assert [s.shape for s in segments(g)] == [(8, 8), (4, 4), (2, 2)]
    for layer in range(6):
        assert segment_of(g, f"layer{layer}").shape == (8 >> layer // 2,) * 2
    assert segment_of(g, "layer5").entries == ("layer3.at2", "layer0.at2", "layer1.at2", "layer2.at2")
    reads = population_wiring(g)
    for segment in segments(g):
        place = {name: at for at, name in enumerate(segment.populations)}
        assert all(place[a] < place[b] for a, b in reads.edges if a in place and b in place)


def test_parts_that_do_not_touch_are_apart():
    g = NeuronGraph()
    for side in "ab":
        g.add_population(f"in{side}", 1, role="input", shape=(4, 4))
        g.add_population(f"one{side}", 2, shape=(4, 4))
        g.add_population(f"two{side}", 2, shape=(4, 4), is_output=True)
        g.connect(f"in{side}", f"one{side}", weight=[[[[1.0]]] * 2])
        g.connect(f"one{side}", f"two{side}", weight=[[[[1.0]]] * 2] * 2)
    assert [s.populations for s in segments(g)] == [("onea", "twoa"), ("oneb", "twob")]


def test_populations_that_are_in_none():
    g = NeuronGraph()
    g.add_population("mixed", 1, shape=(4, 4))
    g.add_neuron(population="mixed", shape=(2, 2))
    assert segments(g) == segments(mlp([2, 2])) == segments(NeuronGraph()) == ()
    with pytest.raises(EditError, match="'mixed' belongs to no segment.*those that do: none"):
        segment_of(g, "mixed")
    with pytest.raises(MissingError):
        segment_of(g, "nobody")
