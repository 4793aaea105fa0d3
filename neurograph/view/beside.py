"""Two networks side by side in one page: each in a frame of its own, both on one timeline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurograph.analysis.examples import Examples
from neurograph.analysis.observations import Observations
from neurograph.analysis.past import PastWeights
from neurograph.analysis.timeline import MetricsRow
from neurograph.analysis.units import PERCENT, with_unit
from neurograph.core.graph import EditableGraph
from neurograph.errors import OptionError
from neurograph.view.describe import name_of
from neurograph.view.packing import pack, packed
from neurograph.view.page import document, page, parts_of_page, script
from neurograph.view.page_data import PageContent, content, test_error_of
from neurograph.view.writing import MOST, refuse_overwriting, write_page

SCRIPTS = ("words", "data", "colours", "drawing", "timeline", "beside_sharing", "beside")


@dataclass(frozen=True, eq=False)
class Side:
    """One of two networks, with what its page is made of.

    Parameters
    ----------
    name
        What it is called: a run's directory, a file, a seed.
    graph
        The network.
    metrics, observations, test_error, past, data
        See `neurograph.view.view`.
    """

    name: str
    graph: EditableGraph
    metrics: Sequence[MetricsRow] = ()
    observations: Observations | None = None
    test_error: float | None = None
    past: Iterable[PastWeights] = ()
    data: Examples | None = None


@dataclass(frozen=True, eq=False)
class _Shown:
    """A side's name, what its page shows, and its error on the test part of the data."""

    name: str
    content: PageContent
    test_error: float | None


def beside(
    first: Side,
    second: Side,
    path: str | Path,
    *,
    max_synapses: int = MOST,
    title: str | None = None,
    force: bool = False,
) -> Path:
    """Write one HTML file in which two networks stand side by side on one timeline.

    Each has a stage of its own, to be explored as in `neurograph.view.view`; time, colours and theme move both. Below
    them are the errors of both over the epochs, how many neurons each had, and a row of events each.

    Parameters
    ----------
    first, second
        The networks: a grown one and a fixed one, or two seeds.
    path
        The file, by custom ending in .html; it appears whole or not at all.
    max_synapses
        How many of each go into the page.
    title
        Of the page; unless given the names.
    force
        Whether a file that lies there is overwritten.

    Returns
    -------
    path : pathlib.Path
        Where the page lies.

    Raises
    ------
    OptionError
        A network whose time goes by epochs beside one whose time goes by edits; else as `neurograph.view.view`.
    FileError
        A file that lies there already, a path that cannot be written.
    """
    path = refuse_overwriting(path, force)
    shown = _shown(first, max_synapses), _shown(second, max_synapses)
    return write_page(path, page_beside(shown, title))


def _shown(side: Side, most: int) -> _Shown:
    error = test_error_of(list(side.metrics), side.test_error)
    held = content(side.graph, side.metrics, side.observations, most, side.name, error, side.past, side.data)
    return _Shown(side.name, held, error)


def page_beside(sides: tuple[_Shown, _Shown], title: str | None = None) -> str:
    """One HTML document with two of them in it, packed; its policy lets no script run but theirs and its own."""
    axis = _axis(sides)
    own = script(SCRIPTS)
    held = {
        "script": own,
        "data": pack(
            {"axis": axis, "sides": [_described(side) for side in sides], "difference": difference(sides)}, {}
        ),
        "frames": "\n".join(
            f'<script type="text/plain" class="frame">{packed(page(side.content, beside=True).encode())}</script>'
            for side in sides
        ),
    }
    called = name_of(title or " beside ".join(side.name for side in sides))
    scripts = [*parts_of_page().values(), own]
    return document("beside", called, held, scripts, styles=["beside.css"], attributes=' data-page="beside"')


def _axis(sides: tuple[_Shown, _Shown]) -> str:
    """What time is counted by; a network that nothing happened to goes with any."""
    named = {side.name: side.content.data["timeline"] for side in sides}
    axes = {name: line["axis"] for name, line in named.items() if line["entries"] or line["curves"]}
    if len(set(axes.values())) > 1:
        (one, first), (other, second) = axes.items()
        raise OptionError(
            f"{one} is told by {first}s and {other} by {second}s, which are no common timeline: "
            "compare two runs, or two saved graphs"
        )
    return next(iter(axes.values()), "epoch")


def _described(side: _Shown) -> dict[str, Any]:
    """A side for the timeline: its curves, how many neurons there were after each entry, its events."""
    data = side.content.data
    counts = counts_of(side.content)
    return {
        "name": name_of(side.name),
        "timeline": {key: data["timeline"][key] for key in ("axis", "end", "curves")},
        "at": [entry["at"] for entry in data["timeline"]["entries"]],
        "neurons": counts[0],
        "synapses": counts[1],
        "unit": data["unit"],
        "events": [_placed(event, data) for event in data["events"]],
        "headline": data["headline"] or _still(side, counts),
    }


def _still(side: _Shown, counts: list[list[int]]) -> str:
    """The headline of a network that nothing happened to."""
    error, unit = side.test_error, side.content.data["unit"]
    known = "" if error is None else f", test error {f'{error:.2f} %' if unit == PERCENT else with_unit(error, unit)}"
    return f"{counts[0][-1]:,} neurons, no events{known}"


def counts_of(content: PageContent) -> list[list[int]]:
    """Neurons and synapses that live at the start and after each entry."""
    entries = content.data["timeline"]["entries"]
    counts = [list(content.data["living"])]
    for entry in reversed(entries):
        born, died, made, gone = entry["counts"]
        counts.insert(0, [counts[0][0] - born + died, counts[0][1] - made + gone])
    return [[count[which] for count in counts] for which in (0, 1)]


def _placed(event: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    entries = data["timeline"]["entries"][event["first"] - 1 : event["last"]]
    counts = np.sum([entry["counts"] for entry in entries], axis=0).tolist()
    return {"at": entries[-1]["at"], "counts": counts, "sentence": event["sentence"], "empty": event["empty"]}


def difference(sides: tuple[_Shown, _Shown]) -> str:
    """What sets the second network apart from the first at their ends, in one line."""
    living = [side.content.data["living"] for side in sides]
    more = [second - first for first, second in zip(*living, strict=True)]
    parts = [_by(more[0], "neuron"), _by(more[1], "synapse")]
    errors = [side.test_error for side in sides]
    units = [side.content.data["unit"] for side in sides]
    if errors[0] is not None and errors[1] is not None and units[0] == units[1]:
        parts.append(_error(errors[1] - errors[0], units[0]))
    names = [name_of(side.name) for side in sides]
    return f"{names[1]} has {', '.join(parts[:-1])} and {parts[-1]}, beside {names[0]}"


def _by(more: int, what: str) -> str:
    if not more:
        return f"as many {what}s"
    return f"{abs(more):,} {what}{'s' * (abs(more) != 1)} {'more' if more > 0 else 'fewer'}"


def _error(by: float, unit: str) -> str:
    percent = unit.startswith(PERCENT)
    if abs(by) < (0.005 if percent else 1e-12):
        return "the same test error"
    much = f"{abs(by):.2f} points" if percent else f"{abs(by):.4g}"
    return f"a test error {much} {'higher' if by > 0 else 'lower'}"
