"""A neuron that multiplies goes with any of its factors: without one it would be larger, a gate left open."""

import numpy as np
import pytest

from neurograph import NeuronGraph
from neurograph.analysis.observations import Observations
from neurograph.edits import Autophagy, Prune, RemoveNeurons, RemoveSynapses
from neurograph.edits.selectors import LowRepresentationalPower
from neurograph.errors import EditError


def gated(output: bool = False) -> NeuronGraph:
    """Two inputs; gates and values of three channels, their products, and what reads these."""
    rng, g = np.random.default_rng(0), NeuronGraph()
    g.add_population("x", 2, role="input")
    g.add_population("gate", 3, activation="sigmoid", bias=0.0)
    g.add_population("value", 3, bias=0.0)
    g.add_population("product", 3, aggregation="product", is_output=output)
    g.add_population("y", 1, is_output=True)
    g.connect("x", "gate", weight=rng.normal(size=(2, 3)))
    g.connect("x", "value", weight=rng.normal(size=(2, 3)))
    for part in ("gate", "value"):
        g.add_edges_from_arrays(g.population(part), g.population("product"), op="identity")
    g.connect("product", "y", weight=rng.normal(size=(3, 1)))
    g.restart_journal()
    return g


X, GATE, VALUE, PRODUCT, Y = [0, 1], [2, 3, 4], [5, 6, 7], [8, 9, 10], [11]


def scores(g: NeuronGraph, low: set) -> tuple[np.ndarray, np.ndarray]:
    """Scores by which the synapses into some neurons go."""
    arrays = g.arrays()
    mine = np.flatnonzero(arrays.pool == 0)
    return arrays.ids[mine], np.array([float(arrays.names[t] not in low) for t in arrays.target[mine]])


def prune(g: NeuronGraph, gone: int, stranded: str) -> None:
    g.apply(Prune(13, scores=scores(g, {gone}), stranded=stranded))


def eat(g: NeuronGraph, gone: int, stranded: str) -> None:
    spread = np.where(g.table.keys() == gone, 0.001, 1.0)
    seen = Observations(g.table.keys(), np.zeros(len(g)), spread)
    choose = LowRepresentationalPower(0.01)
    g.apply(Autophagy(g.nodes[gone]["population"], choose, stranded=stranded, observations=seen))


DOORS = {
    "RemoveNeurons": lambda g, gone, stranded: g.apply(RemoveNeurons([gone], stranded=stranded)),
    "RemoveSynapses": lambda g, gone, stranded: g.apply(
        RemoveSynapses([(u, v) for u, v in g.edges if gone in (u, v)], stranded=stranded)
    ),
    "Autophagy": eat,
    "Prune": prune,
}


@pytest.mark.parametrize("gone", [GATE[1], VALUE[1]])
@pytest.mark.parametrize("stranded", ["leave", "remove"])
@pytest.mark.parametrize("door", DOORS)
def test_the_channel_goes_with_a_factor(door, stranded, gone):
    g = gated()
    DOORS[door](g, gone, stranded)
    if (door, stranded) == ("Prune", "leave"):
        assert PRODUCT[1] in g and gone in g  # it has lost what it read, and is a constant factor still
        return
    assert PRODUCT[1] not in g and {PRODUCT[0], PRODUCT[2]} <= set(g)
    partner = VALUE[1] if gone == GATE[1] else GATE[1]
    assert (partner in g) == (stranded == "leave")
    assert (gone in g) == (stranded == "leave" and door == "RemoveSynapses")
    g.undo()
    assert list(g) == [*X, *GATE, *VALUE, *PRODUCT, *Y]


@pytest.mark.parametrize("door", ["RemoveNeurons", "RemoveSynapses", "Autophagy"])
def test_an_output_that_multiplies_keeps_its_factors(door):
    g = gated(output=True)
    with pytest.raises(EditError, match="output 9 multiplies what it reads and would lose a factor"):
        DOORS[door](g, GATE[1], "leave")
    assert len(g) == 12 and g.number_of_edges() == 21


def test_pruning_leaves_the_synapses_of_an_output_that_multiplies():
    g = NeuronGraph()
    g.add_population("x", 3, role="input")
    g.add_population("y", 2, aggregation="product", is_output=True)
    g.connect("x", "y", weight=np.arange(1.0, 7.0).reshape(3, 2))
    assert g.apply(Prune(1)).details["spared"] == 5
    assert g.number_of_edges() == 6


def test_weighted_products_go_with_any_synapse_and_what_they_strand_too():
    g = NeuronGraph()
    g.add_population("x", 2, role="input")
    g.add_population("h", 2, aggregation="product")
    g.add_population("then", 2)
    g.add_population("y", 1, is_output=True)
    g.connect("x", "h", weight=np.array([[1.0, 1.0], [0.1, 1.0]]))
    g.add_edges_from_arrays(g.population("h"), g.population("then"), op="identity")
    g.connect("then", "y", weight=np.ones((2, 1)))
    result = g.apply(Prune(5))
    assert result.details["cleaned_up"] == [2, 4]
    assert set(g) == {0, 1, 3, 5, 6}
