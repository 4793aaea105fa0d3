"""Networks called with a dictionary: the same numbers, in any order of its keys, by name on the way out."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neurograph import NeuronGraph, compiler
from neurograph.errors import CompileError, StaleError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
NAMES = st.lists(TEXT, min_size=4, max_size=7, unique=True)


def made(inputs, outputs, sizes=(3, 2)):
    g = NeuronGraph()
    for name in inputs:
        g.add_population(name, sizes[0], role="input")
    for name in outputs:
        g.add_population(name, sizes[1], is_output=True, bias=0.5)
        for source in inputs:
            g.connect(source, name, weight=torch.randn(sizes[0], sizes[1]).numpy())
    return g


@given(NAMES, st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_dictionary_in_any_order_gives_what_tensors_in_theirs_do(names, count, shuffle):
    inputs, outputs = names[:count], names[count:]
    net = compiler.compile(made(inputs, outputs))
    tensors = {name: torch.rand(4, 3) for name in inputs}
    wanted = net(*tensors.values())
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    mixed = list(tensors.items())
    shuffle.shuffle(mixed)
    found = net(dict(mixed))
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))
    for at, name in enumerate(outputs):
        field = found._fields[at]
        assert field == name or field == f"_{at}"
        assert torch.equal(getattr(found, field), wanted[at])


def test_fields_are_the_populations_names():
    net = compiler.compile(made(["left", "right"], ["steer", "brake"]))
    found = net({"right": torch.rand(2, 3), "left": torch.rand(2, 3)})
    assert found._fields == ("steer", "brake") and found.steer.shape == (2, 2)
    alone = compiler.compile(made(["pixels"], ["digit"]))
    assert alone({"pixels": torch.rand(2, 3)}).digit.shape == (2, 2)


def test_gradients_flow_and_what_is_stale_says_so():
    net = compiler.compile(made(["a"], ["b"]))
    net({"a": torch.rand(2, 3)}).b.sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.graph.add_population("more", 1, is_output=True)
    with pytest.raises(StaleError):
        net({"a": torch.rand(2, 3)})


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"lefft": 0, "right": 0}, r"no input population 'lefft' \(did you mean 'left'\?\)"),
        ({"left": 0}, "input 'right' is missing; the network takes 'left', 'right'"),
        ({}, "input 'left' is missing"),
        ({"left": 0, "right": 0, "up": 0}, "no input population 'up'"),
    ],
)
def test_what_is_missing_or_unknown_is_named(given_, message):
    net = compiler.compile(made(["left", "right"], ["out"]))
    with pytest.raises(CompileError, match=message):
        net({name: torch.rand(2, 3) for name in given_})


def test_a_network_that_remembers_gives_its_state_beside_the_names():
    g = made(["a"], ["b"])
    g.connect("b", "b", weight=torch.randn(2, 2).numpy(), delay=1)
    net = compiler.compile(g)
    x = torch.rand(4, 3)
    first, state = net({"a": x})
    second, _ = net({"a": x}, state)
    wanted, kept = net(x)
    assert torch.equal(first.b, wanted) and torch.equal(second.b, net(x, kept)[0])
