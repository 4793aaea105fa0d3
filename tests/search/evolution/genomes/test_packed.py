"""Genomes in arrays as plain data: the same again, and refused by name where they are none."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph.builders import mlp
from neurograph.errors import FileError
from search.evolution.genomes.as_graphs import as_arrays, graph_of
from search.evolution.genomes.packed import packed, unpacked
from search.evolution.genomes.vocabulary import Vocabulary
from search.evolution.individual import Individual, fitness_of
from search.evolution.kept import individuals_from, individuals_state
from search.evolution.seats import Seat
from search.runs.packing import pack_state, unpack_state
from tests.search.evolution.lineages import genomes, structure

FITNESS = fitness_of({"error": -1.0})


@settings(max_examples=15)
@given(graphs=st.lists(genomes(), min_size=1, max_size=3))
def test_what_is_packed_is_the_same_again(tmp_path_factory, graphs):
    found = as_arrays(graphs, Vocabulary())
    assert found is not None
    path = tmp_path_factory.mktemp("packed") / "state"
    pack_state(path, packed(found))
    again = unpacked(unpack_state(path), Vocabulary())
    for at in range(len(found)):
        one, other = graph_of(found, at), graph_of(again, at)
        assert structure(one) == structure(other) and list(one.population_names) == list(other.population_names)
        assert one.next_name == other.next_name and np.array_equal(*(g.table.id[: g.table.size] for g in (one, other)))


def test_individuals_in_arrays_and_others_keep_their_order():
    found = as_arrays([mlp([2, size, 1], seed=size) for size in (1, 2, 3)], Vocabulary())
    assert found is not None
    odd = mlp([2, 1], seed=0)
    odd.nodes[0]["mine"] = 1
    individuals = [Individual(genome, FITNESS(), at) for at, genome in enumerate([Seat(found, 2), odd, Seat(found, 0)])]
    words = Vocabulary()
    again = individuals_from(individuals_state(individuals), FITNESS, words)
    assert [one.seat is not None for one in again] == [True, False, True]
    assert [one.seat.genomes.words is words for one in again if one.seat] == [True, True]
    assert [(one.number, structure(one.graph)) for one in again] == [
        (o.number, structure(o.graph)) for o in individuals
    ]


def changed(name, at=None, value=None):
    def change(held):
        column = held[name] = copy.copy(held[name])
        if at is None:
            held[name] = value
        else:
            column[at] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed("neurons", 0, 2), "genomes.neurons are not 8 in all"),
        (changed("neurons", 0, 2**62), "genomes.neurons are not 8 in all"),
        (changed("synapses", 0, -1), "genomes.synapses is no column"),
        (changed("kind", 0, 9), "a neuron is of a kind that is not there"),
        (changed("gene", 0, 99), "genomes.gene has a number that stands for nothing"),
        (changed("gene", 0, 1), "have the same innovation"),
        (changed("form", 0, 1), "genomes.form has a number that stands for nothing"),
        (changed("source", 0, 2**40), "genome 0 has a synapse of a neuron that is not there"),
        (changed("source", 0, 3), "its synapses may close a cycle"),
        (changed("weight", 0, np.inf), "a weight is not finite"),
        (changed("values", (0, 2), np.inf), "a neuron's bias is infinite"),
        (changed("values", (1, 2), 1.0), "has a slope"),
        (changed("names", 0, 1), "two neurons have one name"),
        (changed("names", 0, None), "a neuron has no name"),
        (changed("kinds", 0, {"role": "odd"}), "role must be one of"),
        (changed("forms", 0, {"delay": 7}), "delay must be 0 or 1"),
        (changed("orders", 0, ["input"]), "a population is missing"),
        (changed("weight", value=np.zeros(3)), "genomes.weight is no array"),
        (changed("kind", value=[0]), "genomes.kind is no column"),
        (changed("next_name", value=np.zeros(1, np.int64)), "genomes.next_name has 1 items, and not 2"),
        (changed("genes", 0, "odd"), "32 hexadecimal digits"),
    ],
)
def test_what_is_no_genome_is_refused(change, words):
    found = as_arrays([mlp([2, 1, 1], seed=0), mlp([2, 1, 1], seed=1)], Vocabulary())
    assert found is not None
    held = packed(found)
    change(held)
    with pytest.raises(FileError, match=words):
        unpacked(held, Vocabulary())


@pytest.mark.parametrize(
    "state", [None, {}, {"individuals": [], "genomes": 3}, [3], {"individuals": [{}], "genomes": None}]
)
def test_what_is_no_population_is_refused(state):
    with pytest.raises(FileError):
        individuals_from(state, FITNESS)


@pytest.mark.parametrize("place", [{"place": 7}, {"place": -1}, {"place": 0, "more": 1}, {}])
def test_a_place_where_no_genome_is(place):
    found = as_arrays([mlp([2, 1], seed=0)], Vocabulary())
    assert found is not None
    state = individuals_state([Individual(Seat(found, 0), FITNESS(), 4)])
    state["individuals"][0]["graph"] = place
    with pytest.raises(FileError, match="the genome of individual 4"):
        individuals_from(state, FITNESS)
