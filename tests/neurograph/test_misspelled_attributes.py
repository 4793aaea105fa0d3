"""An attribute that is all but spelled like a known one is the user's own, and a warning names the known one."""

import warnings

import networkx as nx
import pytest

from neurograph import NeuronGraph
from neurograph.errors import SynapseError
from neurograph.schema import neuron, synapse
from neurograph.schema.spelling import near_miss

SLIPS = {
    "activation": ("activaton", "Activation", "activatoin", "actvation", "activattion"),
    "bias": ("bais", "Bias", "biass"),
    "is_output": ("isOutput", "is-output", "is_outptu"),
    "population": ("populaton", "populations"),
    "weight": ("wieght", "weights", "weigth"),
    "kernel_size": ("kernelsize", "kernel_siz"),
    "trainable": ("trainble", "traniable"),
}
OWN = (
    "height",
    "form",
    "scope",
    "rule",
    "colour",
    "layer",
    "x",
    "age",
    "weight2",
    "old_weight",
    "population_id",
    "shape_",
    "_weight",
    "",
    "-",
    "ops",
)


@pytest.mark.parametrize(("right", "wrong"), [(right, wrong) for right, many in SLIPS.items() for wrong in many])
def test_slips_of_the_pen_are_seen(right, wrong):
    assert near_miss(wrong, neuron.SCHEMA if right in neuron.SCHEMA else synapse.SCHEMA) == right


@pytest.mark.parametrize("schema", [neuron.SCHEMA, synapse.SCHEMA], ids=["neuron", "synapse"])
@pytest.mark.parametrize("name", OWN)
def test_words_that_somebody_meant_are_not(name, schema):
    assert near_miss(name, schema) is None


def graph() -> NeuronGraph:
    return NeuronGraph([("a", "b", {"weight": 1.0})])


def misspelled() -> nx.DiGraph:
    plain = nx.DiGraph()
    plain.add_node(0, activaton="relu")
    return plain


WRITES = {
    "add_node": lambda g: g.add_node("n", activaton="relu"),
    "add_nodes_from": lambda g: g.add_nodes_from(["n"], activaton="relu"),
    "item": lambda g: g.nodes["a"].__setitem__("activaton", "relu"),
    "update": lambda g: g.nodes["a"].update(activaton="relu"),
    "set_node_attributes": lambda g: nx.set_node_attributes(g, "relu", "activaton"),
    "add_neuron": lambda g: g.add_neuron(activaton="relu"),
    "add_population": lambda g: g.add_population("p", 2, bias=[1.0, 2.0], activaton="relu"),
    "from a DiGraph": lambda g: g.update(misspelled()),
    "add_edge": lambda g: g.add_edge("a", "c", wieght=1.0),
    "add_edges_from": lambda g: g.add_edges_from([("a", "c", {"wieght": 1.0})]),
    "add_weighted_edges_from": lambda g: g.add_weighted_edges_from([("a", "c", 1.0)], weight="wieght"),
    "edge item": lambda g: g["a"]["b"].__setitem__("wieght", 1.0),
    "set_edge_attributes": lambda g: nx.set_edge_attributes(g, {("a", "b"): 2.0}, "wieght"),
}


@pytest.mark.parametrize("name", WRITES)
def test_every_door_warns_at_the_users_line(name):
    with pytest.warns(UserWarning, match=r"did you mean '(activation|weight)'\?") as caught:
        WRITES[name](graph())
    assert {warning.filename for warning in caught} == {__file__}


def test_attributes_of_the_users_own_are_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        g = graph()
        g.add_node("n", colour="red", layer=3, height=2)
        g["a"]["b"].update(height=1, colour="blue")


def test_a_bulk_verb_names_the_attribute_that_was_meant():
    g = graph()
    g.add_node("c")
    with pytest.raises(SynapseError, match="'strid'.*did you mean 'stride'"):
        g.connect(["a"], ["c"], strid=2)
