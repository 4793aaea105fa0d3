"""The walks through docs/architecture.md: the files that they name are visited on that way, in that order."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from neurograph.search import cli

from neurograph import NeuronGraph, compiler
from neurograph.edits import SplitEdge

ROOT = Path(__file__).parents[1]
TABLES = {"search/methods.py", "search/growth/metabolism/metabolize.py"}  # read, and not called
STARTS = {
    "A weight": "neurograph",
    "An edit": "neurograph",
    "A command": "search",
}  # where names without a package begin


def walks():
    """Beginning of a walk -> the files and folders that it names, in their order."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    text = text[text.index("## Three walks") : text.index("## Adding things")]
    return {start: _named(text[text.index(f"**{start}") :].split("\n\n")[0], room) for start, room in STARTS.items()}


def _named(text, room):
    found = []
    for name in re.findall(r"`([\w/]+(?:\.py|/))`", text):
        if name.split("/")[0] in ("neurograph", "compiler", "search"):
            room, _, name = name.partition("/")
        found.append(f"{room}/{name}")
    return found


def visited(act):
    """The files of which functions were called, in the order of the calls, as paths from the root."""
    found = []

    def note(frame, event, _):
        name = frame.f_code.co_filename
        called = event == "call" and frame.f_code.co_name != "<module>" and name.startswith(f"{ROOT}/")
        if called and found[-1:] != [name]:
            found.append(name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return [name.removeprefix(f"{ROOT}/") for name in found]


def missed(named, calls):
    """Those of the named files and folders that are not visited after the ones before them."""
    rest, found = iter(calls), []
    for name in named:
        if not any(path == name or path.startswith(name) for path in rest):
            found, rest = [*found, name], iter(calls)
    return found


def trained():
    graph, rng = NeuronGraph(), np.random.default_rng(0)
    graph.add_population("a", 64, role="input")
    graph.add_population("b", 64, activation="relu", bias=0.0)
    graph.add_population("c", 10, is_output=True, bias=0.0)
    graph.connect("a", "b", weight=rng.normal(size=(64, 64)) / 8)
    graph.connect("b", "c", weight=rng.normal(size=(64, 10)) / 8)
    net = compiler.compile(graph)
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.rand(32, 64)).square().mean().backward()
    optimizer.step()
    graph.write_back()
    return graph, net, optimizer


def weight(_):
    trained()


def edit(_):
    graph, net, optimizer = trained()
    graph.apply(SplitEdge(0, 64))
    net.refresh(optimizer)


def command(folder):
    growing = ["--first-cycle", "2", "--cycle", "2", "--slope", "100"]
    data = ["--hidden", "4", "--data", "digits:200", "--epochs", "6"]
    assert cli.main(["metabolize", *data, *growing, "--run", str(folder / "run")]) == 0


@pytest.mark.parametrize(("start", "act"), [("A weight", weight), ("An edit", edit), ("A command", command)])
def test_a_walk_names_what_is_visited(start, act, tmp_path):
    named = walks()[start]
    assert len(named) > 10 and len(set(named)) == len(named)
    assert not missed([name for name in named if name not in TABLES], visited(lambda: act(tmp_path)))


def test_what_is_not_visited_or_later_is_missed():
    calls = ["a/x.py", "b/y.py", "a/x.py", "c/z.py"]
    assert not missed(["a/x.py", "b/", "c/z.py"], calls) and not missed(["b/y.py", "a/x.py"], calls)
    assert missed(["c/z.py", "b/y.py"], calls) == ["b/y.py"] and missed(["d.py", "a/"], calls) == ["d.py"]
