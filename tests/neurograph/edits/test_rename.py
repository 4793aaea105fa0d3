"""Rename changes names and nothing else, and comes back by undo and by replay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph
from neurograph.builders import mlp
from neurograph.core.journal import from_line, to_line
from neurograph.edits import Rename, SplitEdge
from neurograph.errors import JournalError, MissingError, NeuronError, OptionError
from tests.neurograph.networks import dump, random_network


def but_for_names(g: NeuronGraph) -> dict:
    full = {k: v for k, v in dump(g).items() if k not in ("order", "populations", "journal", "undone", "version")}
    return full | {"neurons": [(key, *rest) for key, _, *rest in full["neurons"]]}


@given(seed=st.integers(0, 50), data=st.data())
def test_only_names_change_and_undo_gives_them_back(seed, data):
    g = random_network(seed)
    names = list(g)
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    new = data.draw(st.permutations([*chosen, "x", ("a", 1)]))[: len(chosen)]
    before, order, version = but_for_names(g), list(g), g.version
    mapping = dict(zip(chosen, new, strict=True))
    result = g.apply(Rename(mapping))
    assert list(g) == [mapping.get(name, name) for name in order]
    assert but_for_names(g) == before
    assert g.version == version  # a compiled network goes on running
    assert [g.nodes[mapping.get(name, name)] for name in order] == list(g.nodes.values())
    assert not result.born and not result.died
    g.undo()
    assert list(g) == order
    g.redo()
    assert list(g) == [mapping.get(name, name) for name in order]
    assert but_for_names(g) == before


def test_names_may_be_exchanged():
    g = mlp([2, 2, 1])
    weights = {v: g[0][v]["weight"] for v in g.successors(0)}
    g.rename({0: 1, 1: 0})
    assert g.population("input") == [1, 0]
    assert {v: g[1][v]["weight"] for v in g.successors(1)} == weights
    g.rename({})
    g.rename({4: 4})
    assert len(g.journal) == 1 or g.journal[-1].verb == "raw"


@pytest.mark.parametrize(
    ("names", "error", "match"),
    [
        ({9: "x"}, MissingError, "9"),
        ({9: 9}, MissingError, "9"),
        ({0: 1}, NeuronError, "free.*1"),
        ({0: "x", 1: "x"}, NeuronError, "different.*'x'"),
        ({0: None}, NeuronError, "None"),
        ({0: [1]}, NeuronError, r"\[1\]"),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", [lambda g, names: g.apply(Rename(names)), lambda g, names: g.rename(names)])
def test_impossible_names_are_refused(names, error, match, how):
    g = mlp([2, 2, 1])
    before = dump(g)
    with pytest.raises(error, match=match):
        how(g, names)
    assert dump(g) == before


@pytest.mark.parametrize("names", [{}, [(0, "x")], None, "x"])
def test_no_mapping_is_refused(names):
    with pytest.raises(OptionError, match="dictionary"):
        Rename(names)


def test_an_exception_in_a_transaction_takes_names_back():
    g = mlp([2, 1])
    with pytest.raises(ZeroDivisionError), g.atomic():
        g.rename({0: "age"})
        g.add_edge("age", "new", weight=1.0)
        raise ZeroDivisionError
    assert list(g) == [0, 1, 2]


def test_the_lines_of_a_journal_replay_with_the_names_of_their_time():
    g = mlp([2, 2, 1], seed=0)
    start, lines = g.copy(), []

    def note() -> None:
        lines.append(to_line(g, g.journal[-1]))

    g.add_node("a")  # born and renamed in one run, twice
    g.rename({"a": "b"})
    g.rename({"b": "c", 0: "a"})
    note()
    g.apply(SplitEdge("a", 2, names=["middle"]))
    note()
    g.apply(Rename({"middle": "end", "c": "middle"}))
    note()
    g.add_node("gone")
    g.rename({"gone": "going"})
    g.remove_node("going")
    note()
    start.replay([from_line(line) for line in lines])
    assert list(start) == list(g)
    assert start.wiring_digest() == g.wiring_digest()
    for _ in lines:
        start.undo()
    assert list(start) == [0, 1, 2, 3, 4]
    with pytest.raises(JournalError, match="cannot be renamed"):
        other = mlp([2, 2, 1])
        other.rename({0: "zero"})
        other.replay([from_line(to_line(mlp_renamed(), mlp_renamed().journal[-1]))])


def mlp_renamed() -> NeuronGraph:
    g = mlp([2, 2, 1])
    g.apply(Rename({0: "age"}))
    return g


def test_names_are_saved_with_the_journal(tmp_path):
    g = mlp_renamed()
    g.save(tmp_path / "g.safetensors")
    again = NeuronGraph.load(tmp_path / "g.safetensors")
    assert list(again) == ["age", 1, 2, 3, 4]
    again.undo()
    assert list(again) == [0, 1, 2, 3, 4]


def test_arrays_name_the_neurons_as_they_are_now():
    g = mlp([2, 1])
    assert g.arrays().names == [0, 1, 2]
    g.rename({0: "age"})
    assert g.arrays().names == ["age", 1, 2]
    assert np.array_equal(g.arrays().keys, [0, 1, 2])
